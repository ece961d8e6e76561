import Glibc
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// Readers that are slow, or go away.
    @Suite struct ResponseBackPressure {
        /// A Runtime API with one event, whose response is read by `read`; then it answers 500 to `next`.
        private func api(
            _ read: @escaping @Sendable (ScriptedServer.Connection) throws -> Void,
            reports: Collected<String> = Collected()
        ) throws -> ScriptedServer {
            let events = Mutex(1)
            return try ScriptedServer { connection in
                while true {
                    let request = try connection.readHead()
                    if request.line.hasPrefix("GET") {
                        guard
                            events.withLock({ left in
                                left -= 1
                                return left >= 0
                            })
                        else { return try connection.respond(500, body: "the script is over") }
                        try connection.respond(
                            headers: [
                                "Lambda-Runtime-Aws-Request-Id: r-1",
                                "Lambda-Runtime-Deadline-Ms: 4102444800000",
                            ], body: "{}")
                    } else if request.header("lambda-runtime-function-response-mode") == "streaming" {
                        try read(connection)
                    } else {
                        let length = request.header("content-length").flatMap(Int.init) ?? 0
                        _ = try connection.read(length)
                        reports.add(request.line)
                        try connection.respond(202)
                    }
                }
            }
        }

        private func run(_ server: ScriptedServer, _ handler: ClosureStreamingHandler) async throws -> Int32 {
            try await runRuntime(["AWS_LAMBDA_RUNTIME_API": "127.0.0.1:\(server.port)"]) { handler }.status
        }

        @Test func `a slow reader holds the handler up, and memory stays bounded`() async throws {
            let (piece, count) = ([UInt8](repeating: 7, count: 256 << 10), 256)
            let written = Mutex(0)
            let seen = Mutex((stalledAt: 0, total: 0))
            let server = try api { connection in
                // Nothing is read until the handler stands still: what it got rid of lies in buffers.
                var last = -1
                while written.withLock({ $0 }) != last {
                    last = written.withLock { $0 }
                    usleep(200_000)
                }
                var total = 0
                while let chunk = try connection.readChunk() { total += chunk.count }
                _ = try connection.readLines()
                seen.withLock { $0 = (last, total) }
                try connection.respond(202)
            }
            let status = try await run(
                server,
                ClosureStreamingHandler { _, _, response in
                    for _ in 0..<count {
                        try await response.write(piece)
                        written.withLock { $0 += piece.count }
                    }
                })
            #expect(status == 1)
            let (stalledAt, total) = seen.withLock { $0 }
            #expect(total == piece.count * count)
            // Both sockets' buffers are a few MB; 64 MB were to be written.
            #expect(stalledAt < 16 << 20)
        }

        @Test func `a reader that hangs up ends the handler's write, and the loop goes on`() async throws {
            let failures = Collected<String>()
            let reports = Collected<String>()
            let server = try api(
                { connection in
                    _ = try connection.readChunk()
                    connection.reset()
                }, reports: reports)
            let status = try await run(
                server,
                ClosureStreamingHandler { _, _, response in
                    do {
                        while true { try await response.write([UInt8](repeating: 1, count: 64 << 10)) }
                    } catch {
                        failures.add("\(error)")
                        throw error
                    }
                })
            #expect(status == 1)
            #expect(failures.all == ["nobody reads the response any more"])
            #expect(reports.all == ["POST /2018-06-01/runtime/invocation/r-1/error HTTP/1.1"])
        }

        @Test(arguments: [413, 403, 410])
        func `an answer in the middle of the response ends it`(status: Int) async throws {
            let failures = Collected<String>()
            let reports = Collected<String>()
            let server = try api(
                { connection in
                    _ = try connection.readChunk()
                    try connection.respond(status, body: "{}")
                    connection.waitForHangUp()
                }, reports: reports)
            let exit = try await run(
                server,
                ClosureStreamingHandler { _, _, response in
                    do {
                        while true { try await response.write([UInt8](repeating: 1, count: 64 << 10)) }
                    } catch {
                        failures.add("\(error)")
                        throw error
                    }
                })
            #expect(exit == 1)
            #expect(failures.all == ["nobody reads the response any more"])
            // Only what was too large can still be failed.
            #expect(reports.all.count == (status == 413 ? 1 : 0))
        }
    }
}
