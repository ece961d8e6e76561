import Glibc
import HTTP
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    @Test func runGivesTheResultAndTheErrorBack() throws {
        struct Wrong: Error {}
        #expect(try EventLoop().run { 42 } == 42)
        #expect(throws: Wrong.self) { try EventLoop().run { throw Wrong() } }
    }

    @Test func aLoopCanBeRunAgain() throws {
        let loop = EventLoop()
        #expect(try loop.run { 1 } == 1)
        #expect(try loop.run { 2 } == 2)
    }

    @Test func everythingStaysOnTheLoopsThread() async throws {
        try await withLoop { loop in
            let threads = try await loop.task {
                var threads = [EventLoop.current === loop]
                await Task.yield()
                threads.append(EventLoop.current === loop)
                try await loop.sleep(for: .milliseconds(1))
                threads.append(EventLoop.current === loop)
                threads += await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            await Task.yield()
                            return EventLoop.current === loop
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                async let other = EventLoop.current === loop
                threads.append(await other)
                return threads
            }.value
            #expect(threads == Array(repeating: true, count: 8))
            #expect(EventLoop.current == nil)
        }
    }

    @Test func sleepsEndInTheOrderOfTheirLength() async throws {
        try await withLoop { loop in
            let order = await withTaskGroup(of: Int.self) { group in
                for milliseconds in [90, 30, 60] {
                    group.addTask {
                        try? await loop.sleep(for: .milliseconds(milliseconds))
                        return milliseconds
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(order == [30, 60, 90])
        }
    }

    @Test(arguments: [true, false]) func aCancelledSleepThrows(onTheLoop: Bool) async throws {
        try await withLoop { loop in
            let sleep: @Sendable () async throws -> Void = { try await loop.sleep(for: .seconds(3600)) }
            let task = onTheLoop ? loop.task(sleep) : Task { try await sleep() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func waitsForADescriptor() async throws {
        try await withLoop { loop in
            let ends = try pipeEnds()
            defer { for end in ends { close(end) } }
            try await loop.wait(for: .writable, of: ends[1])
            let reader = loop.task { try await loop.wait(for: .readable, of: ends[0]) }
            var byte: UInt8 = 1
            #expect(unsafe write(ends[1], &byte, 1) == 1)
            try await reader.value
        }
    }

    @Test func theEndOfAPipeIsReadable() async throws {
        try await withLoop { loop in
            let ends = try pipeEnds()
            defer { close(ends[0]) }
            let reader = loop.task { try await loop.wait(for: .readable, of: ends[0]) }
            close(ends[1])
            try await reader.value
        }
    }

    @Test func twoTasksMayWaitForOneDescriptor() async throws {
        try await withLoop { loop in
            let ends = try pipeEnds()
            defer { for end in ends { close(end) } }
            let first = loop.task { try await loop.wait(for: .readable, of: ends[0]) }
            let second = loop.task { try await loop.wait(for: .readable, of: ends[0]) }
            let abandoned = loop.task { try await loop.wait(for: .readable, of: ends[0]) }
            abandoned.cancel()
            await #expect(throws: CancellationError.self) { try await abandoned.value }
            var byte: UInt8 = 1
            #expect(unsafe write(ends[1], &byte, 1) == 1)
            try await first.value
            try await second.value
        }
    }

    @Test func aDescriptorThatCannotBeWatchedThrows() async throws {
        try await withLoop { loop in
            await #expect(throws: EventLoop.UnwatchableDescriptor.self) {
                try await loop.wait(for: .readable, of: 1_000_000)
            }
        }
    }

    @Test func aSignalRunsItsActionOnTheLoop() async throws {
        try await withLoop { loop in
            let (stream, continuation) = AsyncStream.makeStream(of: Bool.self)
            loop.onSignal(SIGUSR1) { continuation.yield(EventLoop.current === loop) }
            try await loop.task {}.value
            kill(getpid(), SIGUSR1)
            var signals = stream.makeAsyncIterator()
            #expect(await signals.next() == true)
        }
    }

    @Test func shutdownEndsWhatWaits() async throws {
        let loop = EventLoop.onNewThread()
        let sleeper = loop.task { try await loop.sleep(for: .seconds(3600)) }
        // The task after it has run, so the sleep has begun.
        try await loop.task {}.value
        loop.shutdown()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test func aDeadlineCancelsTheBody() async throws {
        try await withLoop { loop in
            await #expect(throws: DeadlineExceeded.self) {
                try await withDeadline(.milliseconds(5), on: loop) {
                    try await loop.sleep(for: .seconds(3600))
                }
            }
            let result = try await withDeadline(.seconds(3600), on: loop) { EventLoop.current === loop }
            #expect(result)
        }
    }

    private func pipeEnds() throws -> [Int32] {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe ends.withUnsafeMutableBufferPointer { unsafe pipe($0.baseAddress) } == 0)
        return ends
    }
}
