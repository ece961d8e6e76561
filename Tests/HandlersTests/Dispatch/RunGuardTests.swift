import AWSClients
import ComfyUI
import HTTP
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// What a run's guard does about a wish to stop, with a clock on which two minutes pass between two looks.
@Suite(.timeLimit(.minutes(1))) struct RunGuardTests {
    /// A worker whose queue always says the same.
    private static func worker(running: String?) throws -> ScriptedServer {
        let entry = running.map { "[0, \"\($0)\", {}, {}, []]" } ?? ""
        return try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(body: "{\"queue_running\": [\(entry)], \"queue_pending\": []}")
            }
        }
    }

    private struct Watch {
        let end: RunEnd?
        let worker: Worker?
    }

    /// Watches a submitted job that is to be stopped, until the guard ends it or the hand-off comes after 4 s.
    private func watch(_ server: ScriptedServer, timeout: Int, isCancelled: Bool) async throws -> Watch {
        let deployment = try await Deployment.make(
            on: testLoop, ["COMFYUI_URLS": "http://127.0.0.1:\(server.port)", "HEARTBEAT_SECONDS": "1"])
        let services = deployment.services
        let dispatcher = Dispatcher(services: services)
        let worker = dispatcher.services.configuration.workers[0]
        var queued = try await deployment.submit()
        queued.timeoutSeconds = timeout
        try await deployment.dynamoDB.put(JobItem.encode(queued), into: services.configuration.table)
        let slot = try #require(try await dispatcher.slots.take(on: worker))
        _ = try await dispatcher.slots.assign(queued.id, to: slot)
        let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        guard case .done(let claimed) = try await services.store.apply(.claimed(run), to: queued),
            case .done(let job) = try await services.store.apply(
                .submitted(promptID: "ours", clientID: "c"), to: claimed)
        else { throw TestFailure("not submitted") }
        if isCancelled { _ = try await services.store.applyLatest(.cancelRequested, to: job.id) }

        let start = services.now
        let looks = Mutex(0)
        let store = JobStore(
            deployment.dynamoDB, table: services.configuration.table, policy: services.configuration.policy,
            clock: {
                start
                    + looks.withLock { looks in
                        looks += 1
                        return .seconds(120 * looks)
                    }
            })
        let guardian = RunGuard(
            job: job, slot: slot, slots: dispatcher.slots, store: store, registry: dispatcher.registry,
            client: ComfyUIClient(http: services.http, address: worker.address),
            ledger: OutputLedger(services.documents, job: job.id, attempt: 1, expires: start), loop: testLoop,
            configuration: services.configuration, handOffAt: Timestamp.now + .seconds(4))
        let end = try await testLoop.task { await guardian.watch() }.value
        return Watch(end: end, worker: try await dispatcher.registry.workers().first)
    }

    /// The prompt has ended, and its outputs are being stored, for minutes if need be.
    @Test func aCancelWaitsForARunThatStoresItsOutputs() async throws {
        let watch = try await watch(try Self.worker(running: nil), timeout: 3600, isCancelled: true)
        guard case .handOff = watch.end else {
            Issue.record("it ended: \(String(describing: watch.end))")
            return
        }
        #expect(watch.worker?.failures == 0)
    }

    /// The same, but its time is over: not for ever.
    @Test func aRunWhoseTimeIsOverIsNotWaitedForForEver() async throws {
        let watch = try await watch(try Self.worker(running: nil), timeout: 10, isCancelled: false)
        guard case .ended(.failed(let failure, _), _) = watch.end else {
            Issue.record("it did not fail: \(String(describing: watch.end))")
            return
        }
        #expect(failure.code == .timeout)
        #expect(watch.worker?.failures == 0)
    }

    @Test func aWorkerThatHoldsOnToAStoppedPromptIsLeftOut() async throws {
        let watch = try await watch(try Self.worker(running: "ours"), timeout: 3600, isCancelled: true)
        guard case .ended(.cancelled, _) = watch.end else {
            Issue.record("it was not cancelled: \(String(describing: watch.end))")
            return
        }
        #expect(watch.worker?.isDead == true)
        #expect(watch.worker?.stuckPrompt == "ours")
    }
}
