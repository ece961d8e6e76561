import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

@testable import ComfyUI

/// Client and watcher against the stand-in, whose faults are ComfyUI's own kinds of trouble.
@Suite(
    .timeLimit(.minutes(1)))
struct StandInTests {
    private static let prompt = "00000000-0000-4000-8000-00000000000"

    /// What a run came to, and the percents seen on the way.
    private struct Run: Sendable {
        var outcome: HistoryEntry.Outcome?
        var files: [OutputFile] = []
        var percents: [Int] = []
    }

    /// Submits the graph with prompt id `number` and watches it; nil as outcome: lost.
    private func run(
        _ json: JSON, on client: ComfyUIClient, _ loop: EventLoop, number: Int = 1,
        silence: Duration = .milliseconds(500)
    ) async throws -> Run {
        let graph = try Graphs.graph(json)
        let promptID = "\(Self.prompt)\(number)"
        var watcher = ExecutionWatcher(
            client: client, loop: loop, promptID: promptID, clientID: "client-\(number)")
        watcher.silence = silence
        await watcher.open()
        do {
            try await client.submit(
                graph.submission(runID: "r\(number)", catalog: .standard), promptID: promptID,
                clientID: "client-\(number)")
        } catch {
            // As the dispatcher does: look before anything is sent again, which the watch does first.
            guard error.mayHaveBeenQueued else { throw error }
        }
        let seen = Mutex((progress: Progress(graph: graph), percents: [Int]()))
        let end = try await watcher.watch(patience: .seconds(20)) { event in
            seen.withLock { if $0.progress.apply(event) { $0.percents.append($0.progress.percent) } }
        }
        let percents = seen.withLock { $0.percents }
        guard case .finished(let entry) = end else { return Run(percents: percents) }
        return Run(outcome: entry.outcome, files: entry.files, percents: percents)
    }

    @Test("a picture of the asked size, with progress, twice without a cached name")
    func picture() async throws {
        let standIn = try await StandIn(["--step-ms", "1"])
        try await onLoop { loop in
            let client = try standIn.client(loop)
            for number in 1...2 {
                let run = try await run(Graphs.textToImage, on: client, loop, number: number)
                #expect(run.outcome == .success)
                #expect(run.percents == run.percents.sorted())
                #expect(run.percents.last == 100)
                let file = try #require(run.files.first)
                #expect(file.subfolder == "comfy/r\(number)")
                let bytes = try await client.view(file).collect(limit: 10 << 20)
                #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
                // IHDR: width and height, big-endian.
                #expect(bytes[16..<24] == [0, 0, 2, 0, 0, 0, 2, 0])
            }
            #expect(try await client.queue() == QueueState(running: [], pending: []))
            try await client.deleteHistory(Self.prompt + "1")
            #expect(try await client.history(Self.prompt + "1") == nil)
        }
    }

    @Test(
        "the run is found through every fault of the way",
        arguments: [
            "deaf_socket=2", "drop_socket=1", "fail_after_queue=1", "drop_answer=1", "history_delay_ms=200",
        ])
    func faults(fault: String) async throws {
        let standIn = try await StandIn(["--step-ms", "5", "--fault", fault])
        try await onLoop { loop in
            let run = try await run(
                Graphs.textToImage, on: try standIn.client(loop), loop, silence: .milliseconds(100))
            #expect(run.outcome == .success)
            #expect(run.files.count == 1)
        }
    }

    @Test("ways to fail", arguments: [("raise_on=KSampler", false), ("oom_on=KSampler", true)])
    func failures(fault: String, isOutOfMemory: Bool) async throws {
        let standIn = try await StandIn(["--step-ms", "1", "--fault", fault])
        try await onLoop { loop in
            guard
                case .failed(let failure) = try await run(
                    Graphs.textToImage, on: try standIn.client(loop), loop
                )
                .outcome
            else {
                Issue.record("it did not fail")
                return
            }
            #expect(failure.nodeID == "3")
            #expect(failure.isOutOfMemory == isOutOfMemory)
        }
    }

    @Test("a rejected prompt leaves nothing in the queue")
    func rejected() async throws {
        let standIn = try await StandIn(["--no-checkpoints"])
        try await onLoop { loop in
            let client = try standIn.client(loop)
            do {
                _ = try await run(Graphs.textToImage, on: client, loop)
                Issue.record("it was accepted")
            } catch let error as ComfyUIError {
                #expect(error.code == .rejected)
                #expect(error.details?["errors"]?[0]?["code"]?.string == "value_not_in_list")
            }
            #expect(try await client.queue() == QueueState(running: [], pending: []))
        }
    }

    @Test("interrupting the run and deleting from the queue")
    func cancel() async throws {
        let standIn = try await StandIn(["--step-ms", "200"])
        try await onLoop { loop in
            let client = try standIn.client(loop)
            let first = loop.task { try await run(Graphs.textToImage, on: client, loop, number: 1) }
            while try await client.queue().running != [Self.prompt + "1"] {
                try await loop.sleep(for: .milliseconds(10))
            }
            let second = loop.task { try await run(Graphs.textToImage, on: client, loop, number: 2) }
            while try await client.queue().pending != [Self.prompt + "2"] {
                try await loop.sleep(for: .milliseconds(10))
            }
            try await client.deleteFromQueue(Self.prompt + "2")
            // It leaves no trace: neither frame nor history.
            #expect(try await second.value.outcome == nil)
            try await client.interrupt(Self.prompt + "1")
            #expect(try await first.value.outcome == .interrupted)
        }
    }

    @Test("a worker that dies is unreachable")
    func crash() async throws {
        let standIn = try await StandIn(["--step-ms", "1", "--fault", "crash_on=KSampler"])
        try await onLoop { loop in
            let client = try standIn.client(loop)
            var watcher = ExecutionWatcher(
                client: client, loop: loop, promptID: Self.prompt + "1", clientID: "c")
            await watcher.open()
            let graph = try Graphs.graph(Graphs.textToImage)
            try await client.submit(graph.json, promptID: Self.prompt + "1", clientID: "c")
            do throws(ComfyUIError) {
                _ = try await watcher.watch(patience: .milliseconds(200)) { _ in }
                Issue.record("it ended")
            } catch {
                #expect(error.code == .unreachable)
            }
        }
    }

    @Test("what its classes take, kept as a digest, refuses nothing of a good graph")
    func objectInfo() async throws {
        let standIn = try await StandIn([])
        try await onLoop { loop in
            let client = try standIn.client(loop)
            let digest = ObjectInfoDigest(objectInfo: try await client.objectInfo())
            let graph = try WorkflowRules().validate(Graphs.textToImage, objectInfo: digest)
            #expect(graph.nodes.count == 7)
            #expect(try await client.systemStats()["system"]?["comfyui_version"]?.string != nil)
            #expect(try await client.upload([1, 2], filename: "up.png", subfolder: "j1") == "j1/up.png")
            try await client.free()
        }
    }
}

extension StandIn {
    fileprivate func client(_ loop: EventLoop) throws -> ComfyUIClient {
        ComfyUIClient(http: HTTPClient(loop: loop), address: try #require(URL(address)))
    }
}
