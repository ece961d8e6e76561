import Synchronization

/// A loopback proxy in front of the local AWS or a ComfyUI stand-in. Its judge sees every call twice, before it is handed on and
/// when the answer has come, and may end it either time: with an answer of its own, or with none.
///
/// A WebSocket is one call: its bytes are relayed once it is open.
public final class CallProxy: Sendable {
    /// One call of the program under test.
    public struct Call: Sendable {
        /// Grows from call to call over all proxies: what ties the two moments of one together.
        public let id: Int
        /// Who made it, as the proxy was told.
        public let caller: String
        /// `DynamoDB`, `S3`, `SNS`, `SQS` or `ComfyUI`.
        public let service: String
        /// `GetItem`, or method and route of ComfyUI: `GET /history/{id}`.
        public let operation: String
        /// As it came.
        public let request: ScriptedServer.Connection.Request
        /// `DynamoDB GetItem`
        public var name: String { "\(service) \(operation)" }
    }

    /// When the judge is asked.
    public enum Moment: Sendable, Hashable {
        /// Nobody but the proxy has seen the call.
        case before
        /// It is done; the answer, with this status, has not been handed on.
        case after(status: Int)
    }

    /// What becomes of a call.
    public enum Fate: Sendable {
        case pass
        case answer(Int, headers: [String], body: String)
        /// The connection is closed without a word.
        case hangUp
    }

    /// Called on a thread of its own for each call; the call waits for it.
    public typealias Judge = @Sendable (Call, Moment) -> Fate

    private let server: ScriptedServer
    private static let calls = Atomic(0)

    /// Listens at once, on a free port. `isComfyUI` says how calls are named.
    public init(to port: Int, isComfyUI: Bool, caller: String, judge: @escaping Judge) throws {
        server = try ScriptedServer { connection in
            var request = try connection.readHead()
            if request.header("expect") != nil { try connection.write("HTTP/1.1 100 Continue\r\n\r\n") }
            try connection.readBody(of: &request)
            let (service, operation) = isComfyUI ? Self.comfyUI(request) : Self.aws(request)
            let call = Call(
                id: Self.calls.add(1, ordering: .relaxed).newValue, caller: caller, service: service,
                operation: operation, request: request)
            guard try Self.isPassed(judge(call, .before), connection) else { return }
            try Self.forward(call, from: connection, to: port, judge)
        }
    }

    /// `http://127.0.0.1:…`
    public var address: String { "http://127.0.0.1:\(server.port)" }

    /// Drops what is open and takes no more calls.
    public func stop() { server.stop() }

    private static func isPassed(_ fate: Fate, _ client: ScriptedServer.Connection) throws -> Bool {
        switch fate {
        case .pass: return true
        case .hangUp: return false
        case .answer(let status, let headers, let body):
            try client.respond(status, headers: headers + ["Connection: close"], body: body)
            return false
        }
    }

    /// One exchange a connection, so that an answer ends where the connection does.
    private static func forward(
        _ call: Call, from client: ScriptedServer.Connection, to port: Int, _ judge: Judge
    ) throws {
        let server = try ScriptedServer.Connection.open(port: port)
        defer { server.close() }
        let isSocket = call.request.header("upgrade") != nil
        let ours = ["expect:", "transfer-encoding:", "content-length:"] + (isSocket ? [] : ["connection:"])
        var lines = call.request.headers.filter { line in
            !ours.contains { line.lowercased().hasPrefix($0) }
        }
        if !isSocket { lines += ["Connection: close", "Content-Length: \(call.request.body.count)"] }
        let head = ([call.request.line] + lines + ["", ""]).joined(separator: "\r\n")
        try server.write(Array(head.utf8) + call.request.body)

        let answer = try server.readHead()
        let status = answer.line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let rest = isSocket ? [] : try server.readToEnd()
        guard try isPassed(judge(call, .after(status: status)), client) else { return }
        try client.write(
            Array(([answer.line] + answer.headers + ["", ""]).joined(separator: "\r\n").utf8) + rest)
        guard isSocket else { return }
        startThread { server.relay(to: client) }
        client.relay(to: server)
    }
}

extension CallProxy {
    private static func target(_ request: ScriptedServer.Connection.Request) -> (
        method: Substring, path: Substring, query: Substring
    ) {
        let parts = request.line.split(separator: " ")
        guard parts.count > 1 else { return ("", "", "") }
        let pieces = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts[0], pieces[0], pieces.count > 1 ? pieces[1] : "")
    }

    private static func comfyUI(_ request: ScriptedServer.Connection.Request) -> (String, String) {
        let (method, path, _) = target(request)
        let parts = path.split(separator: "/")
        let route = parts.count > 1 && parts[0] == "history" ? "history/{id}" : parts.joined(separator: "/")
        return ("ComfyUI", "\(method) /\(route)")
    }

    private static func aws(_ request: ScriptedServer.Connection.Request) -> (String, String) {
        if let target = request.header("x-amz-target")?.split(separator: "."), target.count == 2 {
            return (target[0].hasPrefix("DynamoDB") ? "DynamoDB" : "SQS", String(target[1]))
        }
        let (method, path, query) = target(request)
        if method == "POST", path == "/" {
            let action = String(decoding: request.body, as: UTF8.self).split(separator: "&")
                .first { $0.hasPrefix("Action=") }
            return ("SNS", String(action?.dropFirst("Action=".count) ?? "?"))
        }
        let hasKey = path.split(separator: "/").count > 1
        let operation: String =
            switch (method, query) {
            case ("POST", let query) where query.hasPrefix("uploads"): "CreateMultipartUpload"
            case ("POST", let query) where query.contains("uploadId="): "CompleteMultipartUpload"
            case ("PUT", let query) where query.contains("partNumber="): "UploadPart"
            case ("DELETE", let query) where query.contains("uploadId="): "AbortMultipartUpload"
            case ("GET", let query) where query.hasPrefix("uploads"): "ListMultipartUploads"
            case ("PUT", _): "PutObject"
            case ("DELETE", _): "DeleteObject"
            case ("HEAD", _): "HeadObject"
            case ("GET", _): hasKey ? "GetObject" : "ListObjectsV2"
            default: "\(method)"
            }
        return ("S3", operation)
    }
}
