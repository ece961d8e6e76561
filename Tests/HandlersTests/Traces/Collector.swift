import HTTP
import JSON
import LocalServer
import Synchronization

/// Takes traces as an OpenTelemetry collector does.
final class Collector: Sendable {
    private final class Requests: Sendable {
        let value = Mutex<[JSON]>([])
    }

    private let requests = Requests()
    private let server: HTTPServer
    var address: String { "http://127.0.0.1:\(server.port)" }

    init(status: Int = 200) throws {
        let requests = requests
        server = try HTTPServer(on: testLoop) { request in
            guard request.target == "/v1/traces", request.headers["Content-Type"] == "application/json",
                let json = try? JSON(parsing: request.body)
            else { return ServerResponse(status: 400) }
            requests.value.withLock { $0.append(json) }
            return ServerResponse(status: status, body: Array("{}".utf8))
        }
    }

    var count: Int { requests.value.withLock { $0.count } }

    /// The requests as they came.
    var documents: [JSON] { requests.value.withLock { $0 } }

    /// All spans so far.
    var spans: [JSON] {
        documents.flatMap { document in
            (document["resourceSpans"]?.array ?? [])
                .flatMap { $0["scopeSpans"]?.array ?? [] }.flatMap { $0["spans"]?.array ?? [] }
        }
    }

    func stop() { server.stop() }
}
