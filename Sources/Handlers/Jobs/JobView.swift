import JSON
import Time

/// A job as its user sees it: `api.md`'s "A job". Nothing internal is in it: no address, no token, no prompt id.
struct JobView: Sendable {
    let page: JobDocuments.Page
    /// By output index.
    var addresses: [Int: OutputAddress] = [:]
    var queuePosition: Int?
    /// Of a queued job.
    var estimate = Estimate.unknown
    /// nil where nobody said what a GPU costs.
    var costPerGPUSecond: Double?

    /// `queuePosition` is for queued jobs; null when it was not counted or is over 1,000.
    init(
        _ page: JobDocuments.Page, addresses: [Int: OutputAddress] = [:], queuePosition: Int? = nil,
        costPerGPUSecond: Double? = nil
    ) {
        self.page = page
        self.addresses = addresses
        self.queuePosition = queuePosition
        self.costPerGPUSecond = costPerGPUSecond
    }

    /// For HTTP answers.
    func json(at now: Timestamp) -> JSON {
        var view = common(at: now)
        view["queue_position"] = queuePosition.map { .number($0) } ?? .null
        for (name, value) in estimate.members { view[name] = value }
        view["progress"] = progress
        view["outputs"] = .array(
            page.job.outputs.map { output in
                var json = Self.facts(output)
                let address = addresses[output.index]
                json["url"] = address.map { .string($0.url) } ?? .null
                json["url_expires_at"] = address?.expires.map { .string($0.rfc3339) } ?? .null
                return .object(json)
            })
        view["image_url"] =
            primaryImage.flatMap { addresses[$0.index] }.map { .string($0.url) } ?? .null
        view["metadata"] = page.metadata ?? .null
        if page.job.hasParts {
            view["parts"] = .array(page.job.partNodes.enumerated().map { part($0, nodes: $1) })
        }
        return .object(view)
    }

    private func part(_ number: Int, nodes: Int) -> JSON {
        let part = page.parts.first { $0.id.part == number }
        return [
            "part": .number(number), "status": .string((part?.state ?? .queued).rawValue),
            "nodes": .number(nodes), "started_at": Self.time(part?.startedAt),
            "completed_at": Self.time(part?.completedAt),
            "error": part?.failure.map(Self.error) ?? .null,
        ]
    }

    /// For SNS: bucket, key and path instead of addresses that anyone who reads the message could use. At most 256 KB:
    /// outputs that do not fit are cut, and `output_count` tells how many there are.
    func message(bucket: String, at now: Timestamp, limit: Int = 250_000) -> JSON {
        let job = page.job
        var view = common(at: now)
        view["event"] = job.completionEvent.map { .string($0) } ?? .null
        view["user_id"] = .string(job.user)
        view["path"] = .string("/v1/jobs/\(job.id)")
        view["bucket"] = .string(bucket)
        view["output_count"] = .number(job.outputs.count)
        view["metadata"] = page.metadata ?? .null
        var outputs: [JSON] = []
        var size = JSON.object(view).serialized().count + 20
        for output in job.outputs {
            var json = Self.facts(output)
            json["key"] = .string(output.key)
            size += JSON.object(json).serialized().count + 1
            if size > limit { break }
            outputs.append(.object(json))
        }
        view["outputs"] = .array(outputs)
        return .object(view)
    }

    /// The output that `image_url` and `/image` mean: the primary node's first picture, else the first picture.
    var primaryImage: Job.Output? {
        let images = page.job.outputs.filter { $0.kind == .image }
        return images.first { $0.nodeID == page.job.primaryNode } ?? images.first
    }

    private var progress: JSON {
        switch page.job.state {
        case .queued: .null
        case .completed: page.progress.map(Self.whole) ?? ["percent": 100]
        default: page.progress ?? .null
        }
    }

