import Testing

@testable import Handlers

/// All interleavings of making, starting, ending, stopping and taking in two parts of a job, with deaths at any place: some
/// 130,000 moments.
@Suite struct PartsModelTests {
    @Test func theLawOfPartsHoldsInEveryInterleaving() async {
        let model = PartsModel()
        var numbers: [PartsWorld: Int] = [model.start: 0]
        var worlds = [model.start]
        var sources: [[Int]] = [[]]
        var broken: Set<String> = []
        var ends: Set<Job.State> = []
        var next = 0
        while next < worlds.count {
            // The other tests wait for a thread of the same few.
            if next.isMultiple(of: 1000) { await Task.yield() }
            let before = worlds[next]
            for step in model.steps(from: before) {
                if let fault = Self.fault(from: before, step.world, model.table) { broken.insert(fault) }
                let number: Int
                if let known = numbers[step.world] {
                    number = known
                } else {
                    number = worlds.count
                    numbers[step.world] = number
                    worlds.append(step.world)
                    sources.append([])
                    ends.insert(model.table[step.world.job].state)
                }
                if !step.isOptional { sources[number].append(next) }
            }
            next += 1
        }
        #expect(broken.isEmpty)
        #expect(ends == Set(Job.State.allCases))

        // From wherever it stands, the work that is owed leads to rest without another death or wish.
        var resting = Set(worlds.indices.filter { Self.isAtRest(worlds[$0], model.table) })
        var frontier = Array(resting)
        while let number = frontier.popLast() {
            for source in sources[number] where resting.insert(source).inserted { frontier.append(source) }
        }
        #expect(resting.count == worlds.count, "\(worlds.count - resting.count) moments lead nowhere")
    }

    /// What a step breaks, nil when it is lawful.
    private static func fault(from before: PartsWorld, _ after: PartsWorld, _ table: ModelTable) -> String? {
        let old = table[before.job]
        let new = table[after.job]
        let parts = after.parts.map { $0.map { table[$0] } }
        if old.state.isFinal {
            var marked = old
            marked.notificationPending = new.notificationPending
            marked.dueAt = new.dueAt
            marked.version = new.version
            if marked != new { return "a final state was changed: \(old.state) to \(new.state)" }
        }
        if new.state.isFinal, !parts.allSatisfy({ $0?.state.isFinal ?? false }) {
            return "a part that outlives its job"
        }
        if old.notificationPending, !new.notificationPending, !after.isPublished {
            return "taken as announced, and never published"
        }
        if !old.state.isFinal, new.state.isFinal {
            if !new.notificationPending { return "an end that nobody will announce" }
            let states = parts.compactMap(\.?.state)
            let outputs = states.filter { $0 == .completed }.count
            if new.outputs.count != outputs { return "outputs that are not those of the completed parts" }
            switch new.state {
            case .completed where states != [.completed, .completed]: return "completed without all parts"
            case .failed where !states.contains(.failed): return "failed for no reason"
            case .cancelled where new.cancelRequestedAt == nil: return "cancelled by nobody"
            default: break
            }
        }
        for (was, now) in zip(before.parts, parts) {
            guard let was = was.map({ table[$0] }), was.state.isFinal else { continue }
            if now?.state != was.state { return "a part's end was changed" }
            if was.notificationPending, now?.notificationPending == false, !new.state.isFinal,
                parts.allSatisfy({ $0?.state.isFinal ?? false }),
                parts.allSatisfy({ $0?.notificationPending == false })
            {
                return "all parts taken in, and the job has not ended"
            }
        }
        return nil
    }

    /// Ended, announced, every part taken in, and nobody has anything to do.
    private static func isAtRest(_ world: PartsWorld, _ table: ModelTable) -> Bool {
        let job = table[world.job]
        return job.state.isFinal && !job.notificationPending && world.isPublished && world.submitter == nil
            && world.settlers.allSatisfy { $0 == .idle }
            && world.parts.allSatisfy { $0.map { !table[$0].notificationPending } ?? false }
    }
}
