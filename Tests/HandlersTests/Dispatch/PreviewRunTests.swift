import AWSClients
import ComfyUI
import HTTP
import JSON
import LambdaRuntime
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

/// What runs show, on stand-ins for ComfyUI that send previews when the prompt asks for them.
@Suite(.timeLimit(.minutes(2))) struct PreviewRunTests {
    /// The picture that a job shows now; nil when there is none.
    private func shown(_ services: Services, _ id: Job.ID, user: String = "alice") async throws -> [UInt8]? {
        do {
            return try await services.s3.get(
                bucket: services.configuration.bucket, key: OutputKey.preview(user: user, job: id))
        } catch  where error.code == .noSuchKey {
            return nil
        }
    }

    private func previews(_ services: Services, _ id: Job.ID) async throws -> [Job.ID: Preview] {
        try await services.documents.page(id, at: services.now)?.previews ?? [:]
    }

    @Test func aRunningJobShowsWhatItHasMadeAndAnEndedOneNothing() async throws {
        let bench = try await DispatchBench(["--step-ms", "150"])
        let services = bench.deployment.services
        let queued = try await bench.deployment.submit(
            workflow: DispatchBench.slow, wantsPreviews: true)
        let dispatcher = bench.dispatcher
        let running = testLoop.task {
            try await dispatcher.dispatch(resumes: [], hint: queued.id, until: .now + .seconds(60))
        }
        var first: Preview?
        try await bench.until("a preview, and one that took its place") {
            guard let preview = try await previews(services, queued.id)[queued.id] else { return false }
            first = first ?? preview
            return preview != first
        }
        let preview = try #require(first)
        #expect(preview.nodeID == "4")
        #expect(preview.contentType == "image/jpeg")
        #expect([preview.width, preview.height] == [64, 64])
        #expect(try await shown(services, queued.id)?.starts(with: [0xFF, 0xD8, 0xFF]) == true)
        _ = try await running.value
        #expect(try await bench.job(queued.id).state == .completed)
        #expect(try await shown(services, queued.id) == nil)
        #expect(try await previews(services, queued.id).isEmpty)
    }

    /// Though its worker sends previews unasked.
    @Test func aJobThatDoesNotAskShowsNothing() async throws {
        let bench = try await DispatchBench(["--step-ms", "20", "--preview-method", "auto"])
        let services = bench.deployment.services
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        #expect(try await bench.dispatchToTheEnd(queued.id).state == .completed)
        let item = try await services.store.dynamoDB.get(
            ["pk": .s(JobItem.partition(queued.id)), "sk": .s("PROGRESS")],
            from: services.configuration.table)
        #expect(item?["document"] != nil)
        #expect(item?["preview"] == nil)
        #expect(try await shown(services, queued.id) == nil)
    }

    /// Twenty steps of 400 ms in invocations of three seconds each.
    @Test func aRunThatIsTakenOverShowsItsNextPictures() async throws {
        let bench = try await DispatchBench(["--step-ms", "400"])
        let services = bench.deployment.services
        let queued = try await bench.deployment.submit(
            workflow: DispatchBench.slow, wantsPreviews: true)
        var taken: Set<Timestamp> = []
        while !(try await bench.job(queued.id).state.isFinal) {
            let isRunning = try await bench.job(queued.id).state == .running
            try await bench.dispatch(resumes: isRunning ? [queued.id] : [], time: .seconds(4))
            if let preview = try await previews(services, queued.id)[queued.id] {
                taken.insert(preview.takenAt)
            }
        }
        let job = try await bench.job(queued.id)
        #expect(job.state == .completed)
        #expect(job.attempts.count == 1)
        #expect(taken.count >= 2)
        #expect(try await shown(services, queued.id) == nil)
    }

    private final class Refused: Sendable {
        private let value = Atomic(0)
        /// One more.
        func count() -> Int { value.add(1, ordering: .relaxed).newValue }
    }

    /// Neither the run nor its end waits for a bucket that takes no previews: some are refused, some get no answer.
    @Test func aJobWhosePreviewsCannotBeStoredCompletes() async throws {
        let standIn = try await StandIn(["--step-ms", "100"])
        let local = try await LocalAWS.sharedWithoutSignatures()
        let refused = Refused()
        let proxy = try CallProxy(to: local.port, isComfyUI: false, caller: "dispatch") { call, moment in
            guard call.request.line.contains("/previews/"), moment == .before else { return .pass }
            return refused.count().isMultiple(of: 2) ? .hangUp : .answer(403, headers: [], body: "")
        }
        defer { proxy.stop() }
        let deployment = try await Deployment.make(
            on: testLoop, ["COMFYUI_URLS": standIn.address], endpoint: proxy.address)
        let services = deployment.services
        let dispatcher = Dispatcher(services: services)
        let queued = try await deployment.submit(workflow: DispatchBench.slow, wantsPreviews: true)
        _ = try await testLoop.task {
            try await dispatcher.dispatch(resumes: [], hint: queued.id, until: .now + .seconds(60))
        }.value
        let job = try #require(try await services.store.job(queued.id))
        #expect(job.state == .completed)
        #expect(job.attempts.count == 1)
        #expect(refused.count() > 1)
        #expect(try await previews(services, queued.id).isEmpty)
    }

    @Test func partsThatRunAtOnceShowAPictureEach() async throws {
        let bench = try await ParallelBench([["--step-ms", "150"], ["--step-ms", "150"]])
        let services = bench.deployment.services
        let id = try await bench.submit(ParallelBench.pictures(2, steps: 20), ["previews": true])
        let parts = (0..<2).map { Job.ID(id.uuid, part: $0) }
        let dispatcher = bench.dispatcher
        let running = testLoop.task {
            try await dispatcher.dispatch(resumes: [], hint: nil, until: .now + .seconds(60))
        }
        var seen: [Job.ID: Preview] = [:]
        for _ in 0..<600 where seen.count < 2 {
            try await testLoop.sleep(for: .milliseconds(50))
            seen.merge(try await previews(services, id)) { $1 }
        }
        #expect(Set(seen.keys) == Set(parts))
        #expect(Set(seen.values.compactMap(\.nodeID)) == ["sample0", "sample1"])
        _ = try await running.value
        #expect(try await bench.job(id).state == .completed)
        for part in parts { #expect(try await shown(services, part, user: "local") == nil) }
    }

    /// Whoever ran it died: the end that somebody else announces takes its picture away too.
    @Test func theEndTakesThePictureAwayWhoeverAnnouncesIt() async throws {
        let stack = try await LocalStack.start()
        let services = stack.services
        let id = try await stack.submit(#"{"prompt": "a lighthouse", "previews": true}"#)
        let other = try await stack.submit(#"{"prompt": "a barn", "previews": true}"#)
        for job in [id, other] { try await services.previews.put([1], "image/png", of: job, user: "local") }
        try await stack.complete(id, [])
        let ended = try #require(try await services.store.job(id))
        await Announcer(services: services).announce(ended)
        #expect(try await shown(services, id, user: "local") == nil)
        #expect(try await shown(services, other, user: "local") == [1])
        // What a late dispatcher stores after all goes with the job.
        try await services.previews.put([2], "image/png", of: id, user: "local")
        #expect(await stack.bench.send(HTTPRequest(.delete, "/v1/jobs/\(id)")).status == 204)
        #expect(try await shown(services, id, user: "local") == nil)
    }
}
