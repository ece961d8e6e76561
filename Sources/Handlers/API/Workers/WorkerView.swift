import JSON
import Time

/// A worker, as users see it; how it is doing is shown to administrators alone.
struct WorkerView: Sendable {
    let worker: Worker
    let hasDetails: Bool

    /// What it may be given.
    enum Status: String, Sendable, CaseIterable {
        /// Jobs.
        case ready
        /// Nothing for a moment: a call to it failed.
        case paused
        /// Nothing: it did not answer several times.
        case dead
        /// Nothing more, until an administrator says so.
        case draining
    }

    func status(at now: Timestamp) -> Status {
        if worker.drainingSince != nil { return .draining }
        if worker.isDead { return .dead }
        return worker.isUsable(at: now) ? .ready : .paused
    }

    func json(at now: Timestamp) -> JSON {
        [
            "worker": .string(worker.id), "status": .string(status(at: now).rawValue),
            "labels": .array(worker.labels.map { .string($0) }), "slots": .number(worker.slots),
            "checkpoint": worker.checkpoint.map { .string($0) } ?? .null,
            "checkpoints": worker.checkpoints.map { .array($0.map { .string($0) }) } ?? .null,
            "prompts": .number(worker.queueLength), "seen_at": Self.time(worker.seenAt),
            "details": hasDetails ? details : .null,
        ]
    }

    private var details: JSON {
        [
            "version": (worker.report?.version).map { .string($0) } ?? .null,
            "ram": Self.memory(worker.report?.ram ?? .init()),
            "devices": .array(
                (worker.report?.devices ?? []).map { device in
                    ["name": .string(device.name), "vram": Self.memory(device.memory)]
                }),
            "failures": .number(worker.failures), "left_out_until": Self.time(worker.leftOutUntil),
            "draining_since": Self.time(worker.drainingSince),
        ]
    }

    private static func memory(_ memory: WorkerReport.Memory) -> JSON {
        [
            "total": memory.total.map { .number($0) } ?? .null,
            "free": memory.free.map { .number($0) } ?? .null,
        ]
    }

    private static func time(_ time: Timestamp?) -> JSON { time.map { .string($0.rfc3339) } ?? .null }
}
