import AWSClients
import JSON
import LambdaRuntime
import Telemetry

/// `sweep`: woken by a schedule every minute.
struct SweepHandler: InvocationHandler {
    let services: Services

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        guard case .scheduled = try LambdaEvent(decoding: event) else {
            throw FunctionError(type: "Handler.UnexpectedEvent", message: "sweep takes scheduled events")
        }
        let dispatcher = Dispatcher(services: services)
        let sweeper = Sweeper(
            services: services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer)
        let probe = WorkerProbe(services: services, registry: dispatcher.registry)
        // Side by side: neither a worker that hangs nor a backlog keeps the other part from its work.
        async let refreshed = probe.refresh(until: context.deadline)
        async let freed = dispatcher.freeAbandonedSlots(until: context.deadline)
        let findings = try await sweeper.sweep(until: context.deadline)
        let workers = try await refreshed
        if workers.recovered, findings.rung == 0, try await dispatcher.queue.depth(limit: 1) > 0 {
            try await services.doorbell.ringWork(for: nil)
        }
        var report = findings.json
        report["workers"] = .number(workers.alive)
        report["slots"] = .number(try await freed)
        Log.info("sweep", report)
        return JSON.object(report).serialized()
    }
}
