import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

@testable import ComfyUI

@Suite(.timeLimit(.minutes(1))) struct ExecutionWatcherTests {
    private static let id = "d61f162a-38bc-4e02-b245-b1d994287a91"
    private static let queued: JSON = [
        "queue_running": [[0, .string(id), [:], [:], []]], "queue_pending": [],
    ]
    private static let empty: JSON = ["queue_running": [], "queue_pending": []]
    private static let executingNull = #"{"type":"executing","data":{"node":null,"prompt_id":"\#(id)"}}"#
    private static let succeeded = #"{"type":"execution_success","data":{"prompt_id":"\#(id)"}}"#

    /// The recorded run's history and frames.
    private static func recorded() throws -> (entry: StubWorker.Answer, frames: [String]) {
        let run = try Recording("01-run-success")
        let entry = try #require(run.histories.first { $0.promptID == id }?.entry)
        return (.json([id: entry]), run.frames())
    }

    private struct Watch: Sendable {
        var end: Result<String, ComfyUIError>
        var events: Int
        /// The nodes of the previews.
        var previews: [String?] = []
    }

    /// Opens and watches with short periods.
    private func watch(
        _ worker: StubWorker, opening: Bool = true, silence: Duration = .seconds(20),
        patience: Duration = .seconds(20), wantsPreviews: Bool = false
    ) async throws -> Watch {
        try await onLoop { loop in
            let counter = Counter()
            let previews = Previews()
            var watcher = ExecutionWatcher(
                client: worker.client(loop), loop: loop, promptID: Self.id, clientID: "c",
                wantsPreviews: wantsPreviews)
            watcher.silence = silence
            watcher.moment = .milliseconds(5)
            if opening { await watcher.open() }
            do throws(ComfyUIError) {
                switch try await watcher.watch(
                    patience: patience, onPreview: { previews.add($0.nodeID) },
                    onEvent: { _ in counter.add() })
                {
                case .finished(let entry):
                    return Watch(
                        end: .success("finished \(entry.files.map(\.filename))"), events: counter.value,
                        previews: previews.value)
                case .lost: return Watch(end: .success("lost"), events: counter.value)
                }
            } catch {
                return Watch(end: .failure(error), events: counter.value)
            }
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        func add() { count.withLock { $0 += 1 } }
        var value: Int { count.withLock { $0 } }
    }

    private final class Previews: Sendable {
        private let nodes = Mutex<[String?]>([])
        func add(_ node: String?) { nodes.withLock { $0.append(node) } }
        var value: [String?] { nodes.withLock { $0 } }
    }

    private static let done = "finished [\"ok01_00001_.png\"]"

    @Test("a recorded run, watched to its end")
    func recordedRun() async throws {
        let (entry, frames) = try Self.recorded()
        let worker = try StubWorker(socket: { socket, _ in
            for frame in frames { try socket.send(frame) }
            try socket.waitForClose()
        }) { request, _ in
            request.target.hasPrefix("/history") ? entry : .status(500)
        }
        let watch = try await watch(worker)
        #expect(try watch.end.get() == Self.done)
        // All but four frames of status.
        #expect(watch.events == frames.count - 4)
        #expect(worker.requests.map(\.summary) == ["GET /ws?clientId=c", "GET /history/\(Self.id)"])
    }

    @Test("the history may come a moment late")
    func lateHistory() async throws {
        let (entry, _) = try Self.recorded()
        let worker = try StubWorker(socket: { socket, _ in
            try socket.send(Self.executingNull)
            try socket.waitForClose()
        }) { request, count in
            request.target == "/queue" ? .json(Self.empty) : count < 1 ? .json([:]) : entry
        }
        #expect(try await watch(worker).end.get() == Self.done)
        #expect(worker.sockets.opened == 1)
    }

    @Test("success is not the end, and a socket that closes is opened anew after the first is closed")
    func reconnects() async throws {
        let (entry, _) = try Self.recorded()
        let ended = Counter()
        let worker = try StubWorker(socket: { socket, index in
            if index == 0 { return try socket.send(Self.succeeded) }
            try socket.send(#"{"type":"executing","data":{"node":"2"}}"#)
            ended.add()
            try socket.send(Self.executingNull)
            try socket.waitForClose()
        }) { request, _ in
            request.target == "/queue" ? .json(Self.queued) : ended.value == 0 ? .json([:]) : entry
        }
        let watch = try await watch(worker)
        #expect(try watch.end.get() == Self.done)
        #expect(worker.sockets.most == 1)
    }

    @Test("a silent socket is closed before the next is opened")
    func silence() async throws {
        let (entry, _) = try Self.recorded()
        let reconnected = Counter()
        let worker = try StubWorker(socket: { socket, index in
            // Frames about others are no sign of life.
            try socket.send(#"{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}"#)
            try socket.send(#"{"type":"executing","data":{"node":null,"prompt_id":"someone-else"}}"#)
            if index > 0 { reconnected.add() }
            try socket.waitForClose()
        }) { request, _ in
            request.target == "/queue" ? .json(Self.queued) : reconnected.value < 2 ? .json([:]) : entry
        }
        let watch = try await watch(worker, silence: .milliseconds(50))
        #expect(try watch.end.get() == Self.done)
        #expect(watch.events == 0)
        #expect(worker.sockets.most == 1)
    }

    @Test("previews that nobody wants count as a sign of life and are not handed on")
    func unwantedPreviews() async throws {
        let (entry, _) = try Self.recorded()
        let preview = try Fixtures.bytes("comfyui/preview-frame-type4.bin")
        let worker = try StubWorker(socket: { socket, _ in
            try socket.send(preview)
            try socket.send(Self.executingNull)
            try socket.waitForClose()
        }) { _, _ in entry }
        let watch = try await watch(worker)
        #expect(try watch.end.get() == Self.done)
        #expect(watch.events == 1)
        #expect(watch.previews.isEmpty)
    }

    /// Those of other prompts are not ours, and what is no preview is nothing.
    @Test("previews that are wanted are asked for on each socket and handed on")
    func wantedPreviews() async throws {
        let (entry, _) = try Self.recorded()
        let foreign = try Fixtures.bytes("comfyui/preview-frame-type4.bin")
        let plain = try Fixtures.bytes("comfyui/preview-frame-type1.bin")
        let metadata = Array(#"{"node_id":"7","prompt_id":"\#(Self.id)"}"#.utf8)
        let ours = [0, 0, 0, 4, 0, 0, 0, UInt8(metadata.count)] + metadata + [0xFF, 0xD8, 0xFF]
        let asked = Counter()
        let worker = try StubWorker(socket: { socket, index in
            // Nothing else was sent before.
            let message = try socket.receiveText()
            let flags: JSON = ["type": "feature_flags", "data": ["supports_preview_metadata": true]]
            if (try? JSON(parsing: message)) == flags { asked.add() }
            if index == 0 { return try socket.send(plain) }
            for frame in [foreign, ours, [0, 0, 0, 1], plain] { try socket.send(frame) }
            try socket.send(Self.executingNull)
            try socket.waitForClose()
        }) { request, count in
            // Asked when the first socket has closed, when the second is open, and at the end.
            request.target == "/queue" ? .json(Self.queued) : count < 2 ? .json([:]) : entry
        }
        let watch = try await watch(worker, wantsPreviews: true)
        #expect(try watch.end.get() == Self.done)
        #expect(asked.value == 2)
        #expect(watch.previews == [nil, "7", nil])
        #expect(watch.events == 1)
    }

    @Test("without a socket it asks")
    func noSocket() async throws {
        let (entry, _) = try Self.recorded()
        let worker = try StubWorker { request, count in
            switch request.target {
            case "/queue": .json(Self.queued)
            case "/history/\(Self.id)": count < 3 ? .json([:]) : entry
            default: .status(404)
            }
        }
        #expect(try await watch(worker, silence: .milliseconds(10)).end.get() == Self.done)
    }

    @Test("a run that ended before anyone listened is found at once")
    func resumed() async throws {
        let (entry, _) = try Self.recorded()
        let worker = try StubWorker(socket: { socket, _ in try socket.waitForClose() }) { _, _ in entry }
        #expect(try await watch(worker, opening: false).end.get() == Self.done)
    }

    @Test("neither in queue nor history, asked twice: lost")
    func lost() async throws {
        let worker = try StubWorker(socket: { _, _ in }) { request, _ in
            .json(request.target == "/queue" ? Self.empty : [:])
        }
        #expect(try await watch(worker).end.get() == "lost")
        #expect(worker.requests.map(\.target).filter { $0 == "/queue" }.count == 2)
    }

    @Test("from the queue into the history between two questions is not lost")
    func movedMeanwhile() async throws {
        let (entry, _) = try Self.recorded()
        let worker = try StubWorker(socket: { _, _ in }) { request, count in
            request.target == "/queue" ? .json(Self.empty) : count == 0 ? .json([:]) : entry
        }
        #expect(try await watch(worker).end.get() == Self.done)
    }

    @Test("a worker that restarts within the patience is asked on")
    func comesBack() async throws {
        let (entry, _) = try Self.recorded()
        let worker = try StubWorker(socket: { _, _ in }) { _, count in count < 3 ? .status(502) : entry }
        #expect(try await watch(worker).end.get() == Self.done)
    }

    @Test("one that stays away is unreachable", arguments: [502, 500, 404])
    func staysAway(status: Int) async throws {
        let worker = try StubWorker(socket: { _, _ in }) { _, _ in .status(status) }
        let watch = try await watch(worker, patience: .milliseconds(100))
        guard case .failure(let error) = watch.end else {
            Issue.record("it ended")
            return
        }
        #expect(error.code == .unreachable)
    }

    @Test("cancelling ends it and closes the socket")
    func cancelled() async throws {
        let (opened, closed) = (Signal(), Signal())
        let worker = try StubWorker(socket: { socket, _ in
            try socket.send(#"{"type":"execution_start","data":{"prompt_id":"\#(Self.id)"}}"#)
            opened.raise()
            defer { closed.raise() }
            try socket.waitForClose()
        }) { _, _ in .json(Self.queued) }
        let code = try await onLoop { loop -> ComfyUIError.Code? in
            let task = loop.task { () -> ComfyUIError.Code? in
                var watcher = ExecutionWatcher(
                    client: worker.client(loop), loop: loop, promptID: Self.id, clientID: "c")
                await watcher.open()
                do throws(ComfyUIError) {
                    _ = try await watcher.watch(patience: .seconds(20)) { _ in }
                    return nil
                } catch {
                    return error.code
                }
            }
            await opened.wait()
            task.cancel()
            return try await task.value
        }
        #expect(code == .cancelled)
        await closed.wait()
    }

    /// Raised once by a server's thread, awaited by the test.
    private final class Signal: Sendable {
        private let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation
        init() { (stream, continuation) = AsyncStream.makeStream() }
        func raise() { continuation.finish() }
        func wait() async { for await _ in stream {} }
    }
}
