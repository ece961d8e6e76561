import Synchronization
import Time

/// What a process remembers of the jobs that it started: whose turn it was, and who was passed over. Bounded; a new process
/// begins with nothing, which costs a user one turn at most.
final class TurnBook: Sendable {
    private struct State {
        var picks = Int.random(in: 1...10)
        var starts: UInt64 = 0
        var lastStarts: [String: UInt64] = [:]
        var passed: [Job.ID: Int] = [:]
        var aloneUntil: [Job.Band: Timestamp] = [:]
        var foreseenUntil: [Job.ID: Timestamp] = [:]
    }

    private let state = Mutex(State())

    /// How often one job is passed over here for another whose model is loaded.
    static let passes = 8
    /// How long it holds that a band has jobs of one user only.
    private static let lonelyTime: Duration = .seconds(10)
    /// How long a foreseen job is left to the slot that it was foreseen for, at most.
    private static let foresight: Duration = .seconds(5)
    private static let capacity = 4096

    /// The order of the bands for the next start: the high one first, but each tenth begins with the low one, and each
    /// tenth with the normal one. Begins anywhere, so that short-lived processes together keep the rhythm.
    func nextBands() -> [Job.Band] {
        let pick = state.withLock { state in
            state.picks = (state.picks + 1) % 10
            return state.picks
        }
        return switch pick {
        case 0: [.low, .normal, .high]
        case 5: [.normal, .high, .low]
        default: [.high, .normal, .low]
        }
    }

    func lastStart(of user: String) -> UInt64 { state.withLock { $0.lastStarts[user] ?? 0 } }

    func started(_ candidate: Candidate) {
        state.withLock { state in
            state.starts += 1
            state.lastStarts[candidate.user] = state.starts
            state.passed[candidate.id] = nil
            if state.lastStarts.count > Self.capacity {
                let oldest = state.starts - UInt64(Self.capacity / 2)
                state.lastStarts = state.lastStarts.filter { $0.value > oldest }
            }
        }
    }

    /// Leaves `job` to one slot for a moment: those that come free together do not all want the same. False when it is another's.
    func foresee(_ job: Job.ID, at now: Timestamp) -> Bool {
        state.withLock { state in
            state.foreseenUntil = state.foreseenUntil.filter { $0.value > now }
            guard state.foreseenUntil[job] == nil else { return false }
            state.foreseenUntil[job] = now + Self.foresight
            return true
        }
    }

    /// Whether it is left to a slot.
    func isForeseen(_ job: Job.ID, at now: Timestamp) -> Bool {
        state.withLock { $0.foreseenUntil[job].map { $0 > now } ?? false }
    }

    /// It was claimed, or will not be.
    func forget(_ job: Job.ID) { state.withLock { $0.foreseenUntil[job] = nil } }

    func mayBePassed(_ job: Job.ID) -> Bool {
        state.withLock { $0.passed[job] ?? 0 } < Self.passes
    }

    func passOver(_ job: Job.ID) {
        state.withLock { state in
            if state.passed.count > Self.capacity { state.passed = [:] }
            state.passed[job, default: 0] += 1
        }
    }

    /// Whether a search for a second user in `band` was in vain a moment ago.
    func isLonely(_ band: Job.Band, at now: Timestamp) -> Bool {
        state.withLock { $0.aloneUntil[band].map { $0 > now } ?? false }
    }

    func foundNobodyElse(in band: Job.Band, at now: Timestamp) {
        state.withLock { $0.aloneUntil[band] = now + Self.lonelyTime }
    }
}
