import ComfyUI
import JSON
import Synchronization
import Telemetry
import Testing

@testable import Handlers

/// Nodes' times and cache hits, from frames.
@Suite struct RunMetricsTests {
    /// A clock that a test sets.
    private final class Hand: Sendable {
        private let value = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { value.withLock { $0 } }
        func advance(_ milliseconds: Int) { value.withLock { $0 += .milliseconds(milliseconds) } }
    }

    private let hand = Hand()
    private let tallies = MetricTallies(interval: .seconds(10))

    private func metrics(isResumed: Bool = false) throws -> RunMetrics {
        var workflow = DispatchBench.slow.object ?? [:]
        workflow["9"] = ["class_type": "SomebodysOwnNode", "inputs": [:]]
        let graph = try WorkflowGraph(normalizing: JSON.object(workflow))
        return RunMetrics(
            graph: graph, names: NodeCatalog.standard.names(allowedBy: "*"), isResumed: isResumed,
            tallies: tallies, now: { [hand] in hand.now })
    }

    private func executing(_ node: String?) -> ExecutionEvent { .executing(promptID: "p", node: node) }

    /// `NodeDuration` by class, of the lines that CloudWatch takes.
    private func durations(_ body: () async throws -> Void) async throws -> [String: Double] {
        let lines = Mutex<[[UInt8]]>([])
        try await Log.withSink({ line in lines.withLock { $0.append(line) } }) {
            try Metrics.configure(namespace: "test")
            try await body()
        }
        var durations: [String: Double] = [:]
        for line in lines.withLock({ $0 }) {
            let json = try JSON(parsing: line)
            if let name = json["ClassType"]?.string { durations[name] = json["NodeDuration"]?.double }
        }
        return durations
    }

    @Test func aNodeTakesUntilTheNextBegins() async throws {
        let durations = try await durations {
            let metrics = try metrics()
            await metrics.note(.cached(promptID: "p", nodes: ["3"]))
            await metrics.note(executing("1"))
            hand.advance(700)
            await metrics.note(executing("2"))
            hand.advance(20)
            await metrics.note(executing("9.0.0.2"))
            hand.advance(10)
            await metrics.note(executing("9.0.0.3"))
            hand.advance(10)
            await metrics.note(executing("4"))
            hand.advance(5000)
            await metrics.note(executing(nil))
        }
        #expect(
            durations == [
                "CheckpointLoaderSimple": 0.7, "CLIPTextEncode": 0.02, "other": 0.02, "KSampler": 5,
            ])
        let counted = tallies.takeDue()
        #expect(
            counted[.init(family: "model_load_duration_seconds", values: ["checkpoint", "disk"])]
                == MetricTally(count: 1, sum: 700_000, buckets: [2: 1]))
        func lookups(_ type: String, _ result: String) -> Int? {
            counted[.init(family: "cache_lookups_total", values: ["worker", type, result])]?.count
        }
        #expect(lookups("node", "hit") == 1)
        #expect(lookups("node", "miss") == 4)
        #expect(lookups("model", "miss") == 1)
        #expect(lookups("model", "hit") == nil)
    }

    @Test func aNodeThatFailedIsNotMeasured() async throws {
        let durations = try await durations {
            let metrics = try metrics()
            await metrics.note(executing("4"))
            hand.advance(30)
            await metrics.note(.interrupted(promptID: "p"))
            await metrics.note(executing(nil))
        }
        #expect(durations.isEmpty)
    }

    @Test func whoeverComesLaterDoesNotMeasureTheNodeThatRuns() async throws {
        let durations = try await durations {
            let metrics = try metrics(isResumed: true)
            await metrics.note(executing("4"))
            hand.advance(30)
            await metrics.note(executing("5"))
            hand.advance(40)
            await metrics.note(executing(nil))
        }
        #expect(durations == ["VAEDecode": 0.04])
    }
}
