import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// What becomes of jobs when ComfyUI fails them.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct WorkerFaultTests {
    /// The shortest schedule, so that nobody waits a minute.
    private static func options(_ worker: Worker, _ variables: [String: String] = [:])
        -> ServedSystem.Options
    {
        .init(
            arguments: ["--sweep-every", "1"],
            variables: ["SWEEP_ATTENTION_SECONDS": "1", "HEARTBEAT_SECONDS": "1"].merging(variables) { $1 },
            comfyUI: [worker.url])
    }

    private static func health(_ api: APIClient, is status: Int) async throws -> JSON {
        try await eventually("health \(status)") {
            let answer = try await api.get("/health/ready")
            // Written out: a bare `nil` in a conditional expression would be a JSON null, and an answer.
            if answer.status == status { return answer.json }
            return nil
        }
    }

    @Test func aJobWaitsForAWorkerThatIsDown() async throws {
        let worker = try await Worker()
        try await ServedSystem.during(Self.options(worker)) { system in
            let api = system.api
            _ = try await Self.health(api, is: 200)
            await worker.kill()
            let id = try await api.generate()
            let report = try await Self.health(api, is: 503)
            #expect(report["error"]?["code"] == "SERVICE_UNAVAILABLE")
            #expect(report["error"]?["details"]?["workers_alive"] == 0)
            let waiting = try await api.job(id)
            #expect(waiting["status"] == "queued")
            #expect(waiting["attempts"] == [])

            let back = try await worker.restarted()
            let job = try await api.job(id, is: "completed")
            #expect(job["attempts"]?.array?.count == 1)
            _ = try await Self.health(api, is: 200)
            #expect(try back.runs().count == 1)
        }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let fault: String
        let code: String
        let attempts: Int
        /// Members of `error.details`.
        let details: [String]
        var testDescription: String { fault }
    }

    @Test(arguments: [
        Fault(fault: "reject_prompt=1", code: "WORKFLOW_REJECTED", attempts: 1, details: ["errors"]),
        Fault(
            fault: "raise_on=KSampler", code: "NODE_FAILED", attempts: 1,
            details: ["node_id", "class_type", "exception_type"]),
        Fault(
            fault: "oom_on=KSampler", code: "OUT_OF_MEMORY", attempts: 2,
            details: ["node_id", "class_type", "exception_type"]),
    ])
    func aFailedJobSaysWhy(_ wrong: Fault) async throws {
        let worker = try await Worker(faults: [wrong.fault])
        try await ServedSystem.during(Self.options(worker)) { system in
            let id = try await system.api.generate()
            let job = try await system.api.job(id, is: "failed")
            #expect(job["error"]?["code"]?.string == wrong.code)
            #expect(job["attempts"]?.array?.count == wrong.attempts)
            for name in wrong.details {
                #expect(job["error"]?["details"]?[name] != nil, "\(job["error"]?.text ?? "")")
            }
            let message = try await system.announcement(of: id)
            #expect(message["event"] == "job.failed")
            #expect(message["error"]?["code"]?.string == wrong.code)
        }
    }

    /// Its queue and history are gone with it, so the job is run again.
    @Test func aKilledWorkerRunsTheJobAgain() async throws {
        let worker = try await Worker(stepMilliseconds: 200)
        try await ServedSystem.during(Self.options(worker)) { system in
            let id = try await system.api.generate(steps: 100)
            try await eventually("a run") { try worker.runs().count == 1 ? true : nil }
            await worker.kill()
            let back = try await worker.restarted()
            let job = try await system.api.job(id, is: "completed")
            #expect(job["attempts"]?.array?.count == 2)
            #expect(job["attempts"]?[0]?["error"] == "WORKER_LOST")
            #expect(try back.runs().count == 2)
        }
    }
}
