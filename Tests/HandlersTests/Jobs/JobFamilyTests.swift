import AWSClients
import Crypto
import JSON
import Testing
import Time

@testable import Handlers

@Suite struct JobFamilyTests {
    private static let start = Sample.start

    /// A job of two parts, of two nodes and of six.
    private static let job: Job = {
        var job = Sample.queued()
        job.executionMode = .parallel
        job.partNodes = [2, 6]
        return job
    }()

    private static func queued(_ number: Int) -> Job {
        job.makePart(number, at: start, JobPolicy())
    }

    private static func running(_ number: Int, from seconds: Int = 2) throws -> Job {
        try queued(number)
            .transition(.claimed(.init(token: "t", worker: "w-\(number)", slot: 0)), at: start).job
            .transition(.submitted(promptID: "p", clientID: "c"), at: start + .seconds(seconds)).job
    }

    private static func ended(_ number: Int, _ event: JobEvent, from: Int = 2, at seconds: Int = 9) throws
        -> Job
    {
        try running(number, from: from).transition(event, at: start + .seconds(seconds)).job
    }

    private static func failure(_ message: String) -> JobEvent {
        .failed(.init(.nodeFailed, message), outputs: [])
    }

    private static func family(_ parts: Job...) -> JobFamily { JobFamily(job: job, parts: parts) }

    @Test func aPartIsQueuedAsItsJobIs() {
        var job = Self.job
        job.priority = 9
        job.workerLabels = ["big"]
        job.timeoutSeconds = 77
        job.webhookURL = "https://example.com"
        job.hasMetadata = true
        job.wantsPreviews = true
        let part = job.makePart(1, at: Self.start + .seconds(5), JobPolicy())
        #expect(part.id == Job.ID(job.id.uuid, part: 1))
        #expect(part.state == .queued)
        #expect(part.user == job.user)
        #expect(part.priority == 9)
        #expect(part.workerLabels == ["big"])
        #expect(part.timeoutSeconds == 77)
        #expect(part.queuedAt == job.queuedAt)
        #expect(part.dueAt == Self.start + .seconds(35))
        // Nobody is told of a part, and no parts are made of it.
        #expect(part.webhookURL == nil)
        #expect(!part.hasMetadata)
        #expect(part.wantsPreviews)
        #expect(!part.hasParts)
    }

    @Test func whatIsMissingIsKnownByNumber() {
        #expect(Self.family().missing == [0, 1])
        #expect(Self.family(Self.queued(1)).missing == [0])
        #expect(Self.family(Self.queued(0), Self.queued(1)).next == nil)
    }