    /// The last frames of a run may come after its last written progress: what is completed shows as 100%.
    private static func whole(_ progress: JSON) -> JSON {
        guard var object = progress.object else { return ["percent": 100] }
        object["percent"] = 100
        if let total = object["nodes_total"] { object["nodes_done"] = total }
        if let nodes = object["nodes"]?.object {
            var done = nodes
            for name in nodes.keys { done[name] = "done" }
            object["nodes"] = .object(done)
        }
        return .object(object)
    }

    private func common(at now: Timestamp) -> JSON.Object {
        let job = page.job
        // A job takes its parts' attempts over when it ends.
        let attempts =
            job.attempts.isEmpty ? JobFamily(job: job, parts: page.parts).attempts : job.attempts
        var view: JSON.Object = [
            "job_id": .string("\(job.id)"),
            "status": .string(job.state.rawValue),
            "priority": .number(job.priority),
            "created_at": .string(job.createdAt.rfc3339),
            "queued_at": .string(job.queuedAt.rfc3339),
            "started_at": Self.time(job.startedAt),
            "completed_at": Self.time(job.completedAt),
            "seed": job.seed.map { .number($0) } ?? .null,
            "template": job.template?.json ?? .null,
        ]
        view["error"] = job.failure.map(Self.error) ?? .null
        view["attempts"] = .array(attempts.map(Self.attempt))
        view["usage"] = usage(attempts, at: now)
        view["cancel_requested_at"] = Self.time(job.cancelRequestedAt)
        return view
    }

    private static func time(_ value: Timestamp?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }

    private static func error(_ failure: Job.Failure) -> JSON {
        [
            "code": .string(failure.code.rawValue), "message": .string(failure.message),
            "details": failure.details ?? .null,
        ]
    }

    private static func attempt(_ attempt: Job.Attempt) -> JSON {
        var view: JSON.Object = [
            "worker": .string(attempt.worker), "started_at": .string(attempt.startedAt.rfc3339),
            "ended_at": time(attempt.endedAt),
            "error": attempt.error.map { .string($0.rawValue) } ?? .null,
        ]
        if let part = attempt.part { view["part"] = .number(part) }
        return .object(view)
    }

    private func usage(_ attempts: [Job.Attempt], at now: Timestamp) -> JSON {
        let job = page.job
        let end = job.completedAt ?? now
        let queued = (job.startedAt ?? end) - job.queuedAt
        let run = job.startedAt.map { end - $0 } ?? .zero
        var gpu: Int64 = 0
        for attempt in attempts { gpu += ((attempt.endedAt ?? end) - attempt.startedAt).milliseconds }
        return [
            "queue_ms": .number(max(0, queued.milliseconds)),
            "run_ms": .number(max(0, run.milliseconds)),
            "gpu_seconds": JSON.Number(Double(max(0, gpu)) / 1000).map { .number($0) } ?? 0,
            // To the millionth: what is less is nobody's bill.
            "cost":
                costPerGPUSecond
                .flatMap { JSON.Number((Double(max(0, gpu)) / 1000 * $0 * 1e6).rounded() / 1e6) }
                .map { .number($0) } ?? .null,
        ]
    }

    private static func facts(_ output: Job.Output) -> JSON.Object {
        [
            "index": .number(output.index), "node_id": .string(output.nodeID),
            "kind": .string(output.kind.rawValue), "filename": .string(output.filename),
            "content_type": .string(output.contentType), "bytes": .number(output.bytes),
            "sha256": .string(output.sha256), "width": output.width.map { .number($0) } ?? .null,
            "height": output.height.map { .number($0) } ?? .null,
        ]
    }
}

extension JobSummary {
    /// An entry of `GET /v1/jobs`.
    var json: JSON {
        func time(_ value: Timestamp?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }
        return [
            "job_id": .string(id), "status": .string(state.rawValue), "priority": .number(priority),
            "created_at": .string(createdAt.rfc3339), "queued_at": .string(queuedAt.rfc3339),
            "started_at": time(startedAt), "completed_at": time(completedAt),
            "cancel_requested_at": time(cancelRequestedAt), "output_count": .number(outputCount),
            "error": error.map { ["code": .string($0.code), "message": .string($0.message)] } ?? .null,
        ]
    }
}
