import AWSClients
import HTTP
import JSON
import LocalServer
import Synchronization
import Testing

@testable import comfy_lambda

/// An SQS queue that remembers what was done with its messages.
private final class ScriptedQueue: Sendable {
    struct State {
        var visible: [(id: String, body: String)]
        var calls: [String] = []
        var failuresLeft = 0
    }

    let state: Mutex<State>
    /// Fulfilled when so many messages have been deleted or put back.
    let settled = Promise<Void>()
    private let expected: Int

    init(_ bodies: [String], failures: Int = 0) {
        expected = bodies.count
        let messages = bodies.enumerated().map { (id: "m\($0.offset)", body: $0.element) }
        state = Mutex(State(visible: messages, failuresLeft: failures))
    }

    var calls: [String] { state.withLock(\.calls) }

    func answer(_ request: ServerRequest, on loop: EventLoop) async -> ServerResponse {
        let operation = request.headers["X-Amz-Target"]?.split(separator: ".").last.map(String.init) ?? ""
        let input = (try? JSON(parsing: request.body)) ?? .null
        switch operation {
        case "ReceiveMessage":
            if state.withLock({ state in
                defer { state.failuresLeft -= 1 }
                return state.failuresLeft > 0
            }) {
                return .json(400, ["__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"])
            }
            let messages = state.withLock { state in
                defer { state.visible = [] }
                return state.visible
            }
            if messages.isEmpty {
                try? await loop.sleep(for: .milliseconds(50))
                return .json(200, [:])
            }
            return .json(
                200,
                [
                    "Messages": .array(
                        messages.map { message in
                            [
                                "MessageId": .string(message.id), "ReceiptHandle": .string("h-" + message.id),
                                "Body": .string(message.body), "Attributes": ["ApproximateReceiveCount": "1"],
                            ]
                        })
                ])
        case "DeleteMessageBatch", "ChangeMessageVisibilityBatch":
            let entries = input["Entries"]?.array ?? []
            let isDone = state.withLock { state in
                for entry in entries {
                    let timeout = entry["VisibilityTimeout"]?.number.map { " \($0.text)" } ?? ""
                    state.calls.append("\(operation) \(entry["ReceiptHandle"]?.string ?? "?")\(timeout)")
                }
                return state.calls.count == expected
            }
            if isDone { settled.fulfill(()) }
            return .json(
                200, ["Successful": .array(entries.map { ["Id": $0["Id"] ?? ""] }), "Failed": []])
        default:
            return .json(400, ["__type": "UnknownOperation"])
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct EventSourceMappingTests {
    /// Delivers the messages to the scripted runtime until all are settled; what was done with each, sorted.
    private static func run(_ queue: ScriptedQueue, reports: RecordedLines = RecordedLines()) async throws
        -> [String]
    {
        try await ScriptedFunction.with { scripted, loop in
            let server = try HTTPServer(on: loop) { await queue.answer($0, on: loop) }
            defer { server.stop() }
            let url = "http://127.0.0.1:\(server.port)"
            let client = AWSClient(
                http: HTTPClient(loop: loop),
                configuration: try .init(environment: [
                    "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a",
                    "AWS_SECRET_ACCESS_KEY": "b",
                ]))
            let mapping = EventSourceMapping(
                queueURL: url + "/123456789012/work", queueARN: "arn:aws:sqs:us-east-1:123456789012:work",
                function: scripted.function)
            let polling = loop.task { await mapping.run(SQS(client), on: loop) { reports.append($0) } }
            try await queue.settled.value()
            polling.cancel()
            _ = try? await polling.value
            return queue.calls.sorted()
        }
    }

    @Test func whatWasHandledIsDeleted() async throws {
        #expect(
            try await Self.run(ScriptedQueue(["a", "b"])) == [
                "DeleteMessageBatch h-m0", "DeleteMessageBatch h-m1",
            ])
    }

    @Test func aPartOfABatchGoesBack() async throws {
        #expect(
            try await Self.run(ScriptedQueue(["a", "fail this", "b"])) == [
                "ChangeMessageVisibilityBatch h-m1 1", "DeleteMessageBatch h-m0", "DeleteMessageBatch h-m2",
            ])
    }

    @Test func aFunctionErrorPutsTheBatchBackAndIsReported() async throws {
        let reports = RecordedLines()
        #expect(
            try await Self.run(ScriptedQueue(["a", "raise"]), reports: reports) == [
                "ChangeMessageVisibilityBatch h-m0 1", "ChangeMessageVisibilityBatch h-m1 1",
            ])
        #expect(reports.count(with: "api: Queue: no") == 1)
    }

    @Test func aQueueThatFailsIsAskedAgain() async throws {
        let reports = RecordedLines()
        #expect(
            try await Self.run(ScriptedQueue(["a"], failures: 1), reports: reports) == [
                "DeleteMessageBatch h-m0"
            ])
        #expect(reports.count(with: "queue work: ") == 1)
    }
}
