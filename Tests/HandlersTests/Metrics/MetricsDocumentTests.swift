import TestSupport
import Testing

@testable import Handlers

/// `docs/observability.md` and the code name the same metrics.
@Suite struct MetricsDocumentTests {
    /// The names in the first column of the page's tables.
    private func documented() throws -> [String] {
        try Fixtures.text("../../docs/observability.md").split(separator: "\n")
            .filter { $0.hasPrefix("| `") }
            .map { String($0.dropFirst(3).prefix { $0 != "`" }) }
    }

    @Test func everyMetricIsDocumentedOnce() throws {
        // The runtime's own.
        let runtime = ["HandlerDuration", "Errors", "ColdStart"]
        let gauges = ["cache_hit_rate", "workflow_queue_depth", "gpu_memory_usage_bytes"]
        let named =
            runtime + gauges + MetricName.allCases.map(\.rawValue) + MetricFamily.all.map(\.name)
        #expect(try documented().sorted() == named.sorted())
    }
}
