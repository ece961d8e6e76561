import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// A job outlives the invocation that runs it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct DispatchTests {
    @Test func aLongJobIsHandedOff() async throws {
        let worker = try await Worker(stepMilliseconds: 200)
        let options = ServedSystem.Options(
            arguments: ["--dispatch-timeout", "4", "--sweep-every", "1"],
            variables: ["HANDOFF_MARGIN_SECONDS": "1", "HEARTBEAT_SECONDS": "1"], comfyUI: [worker.url])
        try await ServedSystem.during(options) { system in
            // 12 s of work for invocations of 4 s.
            let id = try await system.api.generate(steps: 60)
            let job = try await system.api.job(id, is: "completed")
            #expect(job["attempts"]?.array?.count == 1)
            #expect(try worker.runs().count == 1)
            let log = try Fixtures.text(system.folder.path + "/state/logs/dispatch.log")
            #expect(log.split(separator: "run handed off").count > 2)
            #expect(try await system.announcement(of: id)["event"] == "job.completed")
        }
    }

    /// Their doorbells were answered while the only slot was taken. An idle machine needs no sweep for it (10.8 s seen); on a busy one an
    /// invocation of 4 s may end before it can ring, and the sweep after a minute makes up for that.
    @Test func aQueueOutlivesTheInvocation() async throws {
        let worker = try await Worker(stepMilliseconds: 100)
        let options = ServedSystem.Options(
            arguments: ["--dispatch-timeout", "4"], variables: ["HANDOFF_MARGIN_SECONDS": "1"],
            comfyUI: [worker.url])
        try await ServedSystem.during(options) { system in
            var jobs: [String] = []
            for number in 1...6 { jobs.append(try await system.api.generate("number \(number)", steps: 10)) }
            for id in jobs {
                let job = try await system.api.job(id, is: "completed", within: .seconds(100))
                #expect(job["attempts"]?.array?.count == 1)
            }
            #expect(try worker.runs().count == 6)
        }
    }

    @Test func aKilledDispatchersJobIsResumed() async throws {
        let worker = try await Worker(stepMilliseconds: 100)
        let options = ServedSystem.Options(
            arguments: ["--sweep-every", "1"],
            variables: ["LEASE_SECONDS": "2", "HEARTBEAT_SECONDS": "1", "SWEEP_ATTENTION_SECONDS": "1"],
            comfyUI: [worker.url])
        try await ServedSystem.during(options) { system in
            let id = try await system.api.generate(steps: 60)
            try await eventually("a run") { try worker.runs().count == 1 ? true : nil }
            let dispatchers = ProcessTable.descendants(of: system.process.id).filter {
                ProcessTable.environment(of: $0.id).contains("_HANDLER=dispatch")
            }
            #expect(!dispatchers.isEmpty)
            for dispatcher in dispatchers { kill(dispatcher.id, SIGKILL) }
            let job = try await system.api.job(id, is: "completed")
            #expect(job["attempts"]?.array?.count == 1)
            #expect(try worker.runs().count == 1)
            #expect(try await system.announcement(of: id)["event"] == "job.completed")
        }
    }
}
