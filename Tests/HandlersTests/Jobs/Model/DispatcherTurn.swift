@testable import Handlers

/// What one dispatcher of the model can do next.
struct DispatcherTurn {
    let world: ModelWorld
    let index: Int
    let table: ModelTable
    private(set) var steps: [JobModel.Step] = []

    init(world: ModelWorld, index: Int, table: ModelTable) {
        self.world = world
        self.index = index
        self.table = table
    }

    private var job: Job { table[world.job] }

    mutating func take() {
        let mine = world.dispatchers[index]
        if mine.hold != nil, world.faults > 0 {
            go(.idle, isOptional: true) { $0.faults -= 1 }
        }
        switch mine {
        case .idle:
            takeSlot()
            takeOver()
        case .readQueued(let hold, let read):
            if owns(hold) {
                go(.assigned(hold, read)) { $0.slots[hold.slot] = .init(token: hold.token, namesJob: true) }
            } else {
                go(.idle)
                go(.slotLost(hold, read))
            }
            // Side by side with the slot's write, which may be the later one. That of a lost job changes nothing then.
            claimCounted(hold, read, then: ModelWorld.Dispatcher.unnamed, otherwise: .freeing(hold))
        case .assigned(let hold, let read):
            let run = Job.Run(token: "\(hold.token)", worker: "w", slot: hold.slot)
            write(.claimed(run), read: read) { ref, _ in
                .claimed(hold, ref)
            } otherwise: {
                .freeing(hold)
            }
            claimCounted(hold, read, then: ModelWorld.Dispatcher.marked, otherwise: .freeing(hold))
        case .unnamed(let hold, let read):
            if owns(hold) {
                go(.marked(hold, read)) { $0.slots[hold.slot] = .init(token: hold.token, namesJob: true) }
            } else {
                go(.misplaced(hold, read))
            }
        case .slotLost(let hold, let read):
            claimCounted(hold, read, then: ModelWorld.Dispatcher.misplaced, otherwise: .idle)
        case .misplaced(let hold, let read):
            write(.released, read: read, as: hold) { _, _ in
                .idle
            } otherwise: {
                .idle
            }
        case .claimed(let hold, let read):
            let prompt = JobEvent.submitted(
                promptID: "prompt-\(table[read].attempt + 1)", clientID: "client")
            write(prompt, read: read, as: hold) { ref, _ in
                .marked(hold, ref)
            } otherwise: {
                .idle
            }
        case .marked(let hold, let read):
            if table[read].cancelRequestedAt != nil {
                end(hold, .cancelled)
            } else {
                let attempt = table[read].attempt
                go(.watching(hold, read)) { $0.posted |= 1 << attempt }
            }
        case .watching(let hold, let read): watch(hold, read)
        case .announcing(let hold, let read):
            giveBackEarly(hold)
            go(.published(hold, read)) { $0.isPublished = true }
            // The topic refuses: left to the sweep.
            go(.freeing(hold))
        case .published(let hold, let read):
            giveBackEarly(hold)
            write(.announced, read: read) { _, _ in
                .freeing(hold)
            } otherwise: {
                .freeing(hold)
            }
        case .freeing(let hold):
            let isOurs = owns(hold)
            go(.idle) { if isOurs { $0.slots[hold.slot] = .init() } }
        case .tookOver(let hold, let token):
            guard job.run?.token == token else { return go(.freeing(hold)) }
            write(.resumed(token: "\(hold.token)"), read: world.job) {
                $1.run?.promptID == nil ? .claimed(hold, $0) : .watching(hold, $0)
            } otherwise: {
                .freeing(hold)
            }
        }
    }

    /// The claim of a job whose prompt can be sent at once.
    private mutating func claimCounted(
        _ hold: ModelWorld.Hold, _ read: ModelTable.Ref,
        then next: (ModelWorld.Hold, ModelTable.Ref) -> ModelWorld.Dispatcher,
        otherwise: ModelWorld.Dispatcher
    ) {
        var run = Job.Run(token: "\(hold.token)", worker: "w", slot: hold.slot)
        run.promptID = "prompt-\(table[read].attempt + 1)"
        run.clientID = "client"
        write(.claimed(run), read: read, then: { ref, _ in next(hold, ref) }, otherwise: { otherwise })
    }

    /// A free slot, or one whose lease is over and whose job is not there any more.
    private mutating func takeSlot() {
        guard job.state == .queued else { return }
        // The slots are alike: the first that can be had stands for both.
        let free = world.slots.indices.first {
            let slot = world.slots[$0]
            return slot.token == nil || (slot.isExpired && (!slot.namesJob || job.run?.slot != $0))
        }
        let read = world.job
        if let free { hold(free, namesJob: false) { .readQueued($0, read) } }
    }

