/// A metric of `GET /metrics` that is counted: its name, its labels, and for a histogram its buckets. Names, labels and buckets are what
/// the dashboards of those who come from Prometheus' own client know.
struct MetricFamily: Sendable {
    let name: String
    let help: String
    let labels: [String]
    /// The upper bounds of a histogram, ascending, as the text says them; none for a counter.
    let bounds: [String]
    /// The same as numbers.
    let limits: [Double]

    init(_ name: String, _ help: String, labels: [String], buckets bounds: [String] = []) {
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = bounds
        limits = bounds.compactMap { Double($0) }
    }

    var isHistogram: Bool { !bounds.isEmpty }

    static let requests = MetricFamily(
        "api_requests_total", "Total API requests", labels: ["method", "endpoint", "status_code"])
    static let requestDuration = MetricFamily(
        "api_request_duration_seconds", "API request duration", labels: ["method", "endpoint"],
        buckets: [
            "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "7.5",
            "10.0",
        ])
    static let executions = MetricFamily(
        "workflow_executions_total", "Total workflow executions", labels: ["status", "priority", "user_tier"])
    static let executionDuration = MetricFamily(
        "workflow_execution_duration_seconds", "Workflow execution duration", labels: ["complexity_level"],
        buckets: [
            "1.0", "5.0", "10.0", "30.0", "60.0", "120.0", "300.0", "600.0", "1200.0", "1800.0", "3600.0",
        ])
    static let modelLoads = MetricFamily(
        "model_load_duration_seconds", "Model loading duration", labels: ["model_type", "cache_level"],
        buckets: ["0.1", "0.5", "1.0", "2.0", "5.0", "10.0", "20.0", "30.0", "60.0", "120.0"])
    static let cost = MetricFamily(
        "execution_cost_dollars", "Execution cost in dollars", labels: ["resource_type", "user_tier"],
        buckets: ["0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.0"])
    /// `cache_hit_rate` is made of it.
    static let cacheLookups = MetricFamily(
        "cache_lookups_total", "Nodes that a worker's cache had the result of, and those it had not",
        labels: ["cache_level", "cache_type", "result"])

    static let all = [
        requests, requestDuration, executions, executionDuration, modelLoads, cost, cacheLookups,
    ]
}
