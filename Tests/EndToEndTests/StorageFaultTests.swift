import HTTP
import JSON
import LocalServer
import Synchronization
import TestSupport
import Testing

/// S3 that takes everything but the outputs.
private final class RefusingS3: Sendable {
    private struct State {
        var target = ""
        var refused = 0
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let server: HTTPServer
    private let shared = Shared()

    init(status: Int, code: String) throws {
        let shared = shared
        server = try HTTPServer(on: Network.loop, bodyLimit: 64 << 20) { request in
            if request.method == .put, request.path.contains("/outputs/") {
                shared.state.withLock { $0.refused += 1 }
                let document = "<Error><Code>\(code)</Code><Message>No.</Message></Error>"
                return ServerResponse(
                    status: status, headers: ["Content-Type": "application/xml"], body: Array(document.utf8))
            }
            let target = shared.state.withLock { $0.target } + request.target
            guard let url = URL(target) else { return ServerResponse(status: 500) }
            let onward = HTTPClient.Request(
                request.method, url, headers: request.headers,
                body: request.body.isEmpty ? .none : .bytes(request.body))
            guard let answer = try? await Network.http.send(onward) else {
                return ServerResponse(status: 500)
            }
            return ServerResponse(status: answer.status, headers: answer.headers, body: answer.body)
        }
    }

    var url: String { "http://127.0.0.1:\(server.port)" }
    func forward(to target: String) { shared.state.withLock { $0.target = target } }
    var refused: Int { shared.state.withLock { $0.refused } }
}

@Suite(.serialized, .timeLimit(.minutes(2)))
struct StorageFaultTests {
    @Test(arguments: [(403, "AccessDenied"), (503, "SlowDown")])
    func aRefusedOutputIsRetriedAndThenFailsTheJob(status: Int, code: String) async throws {
        let s3 = try RefusingS3(status: status, code: code)
        let worker = try await Worker()
        let options = ServedSystem.Options(
            variables: ["AWS_ENDPOINT_URL_S3": s3.url], comfyUI: [worker.url])
        try await ServedSystem.during(options) { system in
            s3.forward(to: system.ready["aws"]?.string ?? "")
            let id = try await system.api.generate()
            let job = try await system.api.job(id, is: "failed")
            #expect(job["error"]?["code"] == "STORAGE_FAILED")
            #expect(s3.refused >= 3)
            // The picture was drawn once: only the storing was repeated.
            #expect(try worker.runs().count == 1)
            let message = try await system.announcement(of: id)
            #expect(message["event"] == "job.failed")
            #expect(message["error"]?["code"] == "STORAGE_FAILED")
        }
    }
}
