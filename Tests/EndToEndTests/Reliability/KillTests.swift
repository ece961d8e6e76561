import AWSClients
import Handlers
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

/// A dispatcher dies at every call it makes to AWS and ComfyUI, and its job ends all the same: once, announced, with whole
/// outputs, and with nothing left behind.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct KillTests {
    /// Between two calls that change something nothing changes: killing after each of them makes every state that a dead
    /// dispatcher can leave. `make faults` kills at every call, on both sides of it.
    @Test func aJobSurvivesTheDeathOfItsDispatcherAtAnyCall() async throws {
        let calls = try await Testbed.during { try await $0.undisturbedCalls() }
        let all = calls.indices.flatMap { index in
            KillPoint.Side.allCases.map { KillPoint(call: index + 1, side: $0) }
        }
        let sample = all.filter { $0.side == .after && Self.changes(calls[$0.call - 1]) }
        let points = Reliability.isLong ? all : [KillPoint(call: 1, side: .before)] + sample
        let outcomes = try await Self.outcomes(of: points, lanes: 6)
        #expect(outcomes.count == points.count)
        for outcome in outcomes {
            let found = outcome.aftermath
            if Reliability.isLong {
                print("\(outcome.point.side) \(outcome.point.call) \(outcome.name ?? "-") \(found)")
            }
            let place: Comment = "\(outcome.point) \(outcome.name ?? "not reached"): \(found)\n\(outcome.log)"
            #expect(found.faults.isEmpty, place)
            #expect(found.state == "completed", place)
            #expect(found.runs <= 2, place)
        }
        if Reliability.isLong {
            try ReliabilityDocument.write(KillTable(outcomes, calls: calls).text, as: "kill points")
        }
    }

    /// The next job of a slot is claimed in another way than the first: with its attempt, beside the slot's write.
    @Test func theNextJobOfASlotSurvivesTheDeathOfItsDispatcher() async throws {
        let calls = try await Testbed.during { try await $0.undisturbedCalls(jobs: 2) }
        let prompts = calls.indices.filter { calls[$0] == "ComfyUI POST /prompt" }
        let between = try #require(prompts.count == 2 ? prompts[0]...(prompts[1] + 1) : nil)
        let points = between.flatMap { index in
            KillPoint.Side.allCases.map { KillPoint(call: index + 1, side: $0) }
        }.filter { Reliability.isLong || ($0.side == .after && Self.changes(calls[$0.call - 1])) }
        #expect(points.count > 5)
        let outcomes = try await Self.outcomes(of: points, lanes: 6, jobs: 2)
        #expect(outcomes.count == points.count * 2)
        for outcome in outcomes {
            let found = outcome.aftermath
            let place: Comment = "\(outcome.point) \(outcome.name ?? "not reached"): \(found)\n\(outcome.log)"
            #expect(found.faults.isEmpty, place)
            #expect(found.state == "completed", place)
            #expect(found.runs <= 2, place)
        }
    }

    /// An upload in parts that dies is aborted by whoever resumes the job.
    @Test func anUploadInPartsSurvivesTheDeathOfItsDispatcher() async throws {
        let points = [
            KillPoint(call: 1, side: .after, name: "S3 CreateMultipartUpload"),
            KillPoint(call: 1, side: .after, name: "S3 UploadPart"),
            KillPoint(call: 1, side: .before, name: "S3 CompleteMultipartUpload"),
            KillPoint(call: 1, side: .after, name: "S3 CompleteMultipartUpload"),
        ]
        let outcomes = try await Testbed.during(.init(faults: ["pad_outputs=6000000"])) {
            try await $0.outcomes(of: points)
        }
        #expect(outcomes.count == points.count)
        for outcome in outcomes {
            let found = outcome.aftermath
            let place: Comment = "\(outcome.point): \(found)\n\(outcome.log)"
            #expect(outcome.name == outcome.point.name, place)
            #expect(found == Aftermath(state: "completed", attempts: 1, runs: 1), place)
        }
    }

    /// Whether a call changes anything at its service.
    private static func changes(_ name: String) -> Bool {
        let reads = ["DynamoDB Query", "DynamoDB GetItem", "S3 GetObject", "S3 HeadObject"]
        return !reads.contains(name) && (!name.hasPrefix("ComfyUI GET") || name.hasSuffix("/ws"))
    }

    /// Several worlds side by side: most of the time is waiting for leases to run out.
    private static func outcomes(of points: [KillPoint], lanes: Int, jobs: Int = 1) async throws
        -> [KillOutcome]
    {
        let outcomes = try await withThrowingTaskGroup(of: [KillOutcome].self) { group in
            for lane in 0..<lanes {
                let share = stride(from: lane, to: points.count, by: lanes).map { points[$0] }
                group.addTask { try await Testbed.during { try await $0.outcomes(of: share, jobs: jobs) } }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return outcomes.sorted {
            ($0.point.call, $0.point.side == .before ? 0 : 1) < (
                $1.point.call, $1.point.side == .before ? 0 : 1
            )
        }
    }
}
