import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct WatchdogTests {
    /// Runs on a loop and gives what the watchdog's actions have noted once `count` of them have run.
    private func noted(_ count: Int, _ body: @escaping @Sendable (Watchdog, @escaping (Int) -> Void) -> Void)
        async throws -> [Int]
    {
        try await withLoop { loop in
            let (notes, note) = AsyncStream.makeStream(of: Int.self)
            loop.perform { body(Watchdog(on: loop)) { note.yield($0) } }
            var all: [Int] = []
            for await one in notes.prefix(count) { all.append(one) }
            return all
        }
    }

    @Test func `fires when its time is over, once`() async throws {
        let notes = try await noted(1) { dog, note in dog.start(.milliseconds(5)) { note(1) } }
        #expect(notes == [1])
    }

    @Test func `what has stopped does not fire, and the next stretch has its own time`() async throws {
        let notes = try await noted(1) { dog, note in
            dog.start(.milliseconds(5)) { note(1) }
            dog.stop()
            dog.start(.milliseconds(30)) { note(2) }
        }
        #expect(notes == [2])
    }

    @Test func `a stretch that is shorter than the one before fires in time`() async throws {
        let begun = ContinuousClock.now
        let notes = try await noted(1) { dog, note in
            dog.start(.seconds(3600)) { note(1) }
            dog.stop()
            dog.start(.milliseconds(5)) { note(2) }
        }
        #expect(notes == [2])
        #expect(ContinuousClock.now - begun < .seconds(60))
    }

    @Test func `a stretch may begin in the action of the one before`() async throws {
        let notes = try await noted(2) { dog, note in
            dog.start(.milliseconds(1)) {
                note(1)
                dog.start(.milliseconds(1)) { note(2) }
            }
        }
        #expect(notes == [1, 2])
    }

    @Test func `the loop's end ends the stretch`() async throws {
        let loop = EventLoop.onNewThread()
        await withCheckedContinuation { ended in
            loop.perform {
                Watchdog(on: loop).start(.seconds(3600)) { ended.resume() }
                loop.shutdown()
            }
        }
    }
}