    /// A resume of a run whose lease is over; or its worker is not configured any more, and the job is given up there.
    private mutating func takeOver() {
        guard let run = job.run else { return }
        let slot = world.slots[run.slot]
        guard slot.token == nil || slot.isExpired else { return }
        if slot.token == nil || slot.namesJob || slot.token.map({ "\($0)" }) == run.token {
            hold(run.slot, namesJob: true) { .tookOver($0, run.token) }
        }
        let event: JobEvent =
            job.cancelRequestedAt != nil
            ? .cancelled : run.promptID == nil ? .released : .attemptFailed(Self.lost, delay: .zero)
        write(event, read: world.job) { _, _ in
            .idle
        } otherwise: {
            .idle
        }
    }

    private mutating func watch(_ hold: ModelWorld.Hold, _ read: ModelTable.Ref) {
        end(hold, .attemptFailed(Self.lost, delay: .zero))
        if world.posted & 1 << table[read].attempt != 0 {
            end(hold, .completed([Sample.output]))
            end(hold, .failed(.init(.nodeFailed, "a node failed"), outputs: []))
        }
        if job.cancelRequestedAt != nil { end(hold, .cancelled) }
        if owns(hold) {
            if world.faults > 0 {
                // Handed off: the lease is over at once.
                go(.idle, isOptional: true) {
                    $0.slots[hold.slot].isExpired = true
                    $0.faults -= 1
                }
            }
            if world.slots[hold.slot].isExpired {
                go(.watching(hold, read)) { $0.slots[hold.slot].isExpired = false }
            }
        } else {
            go(.idle)
        }
    }

    /// The run's result is written under its token; where a cancellation forbids the queue, the job is cancelled.
    private mutating func end(_ hold: ModelWorld.Hold, _ event: JobEvent) {
        guard job.run?.token == "\(hold.token)" else { return go(.idle) }
        let chosen =
            table.write(event, read: world.job, found: world.job) == nil ? JobEvent.cancelled : event
        write(chosen, read: world.job, as: hold) {
            $1.state.isFinal ? .announcing(hold, $0) : .freeing(hold)
        } otherwise: {
            .idle
        }
    }

    /// The slot goes to the next job, or back, while the end is still being announced.
    private mutating func giveBackEarly(_ hold: ModelWorld.Hold) {
        if owns(hold) { go(world.dispatchers[index]) { $0.slots[hold.slot] = .init() } }
    }

    private static let lost = Job.Failure(.workerLost, "the worker is gone")

    private func owns(_ hold: ModelWorld.Hold) -> Bool { world.slots[hold.slot].token == hold.token }

    /// The smallest that nobody remembers: as good as one never used, and the moments stay comparable.
    private func freshToken() -> Int {
        var used = Set(world.slots.compactMap(\.token))
        var seen = [world.job]
        if case .read(let ref) = world.user { seen.append(ref) }
        for dispatcher in world.dispatchers {
            if let token = dispatcher.hold?.token { used.insert(token) }
            if let ref = dispatcher.job { seen.append(ref) }
            if case .tookOver(_, let token) = dispatcher, let number = Int(token) { used.insert(number) }
        }
        for ref in seen {
            if let token = table[ref].run.flatMap({ Int($0.token) }) { used.insert(token) }
        }
        return (0...).first { !used.contains($0) } ?? 0
    }

    private mutating func hold(
        _ slot: Int, namesJob: Bool, then next: (ModelWorld.Hold) -> ModelWorld.Dispatcher
    ) {
        let hold = ModelWorld.Hold(slot: slot, token: freshToken())
        go(next(hold)) {
            $0.slots[slot] = .init(token: hold.token, namesJob: namesJob)
        }
    }

    private mutating func write(
        _ event: JobEvent, read: ModelTable.Ref, as writer: ModelWorld.Hold? = nil,
        then next: (ModelTable.Ref, Job) -> ModelWorld.Dispatcher, otherwise: () -> ModelWorld.Dispatcher
    ) {
        if let written = table.write(event, read: read, found: world.job) {
            go(next(written, table[written]), writer: writer?.token) { $0.job = written }
        } else {
            go(otherwise())
        }
    }

    private mutating func go(
        _ next: ModelWorld.Dispatcher, isOptional: Bool = false, writer: Int? = nil,
        _ change: (inout ModelWorld) -> Void = { _ in }
    ) {
        var after = world
        after.dispatchers[index] = next
        change(&after)
        after.order()
        steps.append(.init(world: after, isOptional: isOptional, writer: writer))
    }
}
