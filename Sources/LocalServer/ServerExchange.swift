internal import CMicroHTTPD
import HTTP

/// One request and its response. libmicrohttpd's thread moves it; whenever it has to wait for the handler, its
/// connection is suspended and a task on the loop resumes it.
///
/// `@unchecked Sendable`: while the connection is suspended nothing but `resume` touches the exchange, and the
/// registry's lock lets one resume through; otherwise all is libmicrohttpd's thread's.
@safe final class ServerExchange: @unchecked Sendable {
    /// Why a suspended connection goes on.
    enum Event {
        case response(ServerResponse)
        /// Of a streamed body; nil is its end.
        case piece([UInt8]?)
        /// The body's source threw.
        case failed
        case hungUp, stopped
    }

    /// How many bytes over the limit are read, and thrown away, before a refusal.
    private static let patience = 64 << 20

    private let daemon: ServerDaemon
    private let target: String
    private var method: HTTPMethod?
    private var headers = HTTPHeaders()
    private var body: [UInt8] = []
    /// Takes the body in the request's place.
    private var receiver: (any BodyReceiver)?
    private var isTooLarge = false
    private var event: Event?
    private var connection: OpaquePointer?
    private var tasks: [Task<Void, any Error>] = []

    private var nextPiece: (@Sendable () async throws -> [UInt8]?)?
    private var piece: ArraySlice<UInt8> = []

    init(_ daemon: ServerDaemon, target: String) {
        self.daemon = daemon
        self.target = target
    }

    // MARK: The request

    /// Called when the head is there, for each piece of the body, at its end, and after each resume. False drops the
    /// connection.
    func proceed(_ connection: OpaquePointer, _ method: String, _ data: UnsafeRawBufferPointer) -> Bool {
        guard self.method != nil else {
            self.method = HTTPMethod(rawValue: method)
            unsafe readHeaders(connection)
            let head = ServerRequest(HTTPMethod(rawValue: method), target: target, headers: headers)
            receiver = daemon.receiver(head)
            if receiver != nil { return true }
            guard let length = headers["content-length"].flatMap({ Int($0) }), length > daemon.bodyLimit
            else { return true }
            // A client that is still sending may find a broken pipe instead of the answer: read on, within reason.
            isTooLarge = true
            if length - daemon.bodyLimit <= Self.patience { return true }
            return unsafe answer(connection, ServerResponse(status: 413))
        }
        if unsafe !data.isEmpty {
            if let receiver {
                unsafe receiver.receive(Array(data))
                return true
            }
            if isTooLarge || data.count > daemon.bodyLimit - body.count {
                isTooLarge = true
                body = []
            } else {
                unsafe body.append(contentsOf: data)
            }
            return true
        }
        if isTooLarge { return unsafe answer(connection, ServerResponse(status: 413)) }
        if let event {
            self.event = nil
            guard case .response(let response) = event else { return false }
            return unsafe answer(connection, response)
        }
        let request = unsafe takeRequest(connection, method)
        let handler = daemon.handler
        return unsafe suspend(connection) { .response(await handler(request)) }
    }

    private func takeRequest(_ connection: OpaquePointer, _ method: String) -> ServerRequest {
        var request = ServerRequest(
            HTTPMethod(rawValue: method), target: target, headers: headers, body: body)
        body = []
        receiver = nil
        headers = HTTPHeaders()
        unsafe readHeaders(connection, .FOOTER_KIND)
        request.trailers = headers
        return request
    }

    private func readHeaders(_ connection: OpaquePointer, _ kind: MHD_ValueKind = .HEADER_KIND) {
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        let read: MHD_KeyValueIterator = { this, _, name, value in
            guard let this = unsafe this, let name = unsafe name else { return .YES }
            let exchange = unsafe Unmanaged<ServerExchange>.fromOpaque(this).takeUnretainedValue()
            unsafe exchange.headers.add(String(cString: name), value.map { unsafe String(cString: $0) } ?? "")
            return .YES
        }
        unsafe MHD_get_connection_values(connection, kind, read, this)
    }