    @Test func theJobRunsFromItsFirstPartOn() throws {
        let family = Self.family(try Self.running(0, from: 7), try Self.running(1, from: 3))
        #expect(family.next == .partStarted(Self.start + .seconds(3)))
        let job = try Self.job.transition(try #require(family.next), at: Self.start + .seconds(20)).job
        #expect(job.state == .running)
        #expect(job.startedAt == Self.start + .seconds(3))
        #expect(JobFamily(job: job, parts: family.parts).next == nil)
    }

    @Test func theJobEndsWithItsLastPart() throws {
        let first = try Self.ended(0, .completed([Sample.output, Sample.output]), from: 4)
        #expect(Self.family(first).next == .partStarted(Self.start + .seconds(4)))
        let second = try Self.ended(1, .completed([Sample.output]))
        let family = Self.family(first, second)
        #expect(family.next == .partsEnded([first, second]))
        let ended = try Self.job.transition(.partsEnded([first, second]), at: Self.start + .seconds(10))
        #expect(ended.demandsVersion)
        #expect(ended.job.state == .completed)
        #expect(ended.job.notificationPending)
        #expect(ended.job.startedAt == Self.start + .seconds(2))
        #expect(ended.job.outputs.map(\.index) == [0, 1, 2])
        #expect(ended.job.attempts.map(\.part) == [1, 0])
        #expect(ended.job.attempts.map(\.worker) == ["w-1", "w-0"])
        #expect(JobFamily(job: ended.job, parts: family.parts).next == nil)
    }

    @Test func theFirstFailureIsTheJobs() throws {
        let late = try Self.ended(0, Self.failure("late"), at: 9)
        let early = try Self.ended(1, Self.failure("early"), at: 8)
        let job = try Self.job.transition(.partsEnded([late, early]), at: Self.start + .seconds(10)).job
        #expect(job.state == .failed)
        #expect(job.failure?.message == "early")
    }

    @Test func aFailureStopsWhatIsOpenAndNotYetAsked() throws {
        var asked = try Self.running(1)
        asked.cancelRequestedAt = Self.start
        let failed = try Self.ended(0, Self.failure("no"))
        #expect(Self.family(failed, Self.queued(1)).unwanted(at: Self.start) == [Self.queued(1)])
        #expect(Self.family(failed, asked).unwanted(at: Self.start).isEmpty)
        #expect(Self.family(try Self.running(0), Self.queued(1)).unwanted(at: Self.start).isEmpty)
    }

    @Test func timeRunsOutForAllParts() throws {
        var job = Self.job
        job.startedAt = Self.start
        let part = try Self.running(1, from: 590)
        let family = JobFamily(job: job, parts: [part])
        #expect(family.unwanted(at: Self.start + .seconds(600)).isEmpty)
        #expect(family.unwanted(at: Self.start + .seconds(601)) == [part])
        let stopped = try Self.ended(1, .cancelled)
        let done = try Self.ended(0, .completed([Sample.output]))
        let ended = try job.transition(.partsEnded([done, stopped]), at: Self.start + .seconds(610)).job
        #expect(ended.state == .failed)
        #expect(ended.failure?.code == .timeout)
        #expect(ended.outputs.count == 1)
    }

    @Test func whatTheUserStoppedIsCancelled() throws {
        let marked = try Self.job.transition(.cancelRequested, at: Self.start + .seconds(3))
        #expect(marked.job.state == .queued)
        #expect(marked.job.dueAt == Self.start + .seconds(3))
        #expect(!marked.demandsVersion)
        let parts = [try Self.ended(0, .completed([Sample.output])), try Self.ended(1, .cancelled)]
        let job = try marked.job.transition(.partsEnded(parts), at: Self.start + .seconds(9)).job
        #expect(job.state == .cancelled)
        #expect(job.failure == nil)
        // Who read the job before the mark may not call it a timeout.
        #expect(try Self.job.transition(.partsEnded(parts), at: Self.start).forbidsCancelMark)
        // All done when the wish came: then the work counts.
        let all = [parts[0], try Self.ended(1, .completed([Sample.output]))]
        #expect(try marked.job.transition(.partsEnded(all), at: Self.start).job.state == .completed)
    }

    @Test func moreOutputsThanAJobMayHaveFailIt() throws {
        let many = try Self.ended(0, .completed(Array(repeating: Sample.output, count: 300)))
        let more = try Self.ended(1, .completed(Array(repeating: Sample.output, count: 201)))
        let job = try Self.job.transition(.partsEnded([many, more]), at: Self.start).job
        #expect(job.state == .failed)
        #expect(job.failure?.code == .storageFailed)
        #expect(job.outputs.count == 500)
        #expect(job.outputs.last?.index == 499)
    }

    @Test func partsThatAreNotAllOfItAndOverEndNothing() throws {
        let done = try Self.ended(0, .completed([Sample.output]))
        for parts in [[], [done], [done, Self.queued(1)], [done, done]] {
            #expect(throws: TransitionRefused.self) {
                try Self.job.transition(.partsEnded(parts), at: Self.start)
            }
            // Nor is a job without parts ended so.
            #expect(throws: TransitionRefused.self) {
                try Sample.queued().transition(.partsEnded(parts), at: Self.start)
            }
        }
    }

    @Test(arguments: [
        JobEvent.claimed(Sample.run), .submitted(promptID: "p", clientID: "c"), .released,
        .resumed(token: "t"), .attemptFailed(.init(.workerLost, ""), delay: .zero), .completed([]),
        .failed(.init(.nodeFailed, ""), outputs: []), .cancelled, .waitedTooLong,
    ])
    func aJobWithPartsIsNeverRunItself(_ event: JobEvent) throws {
        let running = try Self.job.transition(.partStarted(Self.start), at: Self.start).job
        for job in [Self.job, running] {
            #expect(throws: TransitionRefused.self) { try job.transition(event, at: Self.start) }
        }
    }

    @Test func progressCountsEachPartByItsNodes() throws {
        let family = Self.family(try Self.ended(0, .completed([Sample.output])), try Self.running(1))
        let second: JSON = [
            "percent": 50, "value": 3, "max": 4, "node_id": "9", "class_type": "KSampler", "nodes_done": 2,
            "nodes_total": 6, "nodes": ["9": "running", "8": "done"],
        ]
        #expect(
            family.progress([0: ["percent": 10, "nodes": ["1": "running"]], 1: second]) == [
                "percent": 62, "value": 3, "max": 4, "node_id": "9", "class_type": "KSampler",
                "nodes_done": 4, "nodes_total": 8, "nodes": ["1": "done", "8": "done", "9": "running"],
            ])
        #expect(Self.family(Self.queued(0), Self.queued(1)).progress([:]) == nil)
    }

    @Test func itemsOfBothStandInOnePartitionAndOnlyThePartWaits() throws {
        let running = try Self.job.transition(.partStarted(Self.start), at: Self.start).job
        let ended = try running.transition(
            .partsEnded([
                try Self.ended(0, .completed([Sample.output])), try Self.ended(1, Self.failure("no")),
            ]), at: Self.start + .seconds(9)
        ).job
        for job in [Self.job, running, ended, Self.queued(0), try Self.running(1)] {
            #expect(try JobItem.decode(JobItem.encode(job)) == job)
        }
        let job = JobItem.encode(Self.job)
        let part = JobItem.encode(Self.queued(1))
        #expect(job["pk"] == part["pk"])
        #expect(part["sk"] == .s("PART#1"))
        #expect(job["queue_pk"] == nil)
        #expect(part["queue_pk"] != nil)
        #expect(part["user_pk"] == nil)
        #expect(part["user_status_pk"] == nil)
        #expect(JobItem.encode(try Self.running(1))["user_status_pk"] == .s("alice#running-part"))
        // A dispatcher that knows no parts refuses both.
        #expect(job["schema"] == .n(2))
        #expect(part["schema"] == .n(2))
        #expect(JobItem.encode(Sample.queued())["schema"] == .n(1))
    }
}
