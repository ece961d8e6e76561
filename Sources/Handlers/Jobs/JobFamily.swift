import AWSClients
import JSON
import Time

/// A job that is run in parts, with its parts: what they come to together. Pure, as `Job.transition` is, which uses it.
struct JobFamily: Sendable, Hashable {
    var job: Job
    /// Those that are there, in their order. One that is missing was not made yet: whoever submitted the job died before.
    var parts: [Job]

    /// The numbers of the parts that nobody has made yet.
    var missing: [Int] {
        let made = Set(parts.compactMap(\.id.part))
        return job.partNodes.indices.filter { !made.contains($0) }
    }

    /// The parts that are to be told to stop: all that are open, once the user wants it, the time is over, or one has failed.
    func unwanted(at now: Timestamp) -> [Job] {
        guard
            job.cancelRequestedAt != nil || job.isOverTime(at: now)
                || parts.contains(where: { $0.state == .failed })
        else { return [] }
        return parts.filter { !$0.state.isFinal && $0.cancelRequestedAt == nil }
    }

    /// What happens to the job next; nil while there is nothing.
    var next: JobEvent? {
        if job.state.isFinal { return nil }
        if missing.isEmpty, parts.allSatisfy(\.state.isFinal) { return .partsEnded(parts) }
        return job.state == .queued ? startedAt.map { .partStarted($0) } : nil
    }

    /// When its first part began.
    var startedAt: Timestamp? { parts.compactMap(\.startedAt).min() }

    /// Of all parts, oldest first.
    var attempts: [Job.Attempt] {
        let all = parts.flatMap { part in
            part.attempts.map { attempt in
                var attempt = attempt
                attempt.part = part.id.part
                return attempt
            }
        }
        return all.sorted {
            ($0.startedAt.milliseconds, $0.part ?? 0) < ($1.startedAt.milliseconds, $1.part ?? 0)
        }
    }

    /// What is in the bucket, numbered through in the order of the parts. As many as a job may have.
    var outputs: [Job.Output] {
        parts.flatMap(\.outputs).prefix(OutputStore.limit).enumerated().map { index, output in
            var output = output
            output.index = index
            return output
        }
    }

    /// Of the part that failed first; else of the job: more outputs than fit, or stopped for want of time.
    var failure: Job.Failure? {
        let failed = parts.filter { $0.state == .failed }
        let first = failed.min { ($0.completedAt ?? .now) < ($1.completedAt ?? .now) }
        if let first { return first.failure }
        if parts.contains(where: { $0.state == .cancelled }) {
            return job.cancelRequestedAt == nil ? job.timeoutFailure : nil
        }
        let count = parts.reduce(0) { $0 + $1.outputs.count }
        guard count > OutputStore.limit else { return nil }
        return Job.Failure(
            .storageFailed, "The parts left \(count) outputs; at most \(OutputStore.limit) are kept.")
    }

    /// How the job ends when all of its parts have.
    var endState: Job.State {
        if failure != nil { return .failed }
        return parts.allSatisfy { $0.state == .completed } ? .completed : .cancelled
    }
}

extension JobFamily {
    /// How far all parts are together, from what each has written of itself; nil while there is nothing to tell.
    ///
    /// Each part counts by its nodes. What runs is shown of the first part that runs.
    func progress(_ documents: [Int: JSON]) -> JSON? {
        var (weighted, done) = (0, 0)
        var nodes: [(key: String, value: JSON)] = []
        var running: JSON?
        for part in parts {
            guard let number = part.id.part, job.partNodes.indices.contains(number) else { continue }
            let total = job.partNodes[number]
            let document = documents[number]
            let isDone = part.state == .completed
            for (id, state) in document?["nodes"]?.object ?? [:] {
                nodes.append((id, isDone ? "done" : state))
            }
            weighted += total * (isDone ? 100 : min(100, max(0, document?["percent"]?.int ?? 0)))
            done += isDone ? total : min(total, max(0, document?["nodes_done"]?.int ?? 0))
            if part.state == .running { running = running ?? document }
        }
        if nodes.isEmpty, done == 0 { return nil }
        var states = JSON.Object()
        for (id, state) in nodes.sorted(by: { $0.key < $1.key }) { states[id] = state }
        let total = max(1, job.partNodes.reduce(0, +))
        return [
            "percent": .number(min(weighted / total, job.state == .completed ? 100 : 99)),
            "value": running?["value"] ?? 0, "max": running?["max"] ?? 0,
            "node_id": running?["node_id"] ?? .null, "class_type": running?["class_type"] ?? .null,
            "nodes_done": .number(done), "nodes_total": .number(total), "nodes": .object(states),
        ]
    }
}