    /// The connection is done with, answered or not.
    func complete() {
        receiver?.hungUp()
        receiver = nil
        for task in tasks { task.cancel() }
        tasks = []
    }

    // MARK: Waiting

    /// Suspends the connection until `work`, on the loop, has an event, the client hangs up or the server stops.
    private func suspend(_ connection: OpaquePointer, _ work: @escaping @Sendable () async -> Event) -> Bool {
        let descriptor = unsafe comfy_mhd_descriptor(connection)
        let loop = daemon.loop
        return daemon.registry.suspend(self) {
            unsafe self.connection = unsafe connection
            unsafe MHD_suspend_connection(connection)
            let worker = loop.task { self.resume(with: await work()) }
            let watcher = loop.task {
                try await loop.wait(for: .hangUp, of: descriptor)
                self.resume(with: .hungUp)
            }
            tasks = [worker, watcher]
        }
    }

    /// The first event counts; later ones find the connection resumed.
    func resume(with event: Event) {
        var ended: [Task<Void, any Error>] = []
        let isFirst = daemon.registry.resume(self) {
            self.event = event
            swap(&ended, &tasks)
        }
        guard isFirst else { return }
        // Before the connection goes on: it may be closed then, and its descriptor another's.
        for task in ended { task.cancel() }
        unsafe MHD_resume_connection(connection)
    }

    // MARK: The response

    private func answer(_ connection: OpaquePointer, _ response: ServerResponse) -> Bool {
        let status = (200...599).contains(response.status) ? response.status : 500
        guard let handle = unsafe makeResponse(response, mayHaveBody: status != 204 && status != 304) else {
            return false
        }
        defer { unsafe MHD_destroy_response(handle) }
        for (name, value) in response.headers where !Self.isOwnHeader(name) {
            // A header that cannot be sent is the handler's mistake, which must not look like success.
            guard unsafe MHD_add_response_header(handle, name, value) == .YES else {
                return unsafe answer(connection, ServerResponse(status: 500))
            }
        }
        return unsafe MHD_queue_response(connection, UInt32(status), handle) == .YES
    }

    /// What libmicrohttpd writes itself.
    private static func isOwnHeader(_ name: String) -> Bool {
        ["content-length", "transfer-encoding", "connection", "date"].contains(name.lowercased())
    }

    private func makeResponse(_ response: ServerResponse, mayHaveBody: Bool) -> OpaquePointer? {
        switch response.body {
        case .bytes(let bytes):
            var bytes = mayHaveBody ? bytes : []
            return unsafe bytes.withUnsafeMutableBytes {
                unsafe MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
            }
        case .stream(let next):
            nextPiece = next
            // Balanced by the free callback, which libmicrohttpd calls once.
            let this = unsafe Unmanaged.passRetained(self).toOpaque()
            return unsafe MHD_create_response_from_callback(
                UInt64.max, 64 << 10,
                { this, _, room, count in
                    guard let this = unsafe this else { return -2 }
                    let exchange = unsafe Unmanaged<ServerExchange>.fromOpaque(this).takeUnretainedValue()
                    return unsafe exchange.fill(UnsafeMutableRawBufferPointer(start: room, count: count))
                }, this,
                { this in
                    guard let this = unsafe this else { return }
                    unsafe Unmanaged<ServerExchange>.fromOpaque(this).release()
                })
        }
    }

    /// -1 is the end and -2 a failure, which drops the connection (`MHD_CONTENT_READER_END_OF_STREAM`,
    /// `…_WITH_ERROR`: macros that Swift cannot see).
    private func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
        if let event {
            self.event = nil
            switch event {
            case .piece(let next?): piece = next[...]
            case .piece(nil): return -1
            case .response, .failed, .hungUp, .stopped: return -2
            }
        }
        if piece.isEmpty {
            guard let nextPiece, let connection = unsafe connection else { return -2 }
            let isWaiting = unsafe suspend(connection) {
                do {
                    return .piece(try await nextPiece())
                } catch {
                    return .failed
                }
            }
            return isWaiting ? 0 : -2
        }
        let count = min(piece.count, room.count)
        unsafe piece.withUnsafeBytes {
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        piece = piece.dropFirst(count)
        return count
    }
}
