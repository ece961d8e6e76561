import AWSClients
import Synchronization
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct SharedLooksTests {
    private final class Reader: Sendable {
        private let answers: Mutex<[Result<SharedLooks.Look, AWSError>]>
        let reads = Atomic(0)

        init(_ answers: [Result<SharedLooks.Look, AWSError>]) { self.answers = Mutex(answers) }

        func read() async -> Result<SharedLooks.Look, AWSError> {
            reads.add(1, ordering: .relaxed)
            // The others come meanwhile.
            for _ in 0..<10 { await Task.yield() }
            return answers.withLock { $0.removeFirst() }
        }
    }

    private let empty = SharedLooks.Look(pages: BandPages(band: .high), candidates: [])

    @Test func slotsThatComeFreeTogetherLookOnce() async throws {
        let reader = Reader([.success(empty), .success(empty)])
        let looks = SharedLooks(on: testLoop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { _ = try await looks.look(at: .high) { await reader.read() } }
            }
            try await group.waitForAll()
        }
        #expect(reader.reads.load(ordering: .relaxed) == 1)
        // Each band has its own.
        _ = try await looks.look(at: .low) { await reader.read() }
        #expect(reader.reads.load(ordering: .relaxed) == 2)
    }

    @Test func aLookThatFailedIsNoLook() async throws {
        let error = AWSError(.transport, "no answer", service: "dynamodb", operation: "Query")
        let reader = Reader([.failure(error), .success(empty)])
        let looks = SharedLooks(on: testLoop)
        await #expect(throws: AWSError.self) {
            try await looks.look(at: .high) { await reader.read() }
        }
        #expect(try await looks.look(at: .high) { await reader.read() }.candidates.isEmpty)
    }
}
