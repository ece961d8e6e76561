import Time

@testable import Handlers

/// Every step that can come next for a job that is run in two parts: who submits it, the parts' runs, two settlers, a user who
/// cancels.
///
/// A part's own life is `JobModel`'s; here it begins and ends in one step each. `JobParts.settle` goes call by call.
struct PartsModel {
    let table: ModelTable
    let start: PartsWorld
    private let job: Job

    /// A world that can come next.
    struct Step {
        var world: PartsWorld
        /// Nobody may rely on it: a death, a wish.
        var isOptional = false
    }

    init() {
        var policy = JobPolicy()
        policy.attempts = 1
        table = ModelTable(policy: policy)
        var job = Sample.queued()
        job.partNodes = [1, 1]
        self.job = job
        start = PartsWorld(job: table.intern(job))
    }

    func steps(from world: PartsWorld) -> [Step] {
        var steps: [Step] = []
        func step(_ isOptional: Bool = false, _ change: (inout PartsWorld) -> Void) {
            var after = world
            change(&after)
            after.order()
            steps.append(Step(world: after, isOptional: isOptional))
        }
        if let number = world.submitter {
            step { world in
                world.submitter = number == 0 ? 1 : nil
                make(number, &world)
            }
            step(true) { $0.submitter = nil }
        }
        for number in world.parts.indices {
            for written in ends(ofStep: world.parts[number], number) {
                step { $0.parts[number] = written }
            }
        }
        if table[world.job].cancelRequestedAt == nil,
            let marked = table.write(.cancelRequested, read: world.job, found: world.job)
        {
            step(true) { $0.job = marked }
        }
        for (index, settler) in world.settlers.enumerated() {
            if settler == .idle {
                // Two that have not begun are alike.
                if index == 1, world.settlers[0] == .idle { continue }
                if !isOwed(world) { continue }
            } else {
                step(true) { $0.settlers[index] = .idle }
            }
            step { world in world.settlers[index] = next(settler, &world) }
        }
        return steps
    }

    /// What a part can become next by itself.
    private func ends(ofStep ref: ModelTable.Ref?, _ number: Int) -> [ModelTable.Ref] {
        guard let ref else { return [] }
        let part = table[ref]
        func write(_ events: JobEvent...) -> ModelTable.Ref? {
            var written: ModelTable.Ref? = ref
            for event in events { written = written.flatMap { table.write(event, read: $0, found: $0) } }
            return written.map(plain)
        }
        switch part.state {
        case .queued:
            let run = JobEvent.submitted(promptID: "p\(number)", clientID: "c")
            return [write(.claimed(Sample.run), run)].compactMap(\.self)
        case .running:
            let failed = JobEvent.failed(.init(.nodeFailed, "a node failed"), outputs: [])
            return [
                write(.completed([Sample.output])), write(failed),
                part.cancelRequestedAt == nil ? nil : write(.cancelled),
            ].compactMap(\.self)
        case .completed, .failed, .cancelled: return []
        }
    }

    /// Nobody looks at how often an ended part was written, or when it was asked to stop: forgotten, so that there are fewer moments.
    private func plain(_ ref: ModelTable.Ref) -> ModelTable.Ref {
        var part = table[ref]
        guard part.state.isFinal else { return ref }
        part.cancelRequestedAt = nil
        part.version = part.notificationPending ? 1 : 2
        part.attempts = []
        return table.intern(part)
    }

    /// Whether somebody who looks now finds something to do. Who finds nothing changes nothing.
    private func isOwed(_ world: PartsWorld) -> Bool {
        let job = table[world.job]
        if job.notificationPending { return true }
        if world.parts.contains(where: { $0.map { table[$0].notificationPending } ?? false }) { return true }
        return !job.state.isFinal
            && (world.parts.contains(nil) || !unwanted(world.job, world.parts).isEmpty
                || family(world.job, world.parts).next != nil)
    }

    /// Only where there is none.
    private func make(_ number: Int, _ world: inout PartsWorld) {
        guard world.parts[number] == nil else { return }
        world.parts[number] = table.intern(job.makePart(number, at: Sample.start, JobPolicy()))
    }

    private func family(_ job: ModelTable.Ref, _ parts: [ModelTable.Ref?]) -> JobFamily {
        JobFamily(job: table[job], parts: parts.compactMap { $0.map { table[$0] } })
    }

    private func unwanted(_ job: ModelTable.Ref, _ parts: [ModelTable.Ref?]) -> [Int] {
        family(job, parts).unwanted(at: Sample.start).compactMap(\.id.part)
    }

    private func next(_ settler: PartsWorld.Settler, _ world: inout PartsWorld) -> PartsWorld.Settler {
        switch settler {
        case .idle: return .reading(.first, world.job)
        case .reading(let stage, let job): return read(stage, job, world.parts)
        case .making:
            for number in world.parts.indices { make(number, &world) }
            return .reading(.made, world.job)
        case .stopping(let numbers):
            // `applyLatest`: to the part as it is.
            if let number = numbers.first, let now = world.parts[number] {
                world.parts[number] = plain(table.write(.cancelRequested, read: now, found: now) ?? now)
            }
            return numbers.count > 1
                ? .stopping(Array(numbers.dropFirst())) : .reading(.stopped, world.job)
        case .writing(let job, let parts):
            guard let event = family(job, parts).next,
                let written = table.write(event, read: job, found: world.job)
            else { return .reading(.first, world.job) }
            world.job = written
            return mark(written, parts)
        case .marking(let job, let parts):
            for (number, part) in parts.enumerated() {
                guard let part, let now = world.parts[number] else { continue }
                world.parts[number] = plain(table.write(.announced, read: part, found: now) ?? now)
            }
            return table[job].notificationPending ? .publishing(job) : .idle
        case .publishing(let job):
            world.isPublished = true
            return .published(job)
        case .published(let job):
            world.job = table.write(.announced, read: job, found: world.job) ?? world.job
            return .idle
        }
    }

    private func read(
        _ stage: PartsWorld.Settler.Stage, _ job: ModelTable.Ref, _ parts: [ModelTable.Ref?]
    ) -> PartsWorld.Settler {
        let isFinal = table[job].state.isFinal
        if stage == .first, !isFinal, parts.contains(nil) { return .making }
        let unwanted = stage == .stopped || isFinal ? [] : unwanted(job, parts)
        if !unwanted.isEmpty { return .stopping(unwanted) }
        return family(job, parts).next == nil ? mark(job, parts) : .writing(job: job, parts: parts)
    }

    private func mark(_ job: ModelTable.Ref, _ parts: [ModelTable.Ref?]) -> PartsWorld.Settler {
        let ended = parts.map { part in part.flatMap { table[$0].notificationPending ? $0 : nil } }
        if ended.contains(where: { $0 != nil }) { return .marking(job: job, parts: ended) }
        return table[job].notificationPending ? .publishing(job) : .idle
    }
}
