import Crypto
import JSON
import Testing
import Time

@testable import Handlers

/// What is counted of a job that has ended.
@Suite(.timeLimit(.minutes(2))) struct JobMetricsTests {
    @Test(arguments: [
        (nil, "unknown"), (1, "simple"), (10, "simple"), (11, "medium"), (30, "medium"), (31, "complex"),
    ])
    func complexityIsByNodes(nodes: Int?, expected: String) {
        #expect(JobMetrics.complexity(nodes) == expected)
    }

    @Test func whatAJobCostsIsTheTimeOfItsAttempts() {
        let start = Timestamp(milliseconds: 1_800_000_000_000)
        var job = Job(id: Job.ID(UUID.v4()), user: "alice", createdAt: start)
        (job.state, job.tier, job.nodeCount, job.priority) = (.completed, .pro, 12, 9)
        job.startedAt = start + .seconds(2)
        job.attempts = [
            .init(
                worker: "w", startedAt: start + .seconds(2), endedAt: start + .seconds(5), error: .workerLost),
            .init(worker: "w", startedAt: start + .seconds(7), endedAt: start + .seconds(17)),
        ]
        job.completedAt = start + .seconds(18)
        let tallies = MetricTallies(interval: .seconds(10))
        JobMetrics(tallies: tallies, costPerGPUSecond: 0.002).count(job)
        #expect(
            tallies.takeDue() == [
                .init(family: "workflow_executions_total", values: ["completed", "high", "pro"]): .init(
                    count: 1),
                .init(family: "workflow_execution_duration_seconds", values: ["medium"]): .init(
                    count: 1, sum: 16_000_000, buckets: [3: 1]),
                .init(family: "execution_cost_dollars", values: ["gpu", "pro"]): .init(
                    count: 1, sum: 26_000, buckets: [4: 1]),
            ])
    }

    @Test func aJobThatRanIsCountedOnce() async throws {
        let bench = try await DispatchBench([], ["METRICS_FLUSH_SECONDS": "10"])
        let job = try await bench.deployment.submit(workflow: DispatchBench.slow)
        try await bench.dispatch(hint: job.id)
        #expect(try await bench.job(job.id).state == .completed)
        // The run's end writes it.
        let counted = try await bench.deployment.services.metrics.read().tallies
        let executions = counted.filter { $0.key.family == "workflow_executions_total" }
        #expect(executions.map(\.key.values) == [["completed", "normal", "unknown"]])
        #expect(executions.map(\.value.count) == [1])
        #expect(
            counted[.init(family: "model_load_duration_seconds", values: ["checkpoint", "disk"])]?.count == 1)
    }
}
