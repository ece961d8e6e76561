import AWSClients
import ComfyUI
import Crypto
import JSON
import Testing
import Time

@testable import Handlers

/// Conditional writes against a real table (moto, with signatures checked).
@Suite(.timeLimit(.minutes(1))) struct JobStoreTests {
    @Test func aJobIsCreatedOnce() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let job = try await deployment.submit()
        #expect(try await deployment.services.store.create(job) == false)
        #expect(try await deployment.services.store.job(job.id) == job)
    }

    /// The first answer is lost after the write was done: the failed condition of the second is no lost race.
    @Test func aClaimWhoseAnswerWasLostIsOurs() async throws {
        let claimed = try Sample.claimed()
        let table = try OneItemTable(item: JobItem.encode(claimed))
        let store = try table.store(clock: Sample.start + .seconds(1))
        #expect(try await store.apply(.claimed(Sample.run), to: Sample.queued()) == .done(claimed))
    }

    @Test func aClaimThatAnotherWonIsNotOurs() async throws {
        var others = try Sample.claimed()
        others.run?.token = "another"
        let table = try OneItemTable(item: JobItem.encode(others))
        let store = try table.store(clock: Sample.start + .seconds(1))
        #expect(try await store.apply(.claimed(Sample.run), to: Sample.queued()) == .lost(others))
    }

    @Test func aCreationWhoseAnswerWasLostIsOurs() async throws {
        let table = try OneItemTable(item: JobItem.encode(Sample.queued()))
        #expect(try await table.store().create(Sample.queued()))
        #expect(try await table.store().create(Sample.queued(user: "bob")) == false)
    }

    @Test func ofTwoClaimsOneWins() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        let job = try await deployment.submit()
        let outcomes = try await withThrowingTaskGroup(of: JobStore.Outcome.self) { group in
            for index in 0..<8 {
                group.addTask {
                    try await store.apply(
                        .claimed(.init(token: "token-\(index)", worker: "w-1", slot: index)), to: job)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var winners: [Job] = []
        for case .done(let won) in outcomes { winners.append(won) }
        #expect(winners.count == 1)
        #expect(try await store.job(job.id) == winners.first)
    }

    @Test func whoLostTheLeaseChangesNothing() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        let job = try await deployment.submit()
        guard case .done(let claimed) = try await store.apply(.claimed(Sample.run), to: job) else {
            throw TestFailure("not claimed")
        }
        guard
            case .done(let resumed) = try await store.apply(
                .resumed(token: "token-2"), to: claimed)
        else { throw TestFailure("not resumed") }
        let stale = try await store.apply(.completed([Sample.output]), to: claimed)
        #expect(stale == .lost(resumed))
        let late = try await store.applyLatest(
            .completed([Sample.output]), to: job.id, heldBy: Sample.run.token)
        #expect(late == .lost(resumed))
    }

    @Test func aCancelMarkAndATransitionDoNotCollide() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        let job = try await deployment.submit()
        guard case .done(let claimed) = try await store.apply(.claimed(Sample.run), to: job),
            case .done(let submitted) = try await store.apply(
                .submitted(promptID: "p", clientID: "c"), to: claimed)
        else { throw TestFailure("not submitted") }
        // The mark is set on what somebody read before the submission was written.
        guard case .done(let marked) = try await store.apply(.cancelRequested, to: claimed) else {
            throw TestFailure("not marked")
        }
        #expect(marked.run?.promptID == "p")
        #expect(marked.version == submitted.version)
        // The run, which read before the mark, still ends it; the mark stays.
        guard case .done(let ended) = try await store.apply(.completed([Sample.output]), to: submitted)
        else { throw TestFailure("not completed") }
        #expect(ended.state == .completed)
        #expect(ended.cancelRequestedAt == marked.cancelRequestedAt)
    }

    @Test func aCancelledJobIsNeverRequeued() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        let job = try await deployment.submit()
        guard case .done(let claimed) = try await store.apply(.claimed(Sample.run), to: job) else {
            throw TestFailure("not claimed")
        }
        _ = try await store.apply(.cancelRequested, to: claimed)
        let outcome = try await store.applyLatest(
            .attemptFailed(.init(.workerLost, "gone"), delay: .seconds(1)), to: job.id,
            heldBy: Sample.run.token)
        guard case .lost(let found?) = outcome else { throw TestFailure("it was requeued") }
        #expect(found.state == .running)
        #expect(found.cancelRequestedAt != nil)
    }

    @Test func whatHasExpiredIsGone() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        var job = Sample.queued(id: Job.ID(.v7(milliseconds: Sample.start.milliseconds)))
        job.expiresAt = Timestamp(milliseconds: 1000)
        _ = try await deployment.services.store.create(job)
        #expect(try await deployment.services.store.job(job.id) == nil)
        #expect(try await deployment.services.documents.page(job.id, at: .now) == nil)
    }

    @Test func listsAreNewestFirstAndPageByPage() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        var ids: [String] = []
        for _ in 0..<5 { ids.insert("\(try await deployment.submit().id)", at: 0) }
        _ = try await deployment.submit(user: "bob")
        let first = try await store.list(user: "alice", state: nil, limit: 3, after: nil)
        #expect(first.jobs.map(\.id) == Array(ids[..<3]))
        let second = try await store.list(user: "alice", state: .queued, limit: 3, after: first.next)
        #expect(second.jobs.map(\.id) == Array(ids[3...]))
        #expect(second.next == nil)
        #expect(try await store.list(user: "alice", state: .running, limit: 3, after: nil).jobs.isEmpty)
    }

    @Test func documentsComeBackWithTheJobAndTheWorkflowApart() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let documents = deployment.services.documents
        let now = deployment.services.now
        var job = Job(id: Job.ID(.v7(milliseconds: now.milliseconds)), user: "alice", createdAt: now)
        job.hasMetadata = true
        try await documents.store(
            workflow: Deployment.workflow, metadata: ["order": "7"], for: job, expires: now + .seconds(60))
        _ = try await deployment.services.store.create(job)
        try await documents.store(progress: ["percent": 40], of: 0, for: job.id, expires: now + .seconds(60))
        let page = try #require(try await documents.page(job.id, at: now))
        #expect(page.job == job)
        #expect(page.metadata == ["order": "7"])
        #expect(page.progress == ["percent": 40])
        #expect(try await documents.workflow(job.id)?.json == Deployment.workflow)
    }

    /// A workflow that does not compress below the limit goes to the bucket.
    @Test func aLargeWorkflowLivesInTheBucket() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        var nodes: JSON.Object = [:]
        for index in 0..<90 {
            let noise = Hex.encode(SecureRandom.bytes(300))
            nodes["\(index)"] = ["class_type": "CLIPTextEncode", "inputs": ["text": .string(noise)]]
        }
        let job = try await deployment.submit(workflow: .object(nodes))
        #expect(try await deployment.services.documents.workflow(job.id)?.json == .object(nodes))
        let key = OutputKey.workflow(user: "alice", job: job.id)
        #expect(
            try await deployment.services.s3.head(
                bucket: deployment.services.configuration.bucket, key: key) != nil)
    }

    @Test func theSameKeyAndBodyAreTheSameJob() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.idempotency
        let (first, second) = (Job.ID(.v4()), Job.ID(.v4()))
        let now = deployment.services.now
        func claim(_ id: Job.ID, _ hash: [UInt8], user: String = "alice", at time: Timestamp? = nil)
            async throws -> IdempotencyStore.Claim
        {
            try await store.claim(user: user, key: "k", bodyHash: hash, proposed: id, at: time ?? now)
        }
        #expect(try await claim(first, [1]) == .job(first, isNew: true))
        #expect(try await claim(second, [1]) == .job(first, isNew: false))
        #expect(try await claim(second, [2]) == .mismatch)
        #expect(try await claim(second, [2], user: "bob") == .job(second, isNew: true))
        #expect(try await claim(second, [2], at: now + .seconds(86_401)) == .job(second, isNew: true))
    }
}
