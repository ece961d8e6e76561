import JSON
import Synchronization
import TestSupport

/// What passed the proxies of a test, and the test's judgement of it.
final class CallRecord: Sendable {
    private struct State {
        var judge: CallProxy.Judge?
        var finalWrites: [String: Int] = [:]
    }

    private let state = Mutex(State())

    /// Sets who judges the calls from now on; nil lets all pass.
    func judge(by judge: CallProxy.Judge?) { state.withLock { $0.judge = judge } }

    /// Forgets the judge and what was seen.
    func reset() { state.withLock { $0 = State() } }

    /// How often a job's state was written as a final one, by anybody.
    func finalWrites(of job: String) -> Int { state.withLock { $0.finalWrites[job, default: 0] } }

    /// What the proxies ask.
    func judge(_ call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
        if moment == .after(status: 200), let job = Self.finalWrite(call) {
            state.withLock { $0.finalWrites[job, default: 0] += 1 }
        }
        return state.withLock(\.judge)?(call, moment) ?? .pass
    }

    /// The job that a call moves from an open state to a final one.
    private static func finalWrite(_ call: CallProxy.Call) -> String? {
        guard call.name == "DynamoDB UpdateItem", let input = try? JSON(parsing: call.request.body),
            let partition = input["Key"]?["pk"]?["S"]?.string, partition.hasPrefix("JOB#"),
            input["Key"]?["sk"]?["S"]?.string == "JOB"
        else { return nil }
        let values = (input["ExpressionAttributeValues"]?.object?.keys ?? []).compactMap {
            input["ExpressionAttributeValues"]?[$0]?["S"]?.string
        }
        let isFinal = values.contains { ["completed", "failed", "cancelled"].contains($0) }
        let wasOpen = values.contains { ["queued", "running"].contains($0) }
        return isFinal && wasOpen ? String(partition.dropFirst("JOB#".count)) : nil
    }
}
