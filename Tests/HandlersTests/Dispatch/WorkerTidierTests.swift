import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

/// A dispatcher that dies after its job has ended leaves a slot and an entry in the worker's history.
@Suite(.timeLimit(.minutes(1))) struct WorkerTidierTests {
    private struct Bench {
        let standIn: StandIn
        let deployment: Deployment
        let dispatcher: Dispatcher
        let client: ComfyUIClient
        let job: Job
        let prompt: String

        /// A job that has ended, its slot still held by the dead, and its prompt on the worker.
        init(stepMilliseconds: Int = 1) async throws {
            standIn = try await StandIn(["--step-ms", "\(stepMilliseconds)"])
            deployment = try await Deployment.make(on: testLoop, ["COMFYUI_URLS": standIn.address])
            dispatcher = Dispatcher(services: deployment.services)
            client = ComfyUIClient(
                http: deployment.services.http, address: try #require(URL(standIn.address)))
            var dead = dispatcher.slots
            dead = SlotPool(
                dynamoDB: dead.dynamoDB, table: dead.table, store: dead.store,
                lease: .milliseconds(-1))
            let worker = dispatcher.services.configuration.workers[0]
            let slot = try #require(try await dead.take(on: worker))
            let queued = try await deployment.submit(workflow: DispatchBench.slow)
            #expect(try await dead.assign(queued.id, to: slot))
            prompt = PromptID.derive(job: queued.id, attempt: 1)
            let store = deployment.services.store
            var state = queued
            let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
            for event: JobEvent in [
                .claimed(run), .submitted(promptID: prompt, clientID: "c"),
                .failed(.init(.timeout, "too long"), outputs: []),
            ] {
                guard case .done(let next) = try await store.apply(event, to: state) else {
                    throw TestFailure("\(event) was refused")
                }
                state = next
            }
            job = state
            let graph = try #require(try await deployment.services.documents.workflow(job.id))
            try await client.submit(
                graph.submission(runID: prompt, catalog: .standard), promptID: prompt, clientID: "c")
        }

        func slotIsFree() async throws -> Bool {
            let item = try await deployment.dynamoDB.get(
                [
                    "pk": .s("WORKER#\(dispatcher.services.configuration.workers[0].id)"), "sk": .s("SLOT#0"),
                ], from: dispatcher.slots.table)
            return item?["token"] == nil
        }
    }

    @Test func theSweepGivesItsSlotBackAndDeletesTheHistoryEntry() async throws {
        let bench = try await Bench()
        while try await bench.client.history(bench.prompt) == nil {
            try await testLoop.sleep(for: .milliseconds(20))
        }
        #expect(try await bench.dispatcher.freeAbandonedSlots(until: .now + .seconds(30)) == 1)
        #expect(try await bench.slotIsFree())
        #expect(try await bench.client.history(bench.prompt) == nil)
        #expect(try await bench.dispatcher.freeAbandonedSlots(until: .now + .seconds(30)) == 0)
    }

    /// Nobody waits for it, and the next job would stand behind it.
    @Test func aPromptThatStillRunsIsStopped() async throws {
        let bench = try await Bench(stepMilliseconds: 400)
        while try await !bench.client.queue().running.contains(bench.prompt) {
            try await testLoop.sleep(for: .milliseconds(20))
        }
        let next = try await bench.deployment.submit()
        _ = try await bench.dispatcher.dispatch(resumes: [], hint: nil, until: .now + .seconds(60))
        #expect(try await bench.deployment.services.store.job(next.id)?.state == .completed)
        #expect(try await bench.client.history(bench.prompt) == nil)
        #expect(try await bench.slotIsFree())
    }

    /// Whoever took the slot may die too before the worker is tidied.
    @Test func theJobStaysNamedUntilTheWorkerIsTidied() async throws {
        let bench = try await Bench()
        let worker = bench.dispatcher.services.configuration.workers[0]
        let slot = try #require(try await bench.dispatcher.slots.takeAbandoned(on: worker).first)
        #expect(slot.predecessor == bench.job.id)
        let item = try await bench.deployment.dynamoDB.get(
            ["pk": .s("WORKER#\(worker.id)"), "sk": .s("SLOT#0")], from: bench.dispatcher.slots.table)
        #expect(item?["job"]?.string == "\(bench.job.id)")
        #expect(item?["token"]?.string == slot.token)
    }
}
