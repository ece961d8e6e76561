import AWSClients
import Glibc
import HTTP
import Handlers
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

/// What goes wrong around the functions, each for some jobs at once: they end once, announced, with whole outputs, and nothing is left.
@Suite(.timeLimit(.minutes(20)))
struct FaultTests {
    private static let jobs = Reliability.isLong ? 24 : 4

    /// Where nobody dies no lease may run out: not on a busy machine, and not between clocks that agree to two seconds, which is
    /// what the `Date` of an answer can do.
    private static let calm = ["LEASE_SECONDS": "10"]

    /// Submits the jobs, feeds the functions until they are over, and looks.
    private static func expectWholeJobs(
        in bed: Testbed, api: TestFunction, dispatch: TestFunction, sweeps: [TestFunction], steps: Int = 4,
        attempts: Int? = nil, at place: SourceLocation = #_sourceLocation
    ) async throws {
        let (ids, left) = try await bed.whileFeeding(dispatch: dispatch, sweeps: sweeps) {
            let ids = try await bed.submit(jobs, steps: steps, to: api)
            for id in ids { _ = try await bed.ended(id, within: .seconds(240)) }
            return (ids, try await bed.settled())
        }
        try await bed.expectWhole(ids, left: left, attempts: attempts, log: dispatch.log, at: place)
    }

    @Test(arguments: ["DynamoDB", "S3", "SNS", "SQS"])
    func aServiceInTroubleLosesNothing(_ service: String) async throws {
        try await Testbed.during(.init(workers: 2)) { bed in
            let trouble = ServiceTrouble(of: service)
            bed.calls.judge(by: { trouble.judge($0, $1) })
            try await Self.expectWholeJobs(
                in: bed, api: try bed.function(.api), dispatch: try bed.function(.dispatch, concurrency: 2),
                sweeps: [try bed.function(.sweep)])
            #expect(trouble.count > 0)
        }
    }

    /// What api and dispatch send goes to a queue that nobody reads: only the sweep rings.
    @Test(arguments: [1, 2])
    func everyMessageIsLostAndTheSweepRings(sweepers: Int) async throws {
        try await Testbed.during(.init(workers: 2, variables: Self.calm)) { bed in
            let nowhere = [
                "WORK_QUEUE_URL": bed.stack.notify.url, "RESUME_QUEUE_URL": bed.stack.notify.url,
            ]
            try await Self.expectWholeJobs(
                in: bed, api: try bed.function(.api, variables: nowhere),
                dispatch: try bed.function(.dispatch, concurrency: 2, variables: nowhere),
                sweeps: try (0..<sweepers).map { try bed.function(.sweep, caller: "sweep \($0)") },
                attempts: 1)
        }
    }

    /// Each batch goes to two dispatchers at once, the last message first.
    @Test func everyMessageComesTwiceAndOutOfOrder() async throws {
        try await Testbed.during(.init(workers: 2, stepMilliseconds: 50, variables: Self.calm)) { bed in
            let api = try bed.function(.api)
            let dispatch = try bed.function(.dispatch, concurrency: 4, timeout: .seconds(8))
            // More work than an invocation has time for, so that resumes are doubled too.
            let ids = try await bed.submit(Self.jobs, steps: 150, to: api)
            let feeder = bed.loop.task { try await bed.deliverTwice(to: dispatch) }
            let sweep = try bed.function(.sweep)
            let schedule = Schedule(function: sweep.local, period: .seconds(1))
            let sweeper = bed.loop.task { await schedule.run(on: bed.loop) { sweep.log.add($0) } }
            defer {
                feeder.cancel()
                sweeper.cancel()
            }
            for id in ids { _ = try await bed.ended(id, within: .seconds(240)) }
            let left = try await bed.settled()
            try await bed.expectWhole(ids, left: left, attempts: 1, log: dispatch.log)
            #expect(dispatch.log.contains("run handed off"))
        }
    }

    @Test(arguments: ["deaf_socket=2", "history_delay_ms=1500"])
    func anOddWorkerCostsNoAttempt(_ fault: String) async throws {
        try await Testbed.during(.init(workers: 2, faults: [fault], variables: Self.calm)) { bed in
            try await Self.expectWholeJobs(
                in: bed, api: try bed.function(.api), dispatch: try bed.function(.dispatch),
                sweeps: [try bed.function(.sweep)], attempts: 1)
        }
    }

    /// Debian's.
    private static let clockLibrary: String? = ["x86_64", "aarch64"].map { (machine: String) -> String in
        "/usr/lib/\(machine)-linux-gnu/faketime/libfaketime.so.1"
    }.first { (path: String) -> Bool in unsafe access(path, R_OK) == 0 }

    /// The static program takes no library before its own: it is the dynamic one that gets another clock. A lease is never
    /// longer than ten minutes here: whoever compared the wrong clocks would take every job from its run, or leave a dead one alone.
    @Test(arguments: [("dispatch", "-600s"), ("dispatch", "+600s"), ("sweep", "-600s"), ("sweep", "+600s")])
    func aClockTenMinutesOffTakesNoJobFromAnybody(who: String, offset: String) async throws {
        let library = try #require(Self.clockLibrary, "There is no libfaketime: run `make setup`.")
        let wrong = [
            "LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        ]
        try await Testbed.during(.init(workers: 2, stepMilliseconds: 50, variables: Self.calm)) { bed in
            func function(_ handler: HandlerName) throws -> TestFunction {
                guard handler.rawValue == who else { return try bed.function(handler) }
                // Its deadline is told by the right clock, which is none of the function's business: far enough away.
                return try bed.function(
                    handler, timeout: .seconds(1500), variables: wrong,
                    bootstrap: BuiltProgram.path("bootstrap"))
            }
            try await Self.expectWholeJobs(
                in: bed, api: try function(.api), dispatch: try function(.dispatch),
                sweeps: [try function(.sweep)], steps: 80, attempts: 1)
        }
    }

    /// A file that may not grow to one byte ends the process, so that nothing can have been written.
    @Test func nothingIsWrittenToTheDisk() async throws {
        try await Testbed.during(.init(variables: Self.calm)) { bed in
            let folder = try TemporaryFolder()
            let script = try folder.write(
                "bootstrap",
                Array("#!/bin/sh\nulimit -f 0\nexec '\(Program.bootstrap)'\n".utf8))
            unsafe chmod(script, 0o755)
            func function(_ handler: HandlerName) throws -> TestFunction {
                try bed.function(handler, variables: ["TMPDIR": "/nowhere"], bootstrap: script)
            }
            try await Self.expectWholeJobs(
                in: bed, api: try function(.api), dispatch: try function(.dispatch),
                sweeps: [try function(.sweep)], attempts: 1)
        }
    }
}

extension Testbed {
    /// Every message goes to the function twice at once and in the wrong order, until the task is cancelled.
    fileprivate func deliverTwice(to function: TestFunction) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            while !Task.isCancelled {
                for queue in [stack.work, stack.resume] {
                    let messages = try await drain(queue)
                    guard !messages.isEmpty else { continue }
                    let event = QueueEvent.document(
                        messages.reversed(), queueARN: queue.arn, region: LocalStack.region)
                    for _ in 0..<2 {
                        group.addTask {
                            if case .failure(let failure) = try await function.local.invoke(
                                event.serialized())
                            {
                                function.log.add("\(failure)")
                            }
                        }
                    }
                }
                try await loop.sleep(for: .milliseconds(500))
            }
        }
    }
}
