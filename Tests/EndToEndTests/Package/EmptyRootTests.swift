import Glibc
import JSON
import TestSupport
import Testing

/// The packaged program where there is nothing of the system but /proc and /dev/urandom.
@Suite(.serialized, .timeLimit(.minutes(3)), .ifMountingIsPermitted)
struct EmptyRootTests {
    /// The status that each event of the session is answered with, where the answer has one.
    private static let session: [(event: String, status: Int?)] = [
        ("01-api-ready.json", 200), ("02-api-generate.json", 202), ("03-api-generate-out-of-range.json", 400),
        ("04-api-generate-rest.json", 202), ("05-sweep-schedule.json", nil),
        ("06-dispatch-doorbell.json", nil), ("07-api-jobs-load-balancer.json", 200),
        ("08-api-foreign-job.json", 404),
    ]
    private static let folder = Program.project + "/dev/events/session"

    @Test func whereMountingIsPermittedTheRecordedSessionIsServed() async throws {
        let (root, state) = (try EmptyRoot(), try TemporaryFolder())
        let run = try await Program.run([
            "replay", Self.folder, "--json", "--bootstrap", root.program, "--state", state.path,
        ])
        #expect(run.status == 0, "\(run.errors)")
        let results = try #require(try JSON(parsing: run.output).array)
        #expect(results.map { $0["event"]?.string } == Self.session.map(\.event))
        #expect(results.map { $0["response"]?["statusCode"]?.int } == Self.session.map(\.status))
        #expect(results[5]["response"] == ["batchItemFailures": []])
    }

    @Test func whereMountingIsPermittedTheRecordedSessionIsServedUnderTheRealEmulator() async throws {
        let root = try EmptyRoot()
        try await ServedSystem.during { system in
            for handler in ["api", "sweep", "dispatch"] {
                let emulator = try await Emulator(
                    [root.program], handler: handler, environment: system.environment, timeout: 60)
                for (event, status) in Self.session where event.dropFirst(3).hasPrefix(handler) {
                    let answer = try await emulator.invoke(try Fixtures.bytes(Self.folder + "/" + event))
                    #expect(answer.status == 200)
                    let document = try JSON(parsing: answer.body)
                    #expect(document["errorType"] == nil, "\(event): \(answer.text)")
                    #expect(document["statusCode"]?.int == status, "\(event): \(answer.text)")
                }
            }
        }
    }

    @Test func whereMountingIsPermittedItRefusesToStartWithoutRandomness() async throws {
        let root = try EmptyRoot(hasRandomDevice: false)
        let run = try await Program.run([
            "invoke", "--handler", "api", "--event", Self.folder + "/01-api-ready.json", "--bootstrap",
            root.program, "--env", "TABLE_NAME=t",
        ])
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(
            run.errors.contains(
                "Runtime.MissingRandomness: /dev/urandom is no device that can be read: "
                    + "without it DNS answers could be forged"), "\(run.errors)")
    }
}
