import Synchronization
import TestSupport

/// A Runtime API on loopback that hands out the invocations of a script and records what it is told. After the script it answers 500,
/// which ends the runtime: no test waits for nothing.
final class RecordingRuntimeAPI: Sendable {
    /// What one `GET …/next` is answered with.
    enum Step: Sendable {
        case event(id: String, headers: [String] = [], body: [UInt8] = Array("{}".utf8))
        case refusal(Int, String)
        /// A success without the headers of one.
        case bare
        /// An event in pieces.
        case chunked(id: String, [String])
        /// Nothing, until the runtime hangs up.
        case silence
    }

    /// A `POST`.
    struct Report: Sendable {
        /// Without `/2018-06-01/runtime/`.
        var path: String
        var text: String
        var size: Int
        var contentType: String?
        var errorType: String?
        var invocationID: String?
    }

    private struct State {
        var steps: [Step]
        var statuses: [Int]
        var reports: [Report] = []
        var requestsForNext = 0
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ state: State) { self.state = Mutex(state) }

        func nextStep() -> Step {
            state.withLock { state in
                state.requestsForNext += 1
                return state.steps.isEmpty ? .refusal(500, "the script is over") : state.steps.removeFirst()
            }
        }

        func record(_ report: Report) -> Int {
            state.withLock { state in
                state.reports.append(report)
                return state.statuses.isEmpty ? 202 : state.statuses.removeFirst()
            }
        }
    }

    private let shared: Shared
    private let server: ScriptedServer

    /// `statuses` answer the reports in order; those after them are accepted.
    init(_ steps: [Step], statuses: [Int] = []) throws {
        let shared = Shared(State(steps: steps, statuses: statuses))
        self.shared = shared
        server = try ScriptedServer { connection in
            while true { try Self.exchange(on: connection, shared) }
        }
    }

    /// As `AWS_LAMBDA_RUNTIME_API` has it.
    var address: String { "127.0.0.1:\(server.port)" }
    /// Everything posted so far.
    var reports: [Report] { shared.state.withLock { $0.reports } }
    /// How often an event was asked for.
    var requestsForNext: Int { shared.state.withLock { $0.requestsForNext } }
    /// How many connections the runtime has opened.
    var connectionCount: Int { server.connectionCount }

    private static func exchange(on connection: ScriptedServer.Connection, _ shared: Shared) throws {
        let request = try connection.readRequest()
        let words = request.line.split(separator: " ")
        let prefix = "/2018-06-01/runtime/"
        guard words.count == 3, words[1].hasPrefix(prefix) else {
            return try connection.respond(404, body: "no such path")
        }
        let path = String(words[1].dropFirst(prefix.count))
        guard words[0] == "POST" else {
            guard path == "invocation/next" else { return try connection.respond(404, body: "no such path") }
            return try perform(shared.nextStep(), on: connection)
        }
        let status = shared.record(
            Report(
                path: path, text: String(decoding: request.body.prefix(4096), as: UTF8.self),
                size: request.body.count, contentType: request.header("content-type"),
                errorType: request.header("lambda-runtime-function-error-type"),
                invocationID: request.header("lambda-runtime-invocation-id")))
        try connection.respond(status, body: "{\"status\":\"\(status)\"}")
    }

    private static func perform(_ step: Step, on connection: ScriptedServer.Connection) throws {
        func head(_ id: String) -> [String] {
            ["Lambda-Runtime-Aws-Request-Id: \(id)", "Lambda-Runtime-Deadline-Ms: 4102444800000"]
        }
        switch step {
        case .event(let id, let headers, let body):
            try connection.respond(headers: head(id) + headers, body: body)
        case .refusal(let status, let text): try connection.respond(status, body: text)
        case .bare: try connection.respond(body: "{}")
        case .silence: connection.waitForHangUp()
        case .chunked(let id, let pieces):
            let lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"] + head(id) + ["", ""]
            try connection.write(lines.joined(separator: "\r\n"))
            for piece in pieces {
                try connection.write("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
            }
            try connection.write("0\r\n\r\n")
        }
    }
}
