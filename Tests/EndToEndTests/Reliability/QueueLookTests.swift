import Handlers
import JSON
import Synchronization
import TestSupport
import Testing

@testable import comfy_lambda

/// What the packaged dispatcher asks the queue: the optimizer once mixed up the shards' numbers, and pages were read again and again.
@Suite(.timeLimit(.minutes(5)))
struct QueueLookTests {
    private final class Looks: Sendable {
        let limits = Mutex<[String: Set<Int>]>([:])

        func note(_ call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
            if moment == .before, call.caller == "dispatch", call.name == "DynamoDB Query",
                let query = try? JSON(parsing: call.request.body), query["IndexName"]?.string == "queue",
                let shard = query["ExpressionAttributeValues"]?[":v0"]?["S"]?.string
            {
                limits.withLock { _ = $0[shard, default: []].insert(query["Limit"]?.int ?? 0) }
            }
            return .pass
        }
    }

    @Test func aShardThatWasReadToItsEndIsNotReadFurther() async throws {
        try await Testbed.during { bed in
            let looks = Looks()
            bed.calls.judge { looks.note($0, $1) }
            let api = try bed.function(.api)
            let dispatch = try bed.function(.dispatch)
            let sweep = try bed.function(.sweep)
            try await bed.whileFeeding(dispatch: dispatch, sweeps: [sweep]) {
                for id in try await bed.submit(2, steps: 1, to: api) {
                    _ = try await bed.ended(id, within: .seconds(60))
                }
                _ = try await bed.settled()
            }
            let limits = looks.limits.withLock { $0 }
            #expect(limits.count == 12, "four shards of three bands: \(limits.keys.sorted())")
            // The first page of each is all there is.
            #expect(limits.values.allSatisfy { $0.isSubset(of: [1, 10]) }, "\(limits)")
        }
    }
}
