import JSON
import Time

/// A batch, as its user sees it: what its jobs add up to.
struct BatchView: Sendable {
    let outcome: BatchSubmission.Outcome

    private var record: BatchRecord { outcome.record }

    /// Whether nothing of it waits or runs any more.
    var isFinal: Bool { outcome.jobs.values.allSatisfy(\.state.isFinal) }

    /// As a job's: running from the first start to the last end; failed when a job failed, else cancelled when one was.
    var state: Job.State {
        let states = outcome.jobs.values.map(\.state)
        if !isFinal { return states.allSatisfy { $0 == .queued } ? .queued : .running }
        if states.contains(.failed) { return .failed }
        return states.contains(.cancelled) ? .cancelled : .completed
    }

    var json: JSON {
        var counts: JSON.Object = [:]
        for state in Job.State.allCases {
            counts[state.rawValue] = .number(outcome.jobs.values.count { $0.state == state })
        }
        counts["refused"] = .number(record.entries.count - record.jobs.count)
        counts["missing"] = .number(record.jobs.count - outcome.jobs.count)
        return [
            "batch_id": .string("\(record.id)"), "status": .string(state.rawValue),
            "created_at": .string(record.createdAt.rfc3339), "counts": .object(counts),
            "items": .array(record.entries.indices.map(item)),
        ]
    }

    private func item(_ index: Int) -> JSON {
        var id: Job.ID?
        var error = outcome.errors[index].map {
            Self.error($0.code.rawValue, $0.message, $0.details)
        }
        switch record.entries[index] {
        case .job(let job): id = job
        case .refused(let code):
            error =
                error
                ?? Self.error(code, "It was refused when the batch was made; that answer says why.", nil)
        }
        let job = id.flatMap { outcome.jobs[$0] }
        if let failure = job?.failure {
            error = Self.error(failure.code.rawValue, failure.message, failure.details)
        }
        func time(_ value: Timestamp?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }
        return [
            "index": .number(index), "job_id": id.map { .string("\($0)") } ?? .null,
            "status": job.map { .string($0.state.rawValue) } ?? .null,
            "seed": (job?.seed).map { .number($0) } ?? .null, "started_at": time(job?.startedAt),
            "completed_at": time(job?.completedAt), "output_count": .number(job?.outputs.count ?? 0),
            "error": error ?? .null,
        ]
    }

    private static func error(_ code: String, _ message: String, _ details: JSON?) -> JSON {
        ["code": .string(code), "message": .string(message), "details": details ?? .null]
    }
}
