import HTTP
import LambdaRuntime
import Time

/// What all environments have counted, for Prometheus.
struct MetricsRoute: Sendable {
    let services: Services

    /// `GET /metrics`.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let (tallies, gauges) = try await services.metrics.read()
        return HTTPResponse(
            status: 200, headers: ["Content-Type": PrometheusText.contentType],
            body: Array(Self.text(tallies, gauges, at: services.now).utf8))
    }

    static func text(
        _ tallies: [MetricSeries: MetricTally], _ gauges: MetricGauges?, at now: Timestamp
    ) -> String {
        var text = PrometheusText()
        for family in MetricFamily.all { text.add(family, tallies) }
        text.addGauge("cache_hit_rate", "Cache hit rate", hitRates(tallies))
        guard let gauges, gauges.isCurrent(at: now) else { return text.text }
        let queued = gauges.queued ?? [:]
        text.addGauge(
            "workflow_queue_depth", "Current workflow queue depth",
            Job.Band.allCases.compactMap { band in
                queued[band].map { ([("priority_level", "\(band)")], "\($0)") }
            })
        text.addGauge(
            "gpu_memory_usage_bytes", "GPU memory usage in bytes",
            gauges.memory.flatMap { gpu in
                [("used", gpu.used), ("total", gpu.total)].map { kind, bytes in
                    (
                        [("gpu_id", gpu.gpu), ("node_id", gpu.worker), ("memory_type", kind)], "\(bytes)"
                    )
                }
            })
        return text.text
    }

    /// Of all lookups since the table was made; who wants them of a while takes `cache_lookups_total`.
    private static func hitRates(_ tallies: [MetricSeries: MetricTally]) -> [(
        labels: [(String, String)], value: String
    )] {
        RunMetrics.CacheType.allCases.compactMap { type in
            func lookups(_ result: RunMetrics.CacheResult) -> Int {
                let values = [RunMetrics.cacheLevel, type.rawValue, result.rawValue]
                return tallies[.init(family: MetricFamily.cacheLookups.name, values: values)]?.count ?? 0
            }
            let (hits, misses) = (lookups(.hit), lookups(.miss))
            guard hits + misses > 0 else { return nil }
            return (
                [("cache_level", RunMetrics.cacheLevel), ("cache_type", type.rawValue)],
                "\(Double(hits) / Double(hits + misses))"
            )
        }
    }
}

extension RouteDescription {
    static var metrics: RouteDescription {
        RouteDescription(
            summary: "Metrics for Prometheus",
            details: """
                Counters that every environment adds to at most every ten seconds: they lag by as much, and what an environment had not \
                written when it ended is missing. Gauges are the sweep's of the last minute.
                """,
            tag: .operation,
            answers: [
                Answer(
                    status: 200, summary: "Prometheus' text format, version 0.0.4.",
                    content: Content(type: "text/plain", schema: Schema.text))
            ])
    }
}
