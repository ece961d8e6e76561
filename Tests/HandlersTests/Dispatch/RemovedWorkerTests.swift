import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// A worker whose address is no longer behind the name gets no more jobs, and keeps the one it has.
@Suite(.timeLimit(.minutes(2))) struct RemovedWorkerTests {
    /// A stand-in behind a name, until the test takes it out.
    private struct Bench {
        let standIn: StandIn
        let server: NameServer
        let services: Services
        let deployment: Deployment
        let dispatcher: Dispatcher
        private let state: State

        private final class State: Sendable {
            let isListed = Mutex(true)
            let time = Mutex(Duration.zero)
        }

        init() async throws {
            standIn = try await StandIn(["--step-ms", "200", "--control"])
            let port = try #require(URL(standIn.address)?.port)
            let state = State()
            self.state = state
            server = try NameServer { question in
                question.type == 1 && state.isListed.withLock { $0 }
                    ? .records([[127, 0, 0, 1]]) : .records([])
            }
            deployment = try await Deployment.make(
                on: testLoop,
                [
                    "COMFYUI_DNS": "gpu.test:\(port)", "COMFYUI_DNS_SERVERS": server.address,
                    "HEARTBEAT_SECONDS": "1", "HANDOFF_MARGIN_SECONDS": "1",
                ])
            let start = ContinuousClock.now
            let configuration = deployment.services.configuration
            services = Services(
                configuration: configuration, aws: deployment.services.aws,
                directory: WorkerDirectory(
                    configuration, on: testLoop, now: { start + state.time.withLock { $0 } }))
            dispatcher = Dispatcher(services: services)
        }

        /// As if its address had left the name's records, and the last answer were old.
        func remove() {
            state.isListed.withLock { $0 = false }
            state.time.withLock { $0 += .seconds(31) }
        }

        func sweep() async throws -> WorkerProbe.Findings {
            try await WorkerProbe(
                services: services, registry: dispatcher.registry, slots: dispatcher.slots
            ).refresh(until: .now + .seconds(30))
        }

        func dispatch(resumes: [Job.ID] = [], time: Duration = .seconds(60)) async throws -> [Job.ID] {
            let (dispatcher, deadline) = (dispatcher, Timestamp.now + time)
            return try await testLoop.task {
                try await dispatcher.dispatch(resumes: resumes, hint: nil, until: deadline)
            }.value
        }

        func job(_ id: Job.ID) async throws -> Job { try #require(try await services.store.job(id)) }

        func untilSubmitted(_ id: Job.ID) async throws {
            while try await job(id).run?.promptID == nil {
                try await testLoop.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test func whatRunsThereEndsThereAndNothingElseComes() async throws {
        let bench = try await Bench()
        #expect(try await bench.sweep().alive == 1)
        let first = try await bench.deployment.submit(workflow: DispatchBench.slow)
        let second = try await bench.deployment.submit(workflow: DispatchBench.slow)
        async let dispatched = bench.dispatch()
        try await bench.untilSubmitted(first.id)
        bench.remove()
        // Not while its job runs.
        #expect(try await bench.sweep().alive == 0)
        #expect(try await bench.dispatcher.registry.recorded().count == 1)
        _ = try await dispatched
        let done = try await bench.job(first.id)
        #expect(done.state == .completed)
        #expect(done.attempt == 1)
        #expect(try await bench.job(second.id).state == .queued)
        _ = try await bench.sweep()
        #expect(try await bench.dispatcher.registry.recorded().isEmpty)
    }

    /// Its dispatcher hands the run off after the worker was removed: the next one goes on watching.
    @Test func aRunThatIsHandedOffIsTakenOverThere() async throws {
        let bench = try await Bench()
        _ = try await bench.sweep()
        let job = try await bench.deployment.submit(workflow: DispatchBench.slow)
        repeat {
            _ = try await bench.dispatch(time: .seconds(5))
        } while try await bench.job(job.id).state == .queued
        #expect(try await bench.job(job.id).state == .running)
        bench.remove()
        _ = try await bench.sweep()
        #expect(try await bench.dispatch(resumes: [job.id]) == [])
        let done = try await bench.job(job.id)
        #expect(done.state == .completed)
        #expect(done.attempt == 1)
        _ = try await bench.sweep()
        #expect(try await bench.dispatcher.registry.recorded().isEmpty)
    }

    /// A process that never had an answer goes by what the table has of the name.
    @Test func aNameThatCannotBeAskedLeavesTheRecordedWorkers() async throws {
        let bench = try await Bench()
        _ = try await bench.sweep()
        let configuration = bench.services.configuration
        bench.server.stop()
        let other = Services(configuration: configuration, aws: bench.services.aws)
        let roster = try await Dispatcher(services: other).registry.roster()
        #expect(roster.listed.map(\.address.description) == [bench.standIn.address + "/"])
        #expect(roster.removed.isEmpty)
    }
}
