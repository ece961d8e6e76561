import AWSClients
import JSON
import LambdaRuntime
import Telemetry

/// `sweep`: woken by a schedule every minute.
struct SweepHandler: InvocationHandler {
    let services: Services

    /// What the numbers of a report are called in CloudWatch.
    private static let metrics: [String: MetricName] = [
        "rung": .doorbellsRung, "resumed": .runsResumed, "announced": .jobsAnnounced,
        "expired": .jobsExpired, "webhooks": .webhooksSent, "erased": .jobsErased,
        "accounts": .accountsErased, "slots": .slotsFreed, "workers": .workers,
    ]

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        guard case .scheduled = try LambdaEvent(decoding: event) else {
            throw FunctionError(type: "Handler.UnexpectedEvent", message: "sweep takes scheduled events")
        }
        let dispatcher = Dispatcher(services: services)
        let sweeper = Sweeper(
            services: services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer)
        let probe = WorkerProbe(
            services: services, registry: dispatcher.registry, slots: dispatcher.slots)
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
        for (name, value) in report {
            if let metric = Self.metrics[name] { Metrics.add(metric, Double(value.int ?? 0), .count) }
        }
        var line = report
        var gauges = MetricGauges(at: services.now, queued: nil, memory: workers.memory)
        do {
            let backlog = try await Backlog.count(services.store)
            gauges.queued = backlog.byBand
            backlog.publish(alive: workers.alive)
            try await backlog.record(services.store)
            line["queued"] = .number(backlog.queued)
            line["running"] = .number(backlog.running)
            line["oldest_queued_seconds"] = .number(backlog.oldestAge.components.seconds)
        } catch {
            // What was moved on counts more than what is told of it.
            Log.warn("backlog not counted", ["error": .string("\(error)")])
        }
        await publish(gauges)
        Log.info("sweep", line)
        return JSON.object(report).serialized()
    }

    /// What one sees of the workers' memory in CloudWatch, and all of it where `GET /metrics` is used.
    private func publish(_ gauges: MetricGauges) async {
        for gpu in gauges.memory {
            let dimensions = ["Worker": gpu.worker, "GPU": gpu.gpu]
            Metrics.add(.videoMemoryUsed, Double(gpu.used), .bytes, dimensions: dimensions)
            Metrics.add(.videoMemoryTotal, Double(gpu.total), .bytes, dimensions: dimensions)
        }
        guard services.metrics.tallies.isOn else { return }
        do {
            try await services.metrics.record(gauges)
        } catch {
            Log.warn("gauges not recorded", ["error": .string("\(error)")])
        }
    }
}
