@testable import Handlers

/// Every step that anybody can take next, for two dispatchers, a sweeper and a user who cancels.
///
/// A step is at most one call of the table, of a worker or of the topic, so that a death or another's step may come
/// between any two of them. The steps follow `Dispatcher`, `JobQueue`, `JobRunner`, `SlotPool` and `Sweeper`.
struct JobModel {
    let table: ModelTable
    let start: ModelWorld

    /// A world that can come next.
    struct Step {
        var world: ModelWorld
        /// Nobody may rely on it: a death, a lapse, the time running out, a user changing their mind.
        var isOptional = false
        /// The token under which a run wrote the job's item.
        var writer: Int?
    }

    init(attempts: Int, faults: Int) {
        var policy = JobPolicy()
        policy.attempts = attempts
        table = ModelTable(policy: policy)
        start = ModelWorld(job: table.intern(Sample.queued()), faults: faults)
    }

    func steps(from world: ModelWorld) -> [Step] {
        var steps: [Step] = []
        for index in world.dispatchers.indices {
            var turn = DispatcherTurn(world: world, index: index, table: table)
            turn.take()
            steps += turn.steps
        }
        leaseSteps(world, &steps)
        sweeperSteps(world, &steps)
        userSteps(world, &steps)
        return steps
    }

    /// The lease of a dead or a handed-off run ends by itself; that of a living one only by a lapse.
    private func leaseSteps(_ world: ModelWorld, _ steps: inout [Step]) {
        for (number, slot) in world.slots.enumerated() {
            guard let token = slot.token, !slot.isExpired else { continue }
            var after = world
            after.slots[number].isExpired = true
            if world.dispatchers.contains(where: { $0.hold?.token == token }) {
                guard world.faults > 0 else { continue }
                after.faults -= 1
                steps.append(Step(world: after, isOptional: true))
            } else {
                steps.append(Step(world: after))
            }
        }
    }

    private func sweeperSteps(_ world: ModelWorld, _ steps: inout [Step]) {
        var after = world
        switch world.sweeper {
        case .idle:
            let job = table[world.job]
            if job.notificationPending {
                after.sweeper = .readFinal(world.job)
                steps.append(Step(world: after))
            }
            let end: JobEvent? =
                switch job.state {
                case .queued: .waitedTooLong
                case .running where isLeaseOver(world): .failed(job.timeoutFailure, outputs: [])
                default: nil
                }
            if let end, let written = table.write(end, read: world.job, found: world.job) {
                after = world
                after.job = written
                steps.append(Step(world: after, isOptional: true))
            }
        case .readFinal(let job):
            after.sweeper = .published(job)
            after.isPublished = true
            steps.append(Step(world: after))
        case .published(let job):
            after.sweeper = .idle
            after.job = table.write(.announced, read: job, found: world.job) ?? world.job
            steps.append(Step(world: after))
        }
    }

    private func isLeaseOver(_ world: ModelWorld) -> Bool {
        guard let run = table[world.job].run else { return false }
        let slot = world.slots[run.slot]
        return slot.token.map { "\($0)" } != run.token || slot.isExpired
    }

    private func userSteps(_ world: ModelWorld, _ steps: inout [Step]) {
        var after = world
        switch world.user {
        case .waiting: after.user = .read(world.job)
        case .read(let job):
            if let written = table.write(.cancelRequested, read: job, found: world.job) {
                after.job = written
                after.user = .done
            } else if job == world.job {
                after.user = .done
            } else {
                after.user = .read(world.job)
            }
        case .done: return
        }
        steps.append(Step(world: after, isOptional: true))
    }
}
