import AWSClients
import Handlers
import JSON
import Synchronization
import TestSupport

@testable import comfy_lambda

/// Where a dispatcher is killed on a job's way.
struct KillPoint: Sendable, Hashable {
    enum Side: String, Sendable, CaseIterable {
        /// The call never left.
        case before
        /// The call is done, and its answer is lost with the dispatcher.
        case after
    }

    /// The outside call, from 1.
    let call: Int
    let side: Side
    /// Counts only the calls of this name.
    var name: String?
}

/// A killed dispatcher's job, and what became of it.
struct KillOutcome: Sendable {
    let point: KillPoint
    /// The call it died at; nil when it never came so far.
    let name: String?
    let aftermath: Aftermath
    /// For whoever has to find out why.
    let log: String
}

/// Numbers the calls of one dispatcher and kills it at one of them.
private final class Executioner: Sendable {
    private struct State {
        var names: [String] = []
        /// The call to die at, once it has begun.
        var last: Int?
        var died: String?
    }

    private let state = Mutex(State())

    var names: [String] { state.withLock(\.names) }
    var died: String? { state.withLock(\.died) }

    /// Answers for a call; `nil` as point lets it live.
    func judge(
        _ call: CallProxy.Call, _ moment: CallProxy.Moment, _ point: KillPoint?, _ kill: () -> Void
    ) -> CallProxy.Fate {
        let isDue = state.withLock { state in
            guard state.died == nil, point?.name ?? call.name == call.name else { return false }
            if moment == .before {
                state.names.append(call.name)
                if state.names.count == point?.call { state.last = call.id }
            }
            guard state.last == call.id, (moment == .before) == (point?.side == .before) else { return false }
            state.died = call.name
            return true
        }
        guard isDue else { return .pass }
        kill()
        return .hangUp
    }
}

extension Testbed {
    static let order = Order(seed: 20_251_121)

    /// The calls of a dispatcher that nobody kills, for so many jobs.
    func undisturbedCalls(jobs: Int = 1) async throws -> [String] {
        let (ids, executioner) = try await dispatchOnce(nil, jobs: jobs)
        for found in try await wholeAftermaths(of: ids) {
            guard found.faults.isEmpty, found.state == "completed" else {
                throw TimedOut(description: "an undisturbed job: \(found)")
            }
        }
        return executioner.names
    }

    /// Kills the dispatcher of a job, or of some jobs of one worker, at each of the points; others finish its work. An outcome for each
    /// job.
    func outcomes(of points: [KillPoint], jobs: Int = 1) async throws -> [KillOutcome] {
        let dispatch = try function(.dispatch, concurrency: 2)
        let sweep = try function(.sweep)
        var outcomes: [KillOutcome] = []
        for point in points {
            let (ids, executioner) = try await dispatchOnce(point, jobs: jobs)
            let found = try await whileFeeding(dispatch: dispatch, sweeps: [sweep]) {
                for id in ids { _ = try await ended(id) }
                return try await wholeAftermaths(of: ids)
            }
            outcomes += found.map {
                KillOutcome(
                    point: point, name: executioner.died, aftermath: $0,
                    log: dispatch.log.tail + "\n" + sweep.log.tail)
            }
        }
        return outcomes
    }

    private func wholeAftermaths(of ids: [String]) async throws -> [Aftermath] {
        let left = try await settled()
        let events = try await announcements()
        var all: [Aftermath] = []
        for id in ids {
            var found = try await aftermath(of: id, announced: events[id] ?? [])
            found.faults += left
            all.append(found)
        }
        return all
    }

    /// New jobs, and one dispatcher that their doorbells wake. These are not delivered again: they stay invisible for longer
    /// than a test lasts, as they would at AWS.
    private func dispatchOnce(_ point: KillPoint?, jobs: Int) async throws -> (ids: [String], Executioner) {
        try await reset()
        let api = try function(.api)
        let dispatch = try function(.dispatch, caller: "doomed")
        var ids: [String] = []
        for number in 0..<jobs {
            var order = Self.order
            order.seed += number
            ids.append(try await submit(order, to: api))
        }
        let doorbells = try await drain(stack.work)
        let executioner = Executioner()
        calls.judge(by: { call, moment in executioner.judge(call, moment, point) { dispatch.kill() } })
        let event = QueueEvent.document(
            doorbells, queueARN: stack.work.arn, region: LocalStack.region)
        _ = try await dispatch.local.invoke(event.serialized())
        calls.judge(by: nil)
        api.kill()
        dispatch.kill()
        return (ids, executioner)
    }
}
