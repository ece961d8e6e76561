import Testing

@testable import Handlers

/// All interleavings of submit, claim, death, lost lease, resume, hand-off, cancel, end, announcement and sweep, for two
/// dispatchers, one sweeper and one user who cancels: every reachable moment is visited, and the law holds in each.
///
/// The model's table takes the store's own conditions and differences, made from `Job.transition`. Two attempts, and one
/// interruption (a death, a lapse or a hand-off) at any place: some 1,400,000 moments.
@Suite struct JobModelTests {
    @Test func theLawHoldsInEveryInterleaving() async {
        let model = JobModel(attempts: 2, faults: 1)
        var numbers: [ModelWorld: Int] = [model.start: 0]
        var worlds = [model.start]
        /// Who can reach a world without anything optional.
        var sources: [[Int]] = [[]]
        var broken: Set<String> = []
        var ends: Set<Job.State> = []
        var next = 0
        while next < worlds.count {
            // The other tests wait for a thread of the same few.
            if next.isMultiple(of: 1000) { await Task.yield() }
            let before = worlds[next]
            for step in model.steps(from: before) {
                if let fault = Self.fault(from: before, step, model.table) { broken.insert(fault) }
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
        let stuck = worlds.indices.first { !resting.contains($0) }
        if let stuck { Issue.record("for one: \(worlds[stuck]) with \(model.table[worlds[stuck].job])") }
    }

    /// What a step breaks, nil when it is lawful.
    private static func fault(from before: ModelWorld, _ step: JobModel.Step, _ table: ModelTable) -> String?
    {
        let old = table[before.job]
        let new = table[step.world.job]
        if old.state.isFinal {
            var marked = old
            marked.notificationPending = new.notificationPending
            marked.dueAt = new.dueAt
            marked.version = new.version
            if marked != new { return "a final state was changed: \(old.state) to \(new.state)" }
        } else if new.state.isFinal, !new.notificationPending {
            return "an end that nobody will announce"
        }
        if old.notificationPending, !new.notificationPending, !step.world.isPublished {
            return "taken as announced, and never published"
        }
        if let writer = step.writer, old.state != .running || old.run?.token != "\(writer)" {
            return "a run wrote without its token"
        }
        if old.cancelRequestedAt != nil, old.state == .running, new.state == .queued {
            return "a cancelled job was queued again"
        }
        if new.version < old.version { return "a write that was made for an older version" }
        if new.attempt > 2 { return "more attempts than the policy allows" }
        if step.world.posted >> (new.attempt + 1) != 0 { return "a prompt was sent that no attempt counts" }
        return nil
    }

    /// Ended, announced, and no slot kept from the next job.
    private static func isAtRest(_ world: ModelWorld, _ table: ModelTable) -> Bool {
        let job = table[world.job]
        return job.state.isFinal && !job.notificationPending && world.isPublished
            && world.dispatchers.allSatisfy { $0 == .idle }
            && world.slots.allSatisfy { $0.token == nil || $0.isExpired }
    }
}
