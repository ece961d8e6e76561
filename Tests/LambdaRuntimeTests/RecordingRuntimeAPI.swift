import Synchronization
import TestSupport
import Time

/// A Runtime API on loopback that hands out the invocations of a script and records what it is told. After the script it answers 500,
/// which ends the runtime: no test waits for nothing.
final class RecordingRuntimeAPI: Sendable {
    /// What one `GET …/next` is answered with.
    enum Step: Sendable {
        /// The deadline is in the year 2100.
        case event(id: String, headers: [String] = [], body: [UInt8] = Array("{}".utf8))
        /// The deadline is so far from the moment of the answer.
        case timed(id: String, Duration)
        case refusal(Int, String)
        /// A success without the headers of one.
        case bare
        /// An event in pieces.
        case chunked(id: String, [String])
        /// Nothing, until the runtime hangs up.
        case silence
        /// The connection breaks by a TCP reset before a byte of an answer.
        case reset
        /// The connection is reset in the middle of the answer's head.
        case resetMidway
    }

    /// What a `POST` is answered with.
    enum Answer: Sendable {
        case status(Int)
        /// The connection is reset once the request is read.
        case reset
    }

    /// A `POST`.
    struct Report: Sendable {
        /// Without `/2018-06-01/runtime/`.
        var path: String
        var request: ScriptedServer.Connection.Request

        var text: String { String(decoding: request.body.prefix(4096), as: UTF8.self) }
        var size: Int { request.body.count }
        var contentType: String? { request.header("content-type") }
        var errorType: String? { request.header("lambda-runtime-function-error-type") }
        var invocationID: String? { request.header("lambda-runtime-invocation-id") }
    }

    private struct State {
        var steps: [Step]
        var answers: [Answer]
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

        func record(_ report: Report) -> Answer {
            state.withLock { state in
                state.reports.append(report)
                return state.answers.isEmpty ? .status(202) : state.answers.removeFirst()
            }
        }
    }

    private let shared: Shared
    private let server: ScriptedServer

    /// `answers` are those to the reports, in order; the reports after them are accepted.
    init(_ steps: [Step], answers: [Answer] = []) throws {
        let shared = Shared(State(steps: steps, answers: answers))
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
        switch shared.record(Report(path: path, request: request)) {
        case .status(let status): try connection.respond(status, body: "{\"status\":\"\(status)\"}")
        case .reset: connection.reset()
        }
    }

    private static func perform(_ step: Step, on connection: ScriptedServer.Connection) throws {
        func head(_ id: String, _ deadline: Int64 = 4_102_444_800_000) -> [String] {
            ["Lambda-Runtime-Aws-Request-Id: \(id)", "Lambda-Runtime-Deadline-Ms: \(deadline)"]
        }
        switch step {
        case .event(let id, let headers, let body):
            try connection.respond(headers: head(id) + headers, body: body)
        case .timed(let id, let duration):
            try connection.respond(headers: head(id, (Timestamp.now + duration).milliseconds), body: "{}")
        case .refusal(let status, let text): try connection.respond(status, body: text)
        case .bare: try connection.respond(body: "{}")
        case .silence: connection.waitForHangUp()
        case .reset: connection.reset()
        case .resetMidway:
            try connection.write(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: lost\r\nContent-Length: 9\r\n\r\n{}")
            connection.reset()
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
