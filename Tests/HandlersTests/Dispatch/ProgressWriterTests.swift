import ComfyUI
import HTTP
import JSON
import Synchronization
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct ProgressWriterTests {
    /// Keeps what is written, and lets a test wait for it.
    private final class Table: Sendable {
        private let percents = Mutex<[Int]>([])
        private let stream: AsyncStream<Int>
        private let continuation: AsyncStream<Int>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        func put(_ progress: JSON) {
            let percent = progress["percent"]?.int ?? -1
            percents.withLock { $0.append(percent) }
            continuation.yield(percent)
        }

        var written: [Int] { percents.withLock { $0 } }

        func wait(for percent: Int) async {
            for await written in stream where written == percent { return }
        }
    }

    private static let graph = try? WorkflowGraph(
        normalizing: .object(
            JSON.Object(
                (0..<100).map {
                    ("\($0)", ["class_type": "A", "inputs": [:]])
                })))

    private func writing(
        every interval: Duration, continuing earlier: JSON? = nil,
        _ body: @escaping @Sendable (ProgressWriter, Table) async -> Void
    ) async throws -> [Int] {
        let graph = try #require(Self.graph)
        return try await testLoop.task {
            let table = Table()
            let writer = ProgressWriter(graph: graph, continuing: earlier) { progress, _ in
                table.put(progress)
            }
            async let _ = writer.write(every: interval, on: testLoop)
            await body(writer, table)
            return table.written
        }.value
    }

    @Test func thereIsASecondBetweenTwoWrites() {
        #expect(ProgressWriter.interval == .seconds(1))
    }

    /// In an interval that never ends nothing follows the first write, whatever comes.
    @Test func manyFramesAreOneWrite() async throws {
        let written = try await writing(every: .seconds(3600)) { writer, table in
            await writer.apply(.executed(promptID: "p", node: "0", output: nil))
            await table.wait(for: 1)
            for node in 1..<90 { await writer.apply(.executed(promptID: "p", node: "\(node)", output: nil)) }
            for _ in 0..<100 { await Task.yield() }
        }
        #expect(written == [1])
    }

    /// What came within the interval is written after it, though no frame follows; never less than before.
    @Test func theLastFrameIsNotForgotten() async throws {
        let written = try await writing(every: .milliseconds(1)) { writer, table in
            for node in 0..<90 { await writer.apply(.executed(promptID: "p", node: "\(node)", output: nil)) }
            await table.wait(for: 90)
        }
        #expect(written == written.sorted())
    }

    @Test func aRunThatIsTakenOverDoesNotFallBack() async throws {
        let earlier: JSON = ["percent": 40, "nodes": ["0": "done"]]
        let written = try await writing(every: .milliseconds(1), continuing: earlier) { writer, table in
            await writer.apply(.executed(promptID: "p", node: "1", output: nil))
            await table.wait(for: 40)
        }
        #expect(written == [40])
    }

    /// Nothing has begun: the first write would delay the next one.
    @Test func aStartIsNoProgress() async throws {
        let written = try await writing(every: .milliseconds(1)) { writer, table in
            await writer.apply(.started(promptID: "p"))
            await writer.apply(.executing(promptID: "p", node: "5"))
            await table.wait(for: 0)
        }
        #expect(written == [0])
    }

    /// The table is out of reach for a moment: it is tried again, though no frame follows.
    @Test func aWriteThatFailsIsTriedAgain() async throws {
        let graph = try #require(Self.graph)
        let table = Table()
        let isDown = Mutex(true)
        try await testLoop.task {
            let writer = ProgressWriter(graph: graph, continuing: nil) { progress, _ in
                let fails = isDown.withLock { isDown in
                    defer { isDown = false }
                    return isDown
                }
                if fails { throw TestFailure("no table") }
                table.put(progress)
            }
            async let _ = writer.write(every: .milliseconds(1), on: testLoop)
            await writer.apply(.executed(promptID: "p", node: "0", output: nil))
            await table.wait(for: 1)
        }.value
        #expect(table.written == [1])
    }

    /// It is told with the progress, once there is one, and stays until another takes its place.
    @Test func whatIsShownGoesWithTheProgress() async throws {
        let graph = try #require(Self.graph)
        let written = Mutex<[Preview?]>([])
        let preview = Preview(
            takenAt: Timestamp(milliseconds: 1), nodeID: "3", contentType: "image/jpeg", width: 64, height: 32
        )
        try await testLoop.task {
            let table = Table()
            let writer = ProgressWriter(graph: graph, continuing: nil) { progress, preview in
                written.withLock { $0.append(preview) }
                table.put(progress)
            }
            async let _ = writer.write(every: .milliseconds(1), on: testLoop)
            await writer.apply(.executed(promptID: "p", node: "0", output: nil))
            await table.wait(for: 1)
            await writer.show(preview)
            await table.wait(for: 1)
            await writer.apply(.executed(promptID: "p", node: "1", output: nil))
            await table.wait(for: 2)
        }.value
        #expect(written.withLock { $0 } == [nil, preview, preview])
    }

    /// By the pace of a node that counts its steps, or when the last node runs.
    @Test func aRunIsNearlyOverHalfASecondBeforeItsEnd() async throws {
        let names = ["1", "2", "3", "4"]
        let graph = try WorkflowGraph(
            normalizing: .object(JSON.Object(names.map { ($0, ["class_type": "A", "inputs": [:]]) })))
        let prompt = "p"
        let writer = ProgressWriter(graph: graph, continuing: nil) { _, _ in }
        let began = ContinuousClock.now
        func steps(_ node: String, _ value: Int) async {
            await writer.apply(.progress(promptID: prompt, node: node, value: value, maximum: 10))
        }
        await writer.apply(.executing(promptID: prompt, node: "1"))
        await steps("1", 9)
        // Four nodes are left: more than what comes behind a sampler.
        #expect(await !writer.isNearlyOver(at: began + .seconds(1)))
        await writer.apply(.executing(promptID: prompt, node: "2"))
        #expect(await !writer.isNearlyOver(at: began + .seconds(1)))
        await steps("2", 5)
        // Half of it in a second: another second to go. Of ten steps nine: a ninth of a second.
        #expect(await !writer.isNearlyOver(at: ContinuousClock.now + .seconds(1)))
        await steps("2", 9)
        #expect(await writer.isNearlyOver(at: ContinuousClock.now + .seconds(1)))
        #expect(await !writer.isNearlyOver(at: ContinuousClock.now + .seconds(10)))
        await writer.apply(.executing(promptID: prompt, node: "3"))
        #expect(await !writer.isNearlyOver(at: ContinuousClock.now + .seconds(1)))
        await writer.apply(.executing(promptID: prompt, node: "4"))
        #expect(await writer.isNearlyOver(at: ContinuousClock.now + .seconds(100)))
    }
}
