import Time

/// Which queued job goes to which free place: a worker that has the job's model loaded first, then the one with the shortest
/// queue. Pure, so that a test needs no table.
struct Placement: Sendable {
    /// Room for one job more on a worker, as far as is known: only taking a slot tells.
    struct Place: Sendable {
        var worker: Worker
        /// How often it is still tried without a job coming of it.
        var tries = 2
    }

    /// The queued jobs, in the order in which they should start.
    var candidates: [Candidate] = []
    private(set) var places: [Place]
    private let elsewhere: Bool

    /// `workers` are those that jobs may be sent to, in any order; `held` says how many of a worker's slots are known to be held.
    init(_ workers: [Worker], held: [String: Int] = [:]) {
        elsewhere = workers.count > 1
        // Shuffled: many dispatchers at once do not all begin at the same worker.
        places = workers.flatMap { worker in
            Array(repeating: Place(worker: worker), count: max(0, worker.slots - held[worker.id, default: 0]))
        }.shuffled()
    }

    /// Whether any place could take it.
    func fits(_ candidate: Candidate, at now: Timestamp) -> Bool {
        places.contains { candidate.mayRun(on: $0.worker, elsewhere: elsewhere, at: now) }
    }

    /// Takes the next job and its place out; nil when no job fits any place.
    mutating func next(at now: Timestamp, _ book: TurnBook) -> (place: Place, candidate: Candidate)? {
        for (index, first) in candidates.enumerated() {
            guard let best = bestPlace(for: first, at: now) else { continue }
            let place = places.remove(at: best)
            let later = candidates[index...].filter {
                $0.mayRun(on: place.worker, elsewhere: elsewhere, at: now)
            }
            let choice = TurnOrder.choice(later, for: place.worker, mayBePassed: book.mayBePassed) ?? 0
            if choice > 0 { book.passOver(first.id) }
            candidates.removeAll { $0.id == later[choice].id }
            return (place, later[choice])
        }
        return nil
    }

    /// Puts back a job that found no slot.
    mutating func putBack(_ candidate: Candidate) { candidates.insert(candidate, at: 0) }

    /// Puts back a place whose slot was given back.
    mutating func putBack(_ place: Place) {
        if place.tries > 0 { places.append(place) }
    }

    private func bestPlace(for candidate: Candidate, at now: Timestamp) -> Int? {
        let others = candidates.prefix(TurnOrder.reach)
        var best: (index: Int, rank: (Int, Int))?
        for (index, place) in places.enumerated()
        where candidate.mayRun(on: place.worker, elsewhere: elsewhere, at: now) {
            // One that is warm for another job is better left to that.
            let warmth =
                candidate.isWarm(on: place.worker)
                ? 0 : others.contains { $0.isWarm(on: place.worker) } ? 2 : 1
            // Of a worker with several places those that are taken here count as its queue.
            let free = places.count { $0.worker.id == place.worker.id }
            let queue = place.worker.queueLength + place.worker.slots - free
            if let best, best.rank <= (warmth, queue) { continue }
            best = (index, (warmth, queue))
        }
        return best?.index
    }
}
