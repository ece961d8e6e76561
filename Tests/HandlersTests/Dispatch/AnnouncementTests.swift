import AWSClients
import ComfyUI
import Glibc
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// A job's end is announced beside the tidying of its worker: neither waits for the other, and a death between them loses neither.
@Suite(.timeLimit(.minutes(2))) struct AnnouncementTests {
    /// Holds the first call of a name back, and drops it in the end; once its caller is dead, AWS hears nothing more of it.
    private final class Death: Sendable {
        private let name: String
        private let isHeld = Atomic(false)
        private let isOver = Atomic(false)

        init(at name: String) { self.name = name }

        func judge(_ call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
            let isFirst =
                moment == .before && call.name == name
                && !isHeld.exchange(true, ordering: .acquiringAndReleasing)
            guard isFirst else {
                return call.service != "ComfyUI" && isOver.load(ordering: .acquiring) ? .hangUp : .pass
            }
            for _ in 0..<60_000 where !isOver.load(ordering: .acquiring) { usleep(1000) }
            return .hangUp
        }

        var isReached: Bool { isHeld.load(ordering: .acquiring) }
        func end() { isOver.store(true, ordering: .releasing) }
    }

    private struct Bench {
        let standIn: StandIn
        let death: Death
        let proxies: [CallProxy]
        let deployment: Deployment
        /// Of those who live: they call AWS and the worker directly.
        let services: Services
        let sqs: SQS
        let client: ComfyUIClient
        let job: Job

        /// A dispatcher whose calls pass a proxy runs one job.
        init(dyingAt name: String) async throws {
            standIn = try await StandIn(["--step-ms", "1"])
            let local = try await LocalAWS.sharedWithoutSignatures()
            let death = Death(at: name)
            self.death = death
            let worker = try #require(URL(standIn.address))
            let toAWS = try CallProxy(to: local.port, isComfyUI: false, caller: "dispatch") {
                death.judge($0, $1)
            }
            let toWorker = try CallProxy(to: try #require(worker.port), isComfyUI: true, caller: "dispatch") {
                death.judge($0, $1)
            }
            proxies = [toAWS, toWorker]
            deployment = try await Deployment.make(
                on: testLoop,
                ["COMFYUI_URLS": toWorker.address, "LEASE_SECONDS": "2", "HEARTBEAT_SECONDS": "1"],
                endpoint: toAWS.address)
            let http = HTTPClient(loop: testLoop)
            let aws = AWSClient(
                http: http, configuration: try AWSClient.Configuration(environment: local.environment))
            services = Services(configuration: deployment.services.configuration, aws: aws)
            sqs = SQS(aws)
            client = ComfyUIClient(http: http, address: worker)
            job = try await deployment.submit()
            let dispatcher = Dispatcher(services: deployment.services)
            _ = testLoop.task {
                try await dispatcher.dispatch(resumes: [], hint: nil, until: .now + .seconds(60))
            }
        }

        var prompt: String { PromptID.derive(job: job.id, attempt: 1) }

        func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
            for _ in 0..<1200 {
                if try await isSo() { return }
                try await testLoop.sleep(for: .milliseconds(50))
            }
            throw TestFailure("not seen: \(what)")
        }

        func stored() async throws -> Job { try #require(try await services.store.job(job.id)) }

        /// The events on the topic since the last time.
        func announced() async throws -> [String] {
            var events: [String] = []
            while case let messages = try await sqs.receive(from: deployment.completions),
                !messages.isEmpty
            {
                for message in messages {
                    let text = try JSON(parsing: NotifyHandler.message(inQueueBody: message.body))
                    events.append(try #require(text["event"]?.string))
                    try await sqs.delete(
                        receiptHandle: message.receiptHandle, from: deployment.completions)
                }
            }
            return events
        }

        /// As if its time had come.
        func sweep() async throws -> Sweeper.Findings {
            try await services.store.dynamoDB.update(
                JobItem.key(job.id), in: services.store.table,
                [.set("open_sk", .s(JobItem.sortable(services.now - .seconds(1))))],
                condition: .exists("open_pk"))
            let dispatcher = Dispatcher(services: services)
            return try await Sweeper(
                services: services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer
            ).sweep(until: .now + .seconds(30))
        }

        /// What the sweep does for a worker once the dead one's lease is over.
        func untilTidied() async throws {
            let dispatcher = Dispatcher(services: services)
            let worker = services.configuration.workers[0]
            try await until("the slot is free") {
                _ = try await dispatcher.freeAbandonedSlots(until: .now + .seconds(30))
                return try await !dispatcher.slots.areHeld(on: worker)
            }
        }

        func end() {
            death.end()
            for proxy in proxies { proxy.stop() }
        }
    }

    /// The worker is slow to delete the history entry: the end is told all the same, and whoever finds the slot deletes the entry.
    @Test func aDeathAfterTheAnnouncementLeavesTheWorkerToWhoeverComes() async throws {
        let bench = try await Bench(dyingAt: "ComfyUI POST /history")
        defer { bench.end() }
        try await bench.until("the worker is being tidied") { bench.death.isReached }
        try await bench.until("the announcement is recorded") {
            try await !bench.stored().notificationPending
        }
        #expect(try await bench.announced() == ["job.completed"])
        #expect(try await bench.client.history(bench.prompt) != nil)

        bench.death.end()
        try await bench.untilTidied()
        #expect(try await bench.client.history(bench.prompt) == nil)
        #expect(try await bench.announced() == [])
        #expect(try await bench.stored().state == .completed)
    }

    /// The topic is slow: the worker is tidied all the same, and the sweep announces.
    @Test func aDeathBeforeTheAnnouncementLeavesItToTheSweep() async throws {
        let bench = try await Bench(dyingAt: "SNS Publish")
        defer { bench.end() }
        try await bench.until("the job is being announced") { bench.death.isReached }
        try await bench.until("the history entry is deleted") {
            try await bench.client.history(bench.prompt) == nil
        }
        #expect(try await bench.stored().notificationPending)

        bench.death.end()
        #expect(try await bench.announced() == [])
        #expect(try await bench.sweep() == .init(announced: 1))
        #expect(try await bench.announced() == ["job.completed"])
        #expect(try await bench.stored().notificationPending == false)
        try await bench.untilTidied()
    }
}
