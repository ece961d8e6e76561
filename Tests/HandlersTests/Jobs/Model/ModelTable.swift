import Time

@testable import AWSClients
@testable import Handlers

/// The table of the model: one job, written through the store's own conditions and differences.
///
/// Jobs are interned: a world of the model names them by number, which keeps a hundred thousand worlds small.
final class ModelTable {
    typealias Ref = Int

    private(set) var jobs: [Job] = []
    private var refs: [Job: Ref] = [:]
    private var written: [Write: Ref?] = [:]
    private let policy: JobPolicy
    private let now = Sample.start + .seconds(60)

    /// One conditional write: the event, applied to what was read, met by what is there.
    private struct Write: Hashable {
        var event: JobEvent
        var read: Ref
        var found: Ref
    }

    init(policy: JobPolicy) { self.policy = policy }

    subscript(ref: Ref) -> Job { jobs[ref] }

    func intern(_ job: Job) -> Ref {
        if let known = refs[job] { return known }
        jobs.append(job)
        refs[job] = jobs.count - 1
        return jobs.count - 1
    }

    /// What the table holds after the write; nil when the transition or the write's condition refuses it.
    func write(_ event: JobEvent, read: Ref, found: Ref) -> Ref? {
        let key = Write(event: event, read: read, found: found)
        if let known = written[key] { return known }
        let result = outcome(event, read: jobs[read], found: jobs[found]).map { intern($0) }
        written[key] = .some(result)
        return result
    }

    private func outcome(_ event: JobEvent, read: Job, found: Job) -> Job? {
        guard let transition = try? read.transition(event, at: now, policy: policy) else { return nil }
        var item = JobItem.encode(found)
        guard Self.holds(JobStore.condition(transition, of: read), for: item) else { return nil }
        for update in JobStore.difference(from: JobItem.encode(read), to: JobItem.encode(transition.job)) {
            switch update {
            case .set(let path, let value): item[path.text] = value
            case .remove(let path): item[path.text] = nil
            default: preconditionFailure("the store writes \(update), which the model does not know")
            }
        }
        return try? JobItem.decode(item)
    }

    /// DynamoDB's meaning of the conditions that the store uses.
    private static func holds(_ condition: Condition, for item: Item) -> Bool {
        switch condition {
        case .and(let parts): parts.allSatisfy { holds($0, for: item) }
        case .equals(let path, let value): item[path.text] == value
        case .notExists(let path): item[path.text] == nil
        default: preconditionFailure("the store demands \(condition), which the model does not know")
        }
    }
}
