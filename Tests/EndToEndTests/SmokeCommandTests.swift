import JSON
import TestSupport
import Testing

/// `comfy-lambda smoke` against a system that is up, as it is run against a deployed one.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SmokeCommandTests {
    @Test func aSystemThatDrawsPasses() async throws {
        try await ServedSystem.during { system in
            let run = try await Program.run(["smoke", "--url", system.api.address, "--json"])
            #expect(run.status == 0, "\(run.errors)")
            let seen = try JSON(parsing: run.output)
            let id = try #require(seen["job_id"]?.string)
            let job = try await system.api.job(id, is: "completed")
            #expect(seen["picture"]?["sha256"] == job["outputs"]?[0]?["sha256"])
            #expect(seen["picture"]?["width"] == 512)
            // Where the picture lies is a secret of whoever asked.
            #expect(!run.output.contains("X-Amz-Signature"))
        }
    }

    @Test func aSystemThatRefusesTheJobFailsWithItsReason() async throws {
        try await ServedSystem.during { system in
            let run = try await Program.run([
                "smoke", "--url", system.api.address, "--model", "../none.safetensors",
            ])
            #expect(run.status == 1)
            #expect(run.output.isEmpty)
            #expect(
                run.errors.contains("The API refused the job: status 400, VALIDATION_ERROR"), "\(run.errors)")
        }
    }
}
