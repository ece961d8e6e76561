import AWSClients
import ComfyUI
import HTTP
import JSON
import LocalServer
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// Which calls a job costs: `docs/scaling.md` reckons with them.
@Suite(.timeLimit(.minutes(2))) struct CallsOfAJobTests {
    /// Stands in front of the local AWS and counts what goes through.
    private final class Counter: Sendable {
        private final class Calls: Sendable {
            let value = Mutex<[String: Int]>([:])
        }

        private let calls = Calls()
        private let server: HTTPServer
        var address: String { "http://127.0.0.1:\(server.port)" }

        init(before address: String) throws {
            let http = HTTPClient(loop: testLoop)
            let calls = calls
            server = try HTTPServer(on: testLoop) { request in
                calls.value.withLock { $0[Self.name(request), default: 0] += 1 }
                guard let url = URL(address + request.target) else { return ServerResponse(status: 400) }
                var forwarded = HTTPClient.Request(request.method, url)
                for (name, value) in request.headers
                where !["host", "content-length", "expect", "connection"].contains(name.lowercased()) {
                    forwarded.headers.add(name, value)
                }
                forwarded.body = .bytes(request.body)
                guard let answer = try? await http.send(forwarded) else { return ServerResponse(status: 502) }
                var headers = HTTPHeaders()
                for (name, value) in answer.headers
                where !["content-length", "connection", "date", "transfer-encoding", "server"]
                    .contains(name.lowercased())
                {
                    headers.add(name, value)
                }
                return ServerResponse(status: answer.status, headers: headers, body: answer.body)
            }
        }

        private static func name(_ request: ServerRequest) -> String {
            if let target = request.headers["X-Amz-Target"], let dot = target.lastIndex(of: ".") {
                return String(target[target.index(after: dot)...])
            }
            let form = String(decoding: request.body, as: UTF8.self)
            if let action = form.split(separator: "&").first(where: { $0.hasPrefix("Action=") }) {
                return String(action.dropFirst("Action=".count))
            }
            return "S3 \(request.method.rawValue)"
        }

        /// What was called since the last time, by name.
        func take() -> [String: Int] {
            calls.value.withLock { calls in
                defer { calls = [:] }
                return calls
            }
        }
    }

    /// One idle worker, one short job without progress: from its doorbell to the slot given back.
    @Test func aShortJobFromItsDoorbellToItsEnd() async throws {
        let standIn = try await StandIn(["--step-ms", "1"])
        let local = try await LocalAWS.sharedWithoutSignatures()
        let counter = try Counter(before: local.endpoint)
        let deployment = try await Deployment.make(
            on: testLoop, ["COMFYUI_URLS": standIn.address, "METRICS_FLUSH_SECONDS": "0"],
            endpoint: counter.address)
        let dispatcher = Dispatcher(services: deployment.services)
        _ = counter.take()
        let job = try await deployment.submit(shape: "s")
        #expect(counter.take() == ["PutItem": 2])
        try await testLoop.task {
            _ = try await dispatcher.dispatch(resumes: [], hint: job.id, until: .now + .seconds(60))
        }.value
        let calls = counter.take()
        #expect(try await deployment.services.store.job(job.id)?.state == .completed)
        #expect(
            calls == [
                "GetItem": 3, "BatchGetItem": 1, "Query": 40, "UpdateItem": 8, "PutItem": 1, "S3 PUT": 1,
                "Publish": 1,
            ])
    }
}
