import ComfyUI
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct PreviewWriterTests {
    /// A bucket that takes its time as a test says, and remembers.
    private final class Bucket: Sendable {
        private struct State {
            var stored: [(image: [UInt8], preview: Preview)] = []
            var onTheWay = 0
            var most = 0
            var failures = 0
        }

        private let state = Mutex(State())
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init(failures: Int = 0) {
            (stream, continuation) = AsyncStream.makeStream()
            state.withLock { $0.failures = failures }
        }

        /// Every other task that is ready goes first, some times.
        func put(_ image: [UInt8], _ preview: Preview) async throws {
            state.withLock {
                $0.onTheWay += 1
                $0.most = max($0.most, $0.onTheWay)
            }
            for _ in 0..<50 { await Task.yield() }
            let fails = state.withLock { state in
                state.onTheWay -= 1
                state.failures -= 1
                if state.failures < 0 { state.stored.append((image, preview)) }
                return state.failures >= 0
            }
            continuation.yield()
            if fails { throw TestFailure("no bucket") }
        }

        /// As many have come, stored or not.
        func wait(for count: Int) async {
            var seen = 0
            for await _ in stream {
                seen += 1
                if seen == count { return }
            }
        }

        var stored: [(image: [UInt8], preview: Preview)] { state.withLock { $0.stored } }
        var most: Int { state.withLock { $0.most } }
    }

    private static let graph: JSON = [
        "3": ["class_type": "KSampler", "inputs": [:]], "9": ["class_type": "SaveImage", "inputs": [:]],
    ]

    /// The recorded picture, told from others by what is behind its end.
    private static func frame(_ number: UInt8, node: String = "3") throws -> PreviewFrame {
        let recorded = try #require(
            PreviewFrame(frame: try Fixtures.bytes("comfyui/preview-frame-type1.bin")))
        return try frame(recorded.image + [number], node: node)
    }

    private static func frame(_ image: [UInt8], node: String = "3") throws -> PreviewFrame {
        let metadata = JSON.object(["node_id": .string(node)]).serialized()
        return try #require(
            PreviewFrame(frame: [0, 0, 0, 4, 0, 0, 0, UInt8(metadata.count)] + metadata + image))
    }

    /// Runs `body` beside a writer.
    private func writing(
        to bucket: Bucket, every interval: Duration = .milliseconds(1),
        _ body: @escaping @Sendable (PreviewWriter) async throws -> Void
    ) async throws {
        let graph = try WorkflowGraph(normalizing: Self.graph)
        try await testLoop.task {
            let writer = PreviewWriter(graph: graph) { try await bucket.put($0, $1) }
            async let _ = writer.write(every: interval, on: testLoop)
            try await body(writer)
        }.value
    }

    @Test func thereIsASecondBetweenTwoPictures() {
        #expect(PreviewWriter.interval == .seconds(1))
    }

    @Test func aPictureIsStoredWithWhatItIs() async throws {
        let bucket = Bucket()
        let frame = try Self.frame(1)
        try await writing(to: bucket) { writer in
            await writer.take(frame)
            await bucket.wait(for: 1)
        }
        let stored = try #require(bucket.stored.first)
        #expect(stored.image == frame.image)
        #expect(stored.preview.contentType == "image/jpeg")
        #expect([stored.preview.width, stored.preview.height] == [512, 512])
        #expect(stored.preview.nodeID == "3")
    }

    /// While one is on its way, those that come take each other's place.
    @Test func onlyTheNewestWaits() async throws {
        let bucket = Bucket()
        let frames = try (1...20).map { try Self.frame($0) }
        try await writing(to: bucket) { writer in
            for frame in frames { await writer.take(frame) }
            await bucket.wait(for: 1)
            for frame in frames { await writer.take(frame) }
            await bucket.wait(for: 1)
        }
        #expect(bucket.most == 1)
        #expect(bucket.stored.count <= 3)
        #expect(bucket.stored.last?.image.last == 20)
    }

    /// In an interval that never ends nothing follows the first.
    @Test func thereIsOneInAnInterval() async throws {
        let bucket = Bucket()
        let frames = try (1...20).map { try Self.frame($0) }
        try await writing(to: bucket, every: .seconds(3600)) { writer in
            await writer.take(frames[0])
            await bucket.wait(for: 1)
            for frame in frames { await writer.take(frame) }
            for _ in 0..<200 { await Task.yield() }
        }
        #expect(bucket.stored.map { $0.image.last } == [1])
    }

    /// A PNG of 5,000 × 1, and things that are no pictures, under the name of one.
    private static let refused: [[UInt8]] = [
        Array("<html><script>alert(1)</script></html>".utf8),
        Array(#"<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>"#.utf8),
        Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0],
        [0xFF, 0xD8, 0xFF],
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
            + [0, 0, 0x13, 0x88, 0, 0, 0, 1, 8, 2, 0, 0, 0],
        [0],
    ]

    @Test(arguments: refused.indices) func whatIsNoPictureIsNotStored(_ index: Int) async throws {
        let bucket = Bucket()
        let hostile = try Self.frame(Self.refused[index])
        let good = try Self.frame(1)
        try await writing(to: bucket) { writer in
            await writer.take(hostile)
            // So that it is looked at by itself.
            for _ in 0..<100 { await Task.yield() }
            await writer.take(good)
            await bucket.wait(for: 1)
        }
        #expect(bucket.stored.map(\.image) == [good.image])
    }

    @Test func aNodeThatIsNotTheGraphsIsNotNamed() async throws {
        let bucket = Bucket()
        let frame = try Self.frame(1, node: "<script>")
        try await writing(to: bucket) { writer in
            await writer.take(frame)
            await bucket.wait(for: 1)
        }
        #expect(bucket.stored.count == 1)
        #expect(bucket.stored.first?.preview.nodeID == nil)
    }

    @Test func oneThatIsNotTakenIsForgotten() async throws {
        let bucket = Bucket(failures: 1)
        let frames = try (1...2).map { try Self.frame($0) }
        try await writing(to: bucket) { writer in
            await writer.take(frames[0])
            await bucket.wait(for: 1)
            await writer.take(frames[1])
            await bucket.wait(for: 1)
        }
        #expect(bucket.stored.map { $0.image.last } == [2])
    }

    /// The run is over: what waits is not stored, nor what still comes, and nobody is kept.
    @Test func afterTheRunNothingIsStored() async throws {
        let bucket = Bucket()
        let frame = try Self.frame(1)
        let graph = try WorkflowGraph(normalizing: Self.graph)
        try await testLoop.task {
            let writer = PreviewWriter(graph: graph) { try await bucket.put($0, $1) }
            await writer.take(frame)
            await writer.finish()
            await writer.take(frame)
            await writer.write(on: testLoop)
        }.value
        #expect(bucket.stored.isEmpty)
    }
}
