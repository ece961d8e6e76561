import Crypto
import Time

@testable import Handlers

/// Jobs for tests: one of each state, with fixed ids and times.
enum Sample {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    static let id = Job.ID("01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b")!

    static func queued(user: String = "alice", id: Job.ID = Sample.id) -> Job {
        Job(id: id, user: user, createdAt: start)
    }

    static let run = Job.Run(token: "token-1", worker: "w-1", slot: 0)

    static func claimed() throws -> Job {
        try queued().transition(.claimed(run), at: start + .seconds(1)).job
    }

    static func submitted() throws -> Job {
        try claimed().transition(
            .submitted(promptID: "prompt-1", clientID: "client-1"), at: start + .seconds(2)
        ).job
    }

    static let output = Job.Output(
        index: 0, nodeID: "9", kind: .image, filename: "comfy_00001_.png", contentType: "image/png",
        bytes: 1234, sha256: String(repeating: "ab", count: 32), width: 512, height: 768,
        key: "outputs/alice/01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b/1/0.png")

    static func completed() throws -> Job {
        try submitted().transition(.completed([output]), at: start + .seconds(5)).job
    }
}
