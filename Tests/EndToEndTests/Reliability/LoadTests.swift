import AWSClients
import Glibc
import HTTP
import Handlers
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

/// Many jobs, four workers, eight dispatchers.
@Suite(.timeLimit(.minutes(30)))
struct LoadTests {
    private static let jobs = Reliability.isLong ? 1_000 : 200
    private static let stepsOfASecond = 20

    @Test func everyJobEndsOnceAndNoTwoPromptsMeetOnASlot() async throws {
        let options = Testbed.Options(
            workers: 4, stepMilliseconds: 1000 / Self.stepsOfASecond, isObserved: false,
            variables: [
                "LEASE_SECONDS": "45", "MAX_CONCURRENT_EXECUTIONS": "1000", "SWEEP_ATTENTION_SECONDS": "30",
            ])
        try await Testbed.during(options) { bed in
            let api = try bed.function(.api, concurrency: 4)
            // Shorter than the whole: jobs are handed off in the middle of it.
            let dispatch = try bed.function(
                .dispatch, concurrency: 8, timeout: .seconds(Reliability.isLong ? 120 : 40))
            let ids = try await Self.submitAll(in: bed, to: api)
            let sweep = try bed.function(.sweep)
            let left = try await bed.whileFeeding(
                dispatch: dispatch, sweeps: [sweep], period: .seconds(Reliability.isLong ? 60 : 10),
                dispatchers: 8
            ) {
                for id in ids { _ = try await bed.ended(id, within: .seconds(600), every: .seconds(1)) }
                return try await bed.settled()
            }
            #expect(left.isEmpty)
            try await Self.expectEachOnce(ids, in: bed)
            try Self.expectOnePromptASlot(in: bed)
            try Self.report(bed)
        }
    }

    private static func submitAll(in bed: Testbed, to api: TestFunction) async throws -> [String] {
        try await withThrowingTaskGroup(of: [String].self) { group in
            for lane in 0..<4 {
                group.addTask {
                    var ids: [String] = []
                    for seed in stride(from: lane, to: jobs, by: 4) {
                        let order = Testbed.Order(seed: seed, steps: stepsOfASecond)
                        ids.append(try await bed.submit(order, to: api))
                    }
                    return ids
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// From the item and the announcements. A sweep that looks between a job's last write and its announcement announces it too, which
    /// "at least once" allows; a second completion would be a second attempt or another run.
    private static func expectEachOnce(_ ids: [String], in bed: Testbed) async throws {
        let events = try await bed.announcements()
        #expect(Set(ids).count == jobs)
        #expect(Set(events.keys) == Set(ids))
        for id in ids {
            let item = try await bed.item(id)
            #expect(item["state"]?.string == "completed", "\(id)")
            #expect(item["attempt"]?.int == 1, "\(id)")
            #expect(Set(events[id] ?? []) == ["job.completed"], "\(id)")
        }
        #expect(try bed.workers.reduce(0) { $0 + (try $1.runs().count) } == jobs)
    }

    /// `overlap` counts the prompts that ran or waited on the worker when another was queued.
    private static func expectOnePromptASlot(in bed: Testbed) throws {
        for worker in bed.workers {
            let starts = try worker.log().filter { $0["event"] == "start" }
            #expect(!starts.isEmpty)
            #expect(starts.allSatisfy { $0["overlap"] == 0 })
        }
    }

    /// Throughput against that of workers which never wait: the sum of their own times, divided among them.
    private static func report(_ bed: Testbed) throws {
        var spans: [(start: Double, end: Double)] = []
        var gaps: [Double] = []
        for worker in bed.workers {
            let runs = try worker.log().filter { $0["event"] == "end" }.compactMap { line in
                line["start"]?.double.flatMap { start in line["end"]?.double.map { (start: start, end: $0) } }
            }.sorted { $0.start < $1.start }
            spans += runs
            gaps += zip(runs.dropFirst(), runs).map { $0.start - $1.end }
        }
        gaps.sort()
        let busy = spans.reduce(0) { $0 + $1.end - $1.start } / Double(bed.workers.count)
        let span = (spans.map(\.end).max() ?? 0) - (spans.map(\.start).min() ?? 0)
        let milliseconds = { (seconds: Double) in Int((seconds * 1000).rounded()) }
        print(
            "load: \(spans.count) jobs, \(bed.workers.count) workers, 8 dispatchers: "
                + "\((span * 10).rounded() / 10) s, of which the workers were busy \((busy / span * 100).rounded() / 100); "
                + "between two jobs \(milliseconds(gaps[gaps.count / 2])) ms (median), "
                + "\(milliseconds(gaps[gaps.count * 9 / 10])) (90 %), \(milliseconds(gaps[gaps.count - 1])) (longest)"
        )
    }
}
