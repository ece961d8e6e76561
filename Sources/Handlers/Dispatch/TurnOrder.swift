import Time

/// In which order queued jobs of one band start: their users take turns. Pure, so that a test needs no table.
/// `docs/decisions/turns.md` says why.
enum TurnOrder {
    /// How many places ahead in the order a job may be whose model is loaded on the free worker.
    static let reach = 8
    /// How much later than the job it goes before it may have been queued.
    static let patience: Duration = .seconds(60)

    /// Where a user stands: who has fewer jobs running is first, then whose last start is longer ago.
    struct Standing: Sendable, Comparable {
        var running: Int
        /// A number that grows with each start; 0 for none that is known.
        var lastStart: UInt64

        static func < (a: Standing, b: Standing) -> Bool {
            (a.running, a.lastStart) < (b.running, b.lastStart)
        }
    }

    /// `candidates`, oldest first, one user's turn after the other's, as far as nobody has more than `limit` running.
    /// Who stands equal begins with the oldest job.
    static func order(
        _ candidates: [Candidate], standings: [String: Standing], limit: Int
    ) -> [Candidate] {
        var waiting: [String: [Candidate]] = [:]
        var users: [String] = []
        for candidate in candidates {
            if waiting[candidate.user] == nil { users.append(candidate.user) }
            waiting[candidate.user, default: []].append(candidate)
        }
        for user in users { waiting[user]?.reverse() }
        var standings = standings
        var start = standings.values.map(\.lastStart).max() ?? 0
        func standing(_ user: String) -> Standing { standings[user] ?? Standing(running: 0, lastStart: 0) }
        var order: [Candidate] = []
        while true {
            // `min` takes the first of equals: the one whose oldest job is the oldest.
            let next = users.filter { standing($0).running < limit }
                .min { standing($0) < standing($1) }
            guard let next, let candidate = waiting[next]?.popLast() else { return order }
            order.append(candidate)
            start += 1
            standings[next] = Standing(running: standing(next).running + 1, lastStart: start)
            if waiting[next]?.isEmpty == true { users.removeAll { $0 == next } }
        }
    }

    /// Which of `order` the free `worker` should take: the first, or one near it whose model is loaded there, if it was
    /// queued hardly later and the first `mayBePassed` once more.
    static func choice(_ order: [Candidate], for worker: Worker, mayBePassed: (Job.ID) -> Bool) -> Int? {
        guard let first = order.first else { return nil }
        if first.isWarm(on: worker) || !mayBePassed(first.id) { return 0 }
        let latest = first.queuedAt + patience
        return order.prefix(reach).firstIndex {
            $0.isWarm(on: worker) && $0.band == first.band && $0.queuedAt <= latest
        } ?? 0
    }
}
