import AWSClients
import ComfyUI
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// The way of a prompt to its worker.
@Suite(.timeLimit(.minutes(2))) struct PromptRunTests {
    /// Holds the answer to the write that counts an attempt back, until it is let through.
    private final class Gate: Sendable {
        private let reached = Atomic(false)
        private let opened = Atomic(false)

        func judge(_ call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
            guard call.name == "DynamoDB UpdateItem", moment == .after(status: 200),
                String(decoding: call.request.body, as: UTF8.self).contains("prompt_id")
            else { return .pass }
            reached.store(true, ordering: .releasing)
            for _ in 0..<30_000 where !opened.load(ordering: .acquiring) { usleep(1000) }
            return .pass
        }

        func untilReached() async throws {
            for _ in 0..<30_000 {
                if reached.load(ordering: .acquiring) { return }
                try await testLoop.sleep(for: .milliseconds(1))
            }
            throw TestFailure("the attempt was not counted")
        }

        func open() { opened.store(true, ordering: .releasing) }
    }

    /// A hand-off in the moment between the counted attempt and `POST /prompt` used to leave an attempt that no worker had seen.
    @Test func aCountedAttemptIsSentThoughItsRunIsHandedOff() async throws {
        let standIn = try await StandIn(["--step-ms", "100"])
        let gate = Gate()
        let local = try await LocalAWS.sharedWithoutSignatures()
        let proxy = try CallProxy(to: local.port, isComfyUI: false, caller: "dispatch") {
            gate.judge($0, $1)
        }
        defer { proxy.stop() }
        let deployment = try await Deployment.make(
            on: testLoop, ["COMFYUI_URLS": standIn.address], endpoint: proxy.address)
        let services = deployment.services
        let dispatcher = Dispatcher(services: services)
        let queued = try await deployment.submit(workflow: DispatchBench.slow)
        let worker = services.configuration.workers[0]
        let slot = try #require(try await dispatcher.slots.take(on: worker))
        let claimed = try #require(
            try await dispatcher.queue.claim(for: slot, elsewhere: false, first: Candidate(queued)))
        let client = services.client(of: worker)
        let run = PromptRun(
            claimed: claimed, origin: .claimed(nil), worker: worker, client: client, services: services,
            registry: dispatcher.registry,
            ledger: OutputLedger(
                services.documents, job: claimed.id, attempt: 1, expires: services.now + .seconds(60)),
            gate: TransferGate(limit: 1))

        let running = testLoop.task { await run.run() }
        try await gate.untilReached()
        running.cancel()
        gate.open()
        #expect(try await running.value == nil, "the run itself says nothing any more")

        let prompt = try #require(try await services.store.job(queued.id)?.run?.promptID)
        #expect(prompt == PromptID.derive(job: queued.id, attempt: 1))
        let asked = try await testLoop.task { try await client.queue() }.value
        #expect(asked.contains(prompt))
    }
}
