import HTTP
import JSON
import TestSupport
import Testing

/// The runtime under AWS's own emulator, as on Lambda Managed Instances: many invocations at once in one process.
@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: Emulator.playsManagedInstances, "the emulator must be root to play Managed Instances"))
struct ManagedInstancesTests {
    private func start(_ handler: String, concurrency: Int, timeout: Int = 10) async throws -> Emulator {
        try await Emulator(
            [BuiltProgram.path("TestFunctions")], handler: handler, timeout: timeout, concurrency: concurrency
        )
    }

    /// Every one waits for all: if the process took one after the other, none would be answered.
    @Test func `64 invocations overlap in one process, each with its own id`() async throws {
        let emulator = try await start("together", concurrency: 64)
        let answers = try await withThrowingTaskGroup { group in
            for number in 0..<64 { group.addTask { (number, try await emulator.invoke("\(number)")) } }
            return try await group.reduce(into: [Int: JSON]()) { all, one in
                all[one.0] = try JSON(parsing: one.1.body)
            }
        }
        #expect(answers.count == 64)
        #expect(Set(answers.values.compactMap { $0["requestID"]?.string }).count == 64)
        #expect(Set(answers.values.compactMap { $0["process"]?.int }).count == 1)
        for (number, answer) in answers { #expect(answer["event"]?.int == number) }
    }

    @Test func `an invocation that throws leaves the others alone`() async throws {
        let emulator = try await start("fallible", concurrency: 4)
        for _ in 0..<8 {
            let failed = try await emulator.invoke(#""throw""#)
            #expect(try JSON(parsing: failed.body)["errorType"] == "Test.Thrown")
            #expect(try await emulator.invoke("7").text == "7")
        }
    }
}
