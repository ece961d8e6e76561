/// An HTTP client over libcurl's multi interface on an event loop. Callable from any task; the work happens on the loop.
///
/// HTTP/1.1; TLS 1.2 or later, always verified; no cookies; no credentials of its own; proxies as `ProxySettings` says.
/// A request on a kept connection that turns out to be dead before a byte of the answer came is sent once more on a
/// new one, whatever its method, unless its body is a stream that was already read from.
public final class HTTPClient: Sendable {
    /// The loop that does the work.
    public let loop: EventLoop
    let pool: HandlePool

    /// A client; many may share a loop, and then share its connections.
    public init(loop: EventLoop, configuration: Configuration = .init()) {
        self.loop = loop
        pool = HandlePool(loop: loop, configuration)
        loop.perform { loop.multi.keepConnections(configuration.maximumConnections) }
    }

    /// Connections opened so far by transfers that have ended: reuse is a measured promise.
    public var connectionsOpened: Int { pool.connectionsOpened }

    /// Any status is a response; only a failed exchange throws. Cancelling the task cancels the transfer.
    public func send(_ request: Request) async throws(HTTPError) -> Response {
        let request = Self.traced(request)
        guard request.maximumRedirects > 0 else { return try await exchange(guarded(request)).response }
        var redirects = Redirects(request)
        while true {
            let (response, target) = try await exchange(guarded(redirects.request))
            guard try redirects.follow(response.status, target) else { return response }
        }
    }

    /// Returns when the head is there. `responseLimit` holds here too.
    public func stream(_ request: Request) async throws(HTTPError) -> StreamingResponse {
        var redirects = Redirects(Self.traced(request))
        while true {
            let transfer = try makeTransfer(try await guarded(redirects.request), isStreaming: true)
            loop.perform { transfer.start() }
            let body = ResponseBody(transfer, on: self)
            let (head, target) = try await result(of: transfer) { $0.takeHead() }.get()
            guard try redirects.follow(head.status, target) else {
                return StreamingResponse(head: head, body: body)
            }
        }
    }
}

extension HTTPClient {
    private static func traced(_ request: Request) -> Request {
        guard CallContext.current != nil else { return request }
        var request = request
        request.headers.addTrace()
        return request
    }

    /// The request with the address that its guard found for it; what the guard's questions took is part of its time.
    private func guarded(_ request: Request) async throws(HTTPError) -> Request {
        guard let addressGuard = request.addressGuard else { return request }
        let begun = ContinuousClock.now
        var request = request
        request.pinnedAddress = try await addressGuard.address(for: request.url)
        if let total = request.timeouts.total {
            let left = total - begun.duration(to: .now)
            guard left > .zero else {
                throw HTTPError(.timeout, request.url, "its name took too long", mayHaveBeenSent: false)
            }
            request.timeouts.total = left
        }
        return request
    }

    private func makeTransfer(_ request: Request, isStreaming: Bool) throws(HTTPError) -> Transfer {
        try check(request)
        if Task.isCancelled {
            throw HTTPError(.cancelled, request.url, "the task was cancelled", mayHaveBeenSent: false)
        }
        let upload: UploadSource? =
            switch request.body {
            case .none: nil
            case .bytes(let bytes): bytes.count <= EasyHandle.inlineBodyLimit ? nil : UploadSource(bytes)
            case .stream(let length, _): UploadSource(length: length)
            }
        let transfer = Transfer(request, pool: pool, isStreaming: isStreaming, upload: upload)
        if case .stream(_, let next) = request.body, let upload {
            let loop = loop
            let task = loop.task { await upload.pump(on: loop, next) }
            loop.perform { upload.isPumped(by: task) }
        }
        return transfer
    }

    /// One exchange, and where its response leads; cancelling the task cancels it.
    private func exchange(_ request: Request) async throws(HTTPError) -> (
        response: Response, redirect: String?
    ) {
        let transfer = try makeTransfer(request, isStreaming: false)
        let loop = loop
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // The usual case, without a closure to be kept.
                if loop.mayAct {
                    transfer.start()
                    transfer.resumeAtEnd(continuation)
                } else {
                    loop.perform {
                        transfer.start()
                        transfer.resumeAtEnd(continuation)
                    }
                }
            }
        } onCancel: {
            loop.perform { transfer.cancel() }
        }
        return try transfer.takeResponse()
    }

    /// What a caller can get wrong in a request, found before anything is sent.
    func check(_ request: Request) throws(HTTPError) {
        func refuse(_ reason: String) -> HTTPError {
            HTTPError(.invalidRequest, request.url, reason, mayHaveBeenSent: false)
        }
        guard !request.method.rawValue.isEmpty, allBytes(of: request.method.rawValue, isTokenByte) else {
            throw refuse("the method is no token")
        }
        guard request.url.scheme == "http" || request.url.scheme == "https", request.url.isWellFormed else {
            throw refuse("no http or https address")
        }
        if let name = request.headers.firstInvalidName {
            throw refuse("header \(name.debugDescription) cannot be sent")
        }
        if case .stream(.some(..<0), _) = request.body { throw refuse("a body has no negative length") }
    }

    /// Suspends until `take` gives a result; cancelling the task cancels the transfer.
    func result<T: Sendable>(
        of transfer: Transfer, _ take: @escaping @Sendable (Transfer) -> Result<T, HTTPError>?
    ) async -> Result<T, HTTPError> {
        let loop = loop
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.perform {
                    transfer.wait { transfer in
                        guard let result = take(transfer) else { return false }
                        continuation.resume(returning: result)
                        return true
                    }
                }
            }
        } onCancel: {
            loop.perform { transfer.cancel() }
        }
    }
}
