import AWSClients
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Synchronization
import Telemetry
import Testing
import Time

@testable import Handlers

/// What users write stays out of the log, which others read: from `info` on no line has any of it, whatever goes wrong.
@Suite(.timeLimit(.minutes(3))) struct PromptPrivacyTests {
    private static let mark = "zanzibarlighthouse7731"

    /// Lines of all levels that are on by default.
    private final class Lines: Sendable {
        private let value = Mutex<[String]>([])
        func add(_ line: [UInt8]) { value.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        var all: [String] { value.withLock { $0 } }
        var marked: [String] { all.filter { $0.contains(PromptPrivacyTests.mark) } }
    }

    /// A workflow whose last node fails with the prompt in its message, as nodes do that quote their inputs.
    private static let failing: JSON = [
        "1": [
            "class_type": "EmptyImage", "inputs": ["width": 64, "height": 64, "batch_size": 1, "color": 255],
        ],
        "2": [
            "class_type": "ProbeRaise",
            "inputs": [
                "image": ["1", 0], "kind": "ValueError", "message": .string("cannot draw '\(mark)'"),
            ],
        ],
        "3": ["class_type": "SaveImage", "inputs": ["images": ["2", 0], "filename_prefix": "test"]],
    ]

    private func execute(_ api: APIBench, webhook: String) async throws -> Job.ID {
        let body: JSON = [
            "workflow": Self.failing, "webhook_url": .string(webhook),
            "metadata": ["prompt": .string(Self.mark)],
        ]
        let answer = await api.post("/v1/workflows/execute", body.text)
        #expect(answer.status == 202)
        return try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
    }

    @Test(arguments: [200, 500])
    func fromASubmitToAFailureAndItsWebhook(receiverAnswers status: Int) async throws {
        let receiver = try WebhookReceiver([status])
        let bench = try await DispatchBench(
            ["--probe-nodes"],
            [
                "ALLOWED_NODE_TYPES": "+ProbeRaise", "WEBHOOK_ALLOWED_HOSTS": receiver.host,
                "TRUSTED_HOSTS": receiver.host,
            ])
        let services = bench.deployment.services
        let lines = Lines()
        let job = try await Log.withSink(lines.add) {
            let id = try await execute(APIBench(services), webhook: receiver.address)
            let job = try await bench.dispatchToTheEnd(id)
            let notify = NotifyHandler(services: services)
            for body in try await bench.deployment.drain(bench.deployment.completions) {
                let event: JSON = [
                    "Records": [
                        ["messageId": "m-1", "body": .string(body), "eventSource": "aws:sqs"]
                    ]
                ]
                _ = try await notify.handle(
                    event.serialized(), InvocationContext(requestID: "r", deadline: .now + .seconds(30)))
            }
            return job
        }
        // Its user is told; so the mark was everywhere that a line could have taken it from.
        #expect(job.failure?.message.contains(Self.mark) == true)
        let sent = receiver.received.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(sent.contains { $0.contains(Self.mark) })
        #expect(lines.all.contains { $0.contains("run ended") })
        #expect(lines.marked == [])
    }

    @Test func aPromptThatIsRefusedOrDrawn() async throws {
        let bench = try await DispatchBench()
        let lines = Lines()
        try await Log.withSink(lines.add) {
            let api = APIBench(bench.deployment.services)
            let good: JSON = [
                "prompt": .string(Self.mark), "negative_prompt": .string(Self.mark), "width": 64,
                "height": 64,
                "steps": 1,
            ]
            let answer = await api.post("/v1/generate", good.text)
            let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
            #expect(try await bench.dispatchToTheEnd(id).state == .completed)
            for body in [
                #"{"prompt": "\#(Self.mark)", "width": 63}"#,
                #"{"prompt": "\#(Self.mark)", "\#(Self.mark)": 1}"#,
                #"{"prompt": "\#(Self.mark)"#, #"{"prompt": ["\#(Self.mark)"]}"#,
            ] {
                #expect(await api.post("/v1/generate", body).status == 400)
            }
        }
        #expect(lines.all.count > 4)
        #expect(lines.marked == [])
    }

    /// ComfyUI's refusal names the nodes' inputs with their values.
    @Test func aWorkflowThatTheWorkerRejects() async throws {
        let receiver = try WebhookReceiver()
        let bench = try await DispatchBench(
            ["--probe-nodes", "--fault", "reject_prompt=1"],
            [
                "ALLOWED_NODE_TYPES": "+ProbeRaise", "WEBHOOK_ALLOWED_HOSTS": receiver.host,
                "TRUSTED_HOSTS": receiver.host,
            ])
        let lines = Lines()
        let job = try await Log.withSink(lines.add) {
            let id = try await execute(APIBench(bench.deployment.services), webhook: receiver.address)
            return try await bench.dispatchToTheEnd(id)
        }
        #expect(job.failure?.code == .workflowRejected)
        #expect(lines.marked == [])
    }
}
