import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// What a run comes to: on stand-ins for ComfyUI that fail, are interrupted, are watched by others.
@Suite(.timeLimit(.minutes(2))) struct JobRunnerTests {
    /// A picture at once, and one after twenty steps: the first is stored long before the second.
    private static let two: JSON = {
        var nodes = DispatchBench.slow.object ?? [:]
        nodes["7"] = [
            "class_type": "EmptyImage", "inputs": ["width": 64, "height": 32, "batch_size": 1, "color": 255],
        ]
        nodes["8"] = [
            "class_type": "SaveImage", "inputs": ["images": ["7", 0], "filename_prefix": "first"],
        ]
        return .object(nodes)
    }()

    private func errors(_ job: Job) -> [Job.Failure.Code?] { job.attempts.map(\.error) }

    // MARK: Outputs

    /// Pictures that ComfyUI would only send over the socket are stored; previews are not; texts are files.
    @Test func everyKindOfOutputIsStored() async throws {
        let bench = try await DispatchBench()
        let image: JSON = ["1", 0]
        let queued = try await bench.deployment.submit(workflow: [
            "1": [
                "class_type": "EmptyImage",
                "inputs": ["width": 64, "height": 32, "batch_size": 2, "color": 255],
            ],
            "2": ["class_type": "SaveImageWebsocket", "inputs": ["images": image]],
            "3": ["class_type": "PreviewImage", "inputs": ["images": image]],
            "4": ["class_type": "PreviewAny", "inputs": ["source": "words"]],
            "5": [
                "class_type": "SaveAnimatedWEBP",
                "inputs": [
                    "images": image, "filename_prefix": "a", "fps": 6, "lossless": true, "quality": 80,
                    "method": "default",
                ],
            ],
        ])
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.state == .completed)
        #expect(
            job.outputs.map { "\($0.nodeID) \($0.contentType) \($0.width ?? 0)x\($0.height ?? 0)" }.sorted()
                == [
                    "2 image/png 64x32", "2 image/png 64x32", "4 text/plain; charset=utf-8 0x0",
                    "5 image/webp 64x32",
                ])
        #expect(job.outputs.map(\.index) == Array(0..<4))
    }

    @Test func aFailedJobListsWhatWasDoneBefore() async throws {
        let bench = try await DispatchBench(["--fault", "raise_on=5"])
        let queued = try await bench.deployment.submit(workflow: Self.two)
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.state == .failed)
        #expect(job.failure?.code == .nodeFailed)
        #expect(job.outputs.map(\.nodeID) == ["8"])
        #expect(job.outputs.map(\.height) == [32])
    }

    /// The first picture is stored by a run that dies, the second by the one that takes over.
    @Test func whatADeadRunHasStoredIsNotStoredAgain() async throws {
        let bench = try await DispatchBench(["--step-ms", "700"], ["LEASE_SECONDS": "2"])
        let (documents, dispatcher) = (bench.deployment.services.documents, bench.dispatcher)
        let queued = try await bench.deployment.submit(workflow: Self.two)
        let first = testLoop.task {
            try await dispatcher.dispatch(resumes: [], hint: nil, until: .now + .seconds(60))
        }
        try await bench.until("a heartbeat has noted the first picture") {
            try await !documents.storedOutputs(of: queued.id, attempt: 1).isEmpty
        }
        first.cancel()
        _ = try await first.value
        let run = try #require(try await bench.job(queued.id).run)
        try await bench.until("its lease is over") {
            try await dispatcher.slots.leaseEnd(of: run).map { $0 <= bench.deployment.services.now } ?? true
        }
        // What is in the table is what the job gets.
        var marked = try #require(try await documents.storedOutputs(of: queued.id, attempt: 1).first)
        #expect(marked.value.nodeID == "8")
        marked.value.filename = "as the table has it"
        try await documents.store(
            outputs: [marked.key: marked.value], of: 1, for: queued.id,
            expires: bench.deployment.services.now + .seconds(60))
        try await bench.dispatch(resumes: [queued.id])
        let job = try await bench.job(queued.id)
        #expect(job.state == .completed)
        #expect(job.attempt == 1)
        #expect(job.outputs.map(\.nodeID).sorted() == ["6", "8"])
        #expect(job.outputs.contains(marked.value))
    }

    // MARK: One more try

    /// Not by us: once more, then it is told.
    @Test func anInterruptBySomebodyElseIsTriedOnceMore() async throws {
        let bench = try await DispatchBench(["--step-ms", "1000"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        async let ended = bench.dispatchToTheEnd(queued.id)
        for attempt in 1...2 {
            try await bench.until("attempt \(attempt) runs") {
                let prompt = PromptID.derive(job: queued.id, attempt: attempt)
                guard try await bench.client.queue().running.contains(prompt) else { return false }
                try await bench.client.interrupt(prompt)
                return true
            }
        }
        let job = try await ended
        #expect(job.state == .failed)
        #expect(job.failure?.code == .cancelled)
        #expect(errors(job) == [.cancelled, .cancelled])
    }

    @Test func outOfMemoryIsTriedOnAnotherWorker() async throws {
        let bench = try await DispatchBench(workers: [
            ["--fault", "oom_on=4"], ["--fault", "oom_on=4"],
        ])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.failure?.code == .outOfMemory)
        #expect(errors(job) == [.outOfMemory, .outOfMemory])
        #expect(Set(job.attempts.map(\.worker)).count == 2)
    }

    /// What other models hold there may be enough for the next try.
    @Test func aWorkerThatRanOutOfMemoryIsToldToFreeIt() async throws {
        let standIn = try await StandIn(["--step-ms", "1", "--fault", "oom_on=4"])
        let calls = Calls()
        let proxy = try CallProxy(
            to: try #require(URL(standIn.address)?.port), isComfyUI: true, caller: "dispatch"
        ) { call, moment in
            if moment == .before { calls.add(call.operation) }
            return .pass
        }
        defer { proxy.stop() }
        let bench = try await DispatchBench(workers: [], ["COMFYUI_URLS": proxy.address])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        #expect(try await bench.dispatchToTheEnd(queued.id).failure?.code == .outOfMemory)
        let order = calls.value.filter { ["POST /prompt", "POST /free"].contains($0) }
        #expect(order == ["POST /prompt", "POST /free", "POST /prompt", "POST /free"])
    }

    private final class Calls: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
        var value: [String] { names.withLock { $0 } }
    }

    /// An attempt that went with its worker is no try of this kind.
    @Test func aLostWorkerDoesNotTakeTheRetryAfterOutOfMemory() async throws {
        let bench = try await DispatchBench(["--fault", "fail_prompt=1", "--fault", "oom_on=4"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.failure?.code == .outOfMemory)
        #expect(errors(job) == [.workerLost, .outOfMemory, .outOfMemory])
    }

    // MARK: Cancel

    private func cancelTwice(_ id: Job.ID, _ bench: DispatchBench) async throws {
        for _ in 0..<2 { _ = try await bench.store.applyLatest(.cancelRequested, to: id) }
    }

    @Test func aJobCancelledInTheQueueNeverReachesAWorker() async throws {
        let bench = try await DispatchBench(["--control"])
        let queued = try await bench.deployment.submit()
        try await cancelTwice(queued.id, bench)
        try await bench.dispatch(hint: queued.id)
        let job = try await bench.job(queued.id)
        #expect(job.state == .cancelled)
        #expect(job.version == 1)
        #expect(try await bench.runs().isEmpty)
    }

    @Test func aRunningJobIsCancelledOnce() async throws {
        let bench = try await DispatchBench(["--step-ms", "2000"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        async let dispatched = bench.dispatch()
        try await bench.untilSubmitted(queued.id)
        try await cancelTwice(queued.id, bench)
        _ = try await dispatched
        try await cancelTwice(queued.id, bench)
        let job = try await bench.job(queued.id)
        #expect(job.state == .cancelled)
        #expect(errors(job) == [.cancelled])
        #expect(try await bench.announced() == ["job.cancelled"])
        #expect(try await bench.dispatcher.registry.workers().map(\.failures) == [0])
    }

    /// Nobody watches it then: whoever takes it over ends it.
    @Test func aJobCancelledDuringAHandOffIsEndedByWhoTakesItOver() async throws {
        let bench = try await DispatchBench(["--step-ms", "5000"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        repeat {
            try await bench.dispatch(time: .seconds(5))
        } while try await bench.job(queued.id).state == .queued
        try await cancelTwice(queued.id, bench)
        #expect(try await bench.job(queued.id).state == .running)
        #expect(try await bench.dispatch(resumes: [queued.id]).isEmpty)
        // The message came twice.
        #expect(try await bench.dispatch(resumes: [queued.id]).isEmpty)
        let job = try await bench.job(queued.id)
        #expect(job.state == .cancelled)
        #expect(job.attempt == 1)
        #expect(try await bench.client.queue().running.isEmpty)
        #expect(try await bench.announced() == ["job.cancelled"])
    }

    /// The GPU's work is done: what it made is stored, and the worker is not to blame for anything.
    @Test func aJobCancelledWhileItIsStoredCompletes() async throws {
        let bench = try await DispatchBench(["--fault", "fail_view=5"])
        let queued = try await bench.deployment.submit()
        async let dispatched = bench.dispatch()
        try await bench.until("the prompt has ended") {
            guard let prompt = try await bench.job(queued.id).run?.promptID else { return false }
            return try await bench.client.history(prompt) != nil
        }
        try await cancelTwice(queued.id, bench)
        #expect(try await bench.job(queued.id).state == .running)
        _ = try await dispatched
        let job = try await bench.job(queued.id)
        #expect(job.state == .completed)
        #expect(job.cancelRequestedAt != nil)
        #expect(try await bench.announced() == ["job.completed"])
        #expect(try await bench.dispatcher.registry.workers().map(\.failures) == [0])
    }

    @Test func aFinishedJobCannotBeCancelled() async throws {
        let bench = try await DispatchBench()
        let queued = try await bench.deployment.submit()
        let ended = try await bench.dispatchToTheEnd(queued.id)
        try await cancelTwice(queued.id, bench)
        #expect(try await bench.job(queued.id) == ended)
        #expect(try await bench.announced() == ["job.completed"])
    }

    // MARK: Hand-off, and many at once

    /// Twenty steps take at least 10 s; an invocation has 2.5 s, of which it uses one and a half.
    @Test func aJobFourTimesAsLongAsAnInvocationIsOneAttempt() async throws {
        let bench = try await DispatchBench(["--step-ms", "500", "--control"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        let documents = bench.deployment.services.documents
        var invocations = 0
        var percents: [Int] = []
        while !(try await bench.job(queued.id).state.isFinal) {
            let isRunning = try await bench.job(queued.id).state == .running
            let left = try await bench.dispatch(resumes: isRunning ? [queued.id] : [], time: .seconds(2.5))
            #expect(left.isEmpty)
            // On a busy machine the first may have no time left to claim it.
            if try await bench.job(queued.id).state != .queued { invocations += 1 }
            if let percent = try await documents.progress(queued.id, attempt: 1)?["percent"]?.int {
                percents.append(percent)
            }
        }
        let job = try await bench.job(queued.id)
        #expect(job.state == .completed)
        #expect(errors(job) == [nil])
        #expect(invocations >= 4)
        #expect(percents == percents.sorted())
        // The worker began once, and was never stopped.
        #expect(try await bench.runs().compactMap { $0["event"]?.string } == ["start", "end"])
        #expect(try await bench.announced() == ["job.completed"])
    }

    /// Three invocations in one process (`AWS_LAMBDA_MAX_CONCURRENCY`), four jobs each; and ten in one. Every run hears
    /// its own user: the prompt that runs is interrupted, the others are taken out of the worker's queue.
    @Test(arguments: [(1, 10), (3, 4)])
    func oneProcessWatchesManyJobsAtOnce(_ invocations: Int, _ jobs: Int) async throws {
        let count = invocations * jobs
        let bench = try await DispatchBench(
            ["--step-ms", "5000"],
            [
                "COMFYUI_SLOTS": "\(count)", "DISPATCH_CONCURRENCY": "\(jobs)",
                "MAX_CONCURRENT_EXECUTIONS": "\(count)",
            ])
        var ids: [Job.ID] = []
        for _ in 0..<count { ids.append(try await bench.deployment.submit(workflow: DispatchBench.slow).id) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<invocations { group.addTask { try await bench.dispatch() } }
            try await bench.until("all \(count) are watched") {
                let queue = try await bench.client.queue()
                return queue.running.count + queue.pending.count == count
            }
            for id in ids { _ = try await bench.store.applyLatest(.cancelRequested, to: id) }
            try await group.waitForAll()
        }
        for id in ids {
            let job = try await bench.job(id)
            #expect(job.state == .cancelled)
            #expect(errors(job) == [.cancelled])
        }
        #expect(try await bench.announced().count == count)
    }
}
