import AWSClients
import Crypto
import HTTP
import JSON
import Testing
import Time

@testable import Handlers

/// A job's events, with a job that moves on when its client has seen how it is.
@Suite(.timeLimit(.minutes(1)))
struct JobEventsTests {
    private static let pace = JobEvents.Pace(
        interval: .milliseconds(20), heartbeat: .seconds(15), farewell: .milliseconds(100))

    /// The fields of each event, comments and `retry` left out.
    private func events(_ body: String) -> [[String: String]] {
        var events: [[String: String]] = [[:]]
        for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                events.append([:])
            } else if let colon = line.firstIndex(of: ":"), !line.hasPrefix(":") {
                events[events.count - 1][String(line[..<colon])] = String(
                    line[line.index(colon, offsetBy: 2)...])
            }
        }
        return events.filter { $0["data"] != nil }
    }

    private func jobEvents(
        _ stack: LocalStack, _ id: Job.ID, after mark: String? = nil, pace: JobEvents.Pace = Self.pace
    )
        async throws -> JobEvents?
    {
        let page = try #require(try await stack.services.documents.page(id, at: stack.services.now))
        return JobEvents(page, after: mark, services: stack.services, pace: pace)
    }

    /// Everything that is written until the stream ends; `react` is told each piece.
    private func collect(
        _ events: JobEvents?, until deadline: Timestamp = .now + .seconds(30),
        _ react: (String) async throws -> Void = { _ in }
    ) async throws -> String {
        var whole = ""
        try await events?.send(until: deadline) { piece in
            whole += piece
            try await react(piece)
        }
        return whole
    }

    @Test func aJobsEventsAreItsStatesAndItsProgressUntilItEnds() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        let body = try await collect(try await jobEvents(stack, id)) { piece in
            if piece.contains("\"queued\"") {
                _ = try await stack.claim(id)
            } else if piece.contains("\"status\":\"running\"") {
                let job = try #require(try await stack.services.store.job(id))
                try await stack.services.documents.store(
                    progress: ["percent": 40], of: job.attempt, for: id, expires: .now + .seconds(60))
            } else if piece.contains("\"percent\":40") {
                _ = try await stack.services.store.applyLatest(
                    .submitted(promptID: "p", clientID: "c"), to: id, heldBy: "t")
                _ = try await stack.services.store.applyLatest(.completed([]), to: id, heldBy: "t")
            }
        }
        #expect(body.hasPrefix("retry: 1000\n\n"))
        let all = events(body)
        let documents = try all.map { try JSON(parsing: $0["data"] ?? "") }
        #expect(all.first?["event"] == "state")
        #expect(documents.first?["status"] == "queued")
        #expect(documents.first?["job_id"] == .string("\(id)"))
        #expect(all.contains { $0["event"] == "progress" && $0["data"]?.contains("40") == true })
        #expect(documents.last?["status"] == "completed")
        // Each id tells another moment of the job.
        #expect(Set(all.compactMap { $0["id"] }).count == all.count)
    }

    @Test func whoComesBackIsSentNothingTwice() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        let job = try await stack.claim(id)
        try await stack.services.documents.store(
            progress: ["percent": 40], of: job.attempt, for: id, expires: .now + .seconds(60))
        let soon = Timestamp.now + .milliseconds(50)
        let first = events(try await collect(try await jobEvents(stack, id), until: soon))
        #expect(first.map { $0["event"] } == ["state", "progress"])
        // From each event on, what came after it, and that alone.
        let afterState = try await collect(try await jobEvents(stack, id, after: first[0]["id"]), until: soon)
        #expect(events(afterState) == [first[1]])
        let afterBoth = try await collect(try await jobEvents(stack, id, after: first[1]["id"]), until: soon)
        #expect(afterBoth == "retry: 1000\n\n")
        for unknown in ["", "x", "1", "1-2-3", "-1-", "1-\(String(repeating: "a", count: 13))"] {
            let all = try await collect(try await jobEvents(stack, id, after: unknown), until: soon)
            #expect(events(all).count == 2)
        }
    }

    @Test func aJobThatHasEndedIsToldOnce() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        try await stack.complete(id, [])
        let all = events(try await collect(try await jobEvents(stack, id)))
        #expect(all.count == 1)
        #expect(try await jobEvents(stack, id, after: all[0]["id"]) == nil)
    }

    @Test func silenceIsBrokenByAComment() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        var pace = Self.pace
        pace.heartbeat = .zero
        struct Enough: Error {}
        var comments = 0
        let all = try await jobEvents(stack, id, pace: pace)
        await #expect(throws: Enough.self) {
            try await all?.send(until: .now + .seconds(30)) { piece in
                if piece == ": heartbeat\n\n" { comments += 1 }
                if comments == 3 { throw Enough() }
            }
        }
        #expect(comments == 3)
    }

    @Test func theStreamEndsBeforeItsInvocationDoes() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        var pace = Self.pace
        pace.farewell = .seconds(2)
        let deadline = stack.services.now + .milliseconds(2100)
        let body = try await collect(try await jobEvents(stack, id, pace: pace), until: deadline)
        #expect(events(body).count == 1)
        #expect(deadline - stack.services.now > .milliseconds(500))
    }

    @Test func aJobThatIsGoneEndsItsEvents() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        let body = try await collect(try await jobEvents(stack, id)) { piece in
            if piece.contains("queued") {
                try await stack.services.store.dynamoDB.delete(
                    JobItem.key(id), from: stack.services.configuration.table)
            }
        }
        #expect(events(body).count == 1)
    }

    // MARK: Previews

    private func preview(_ at: Int64, node: String? = "sampler") -> Preview {
        Preview(
            takenAt: Timestamp(milliseconds: 1_790_000_000_000 + at), nodeID: node, contentType: "image/jpeg",
            width: 64, height: 32)
    }

    private func show(
        _ preview: Preview?, _ id: Job.ID, attempt: Int = 0, percent: Int = 40, _ stack: LocalStack
    ) async throws {
        try await stack.services.documents.store(
            progress: ["percent": .number(percent)], preview: preview, of: attempt, for: id,
            expires: .now + .seconds(60))
    }

    private func previews(_ body: String) throws -> [JSON] {
        try events(body).filter { $0["event"] == "preview" }.map { event in
            // Who comes back with an id has seen no less for a preview.
            #expect(event["id"] == nil)
            return try JSON(parsing: event["data"] ?? "")
        }
    }

    @Test func whatARunningJobShowsIsToldOnceWithAnAddressOfIt() async throws {
        let stack = try await LocalStack.start()
        let services = stack.services
        let id = try await stack.submit(#"{"prompt": "a lighthouse", "previews": true}"#)
        _ = try await stack.claim(id)
        try await services.previews.put([1, 2, 3], "image/jpeg", of: id, user: "local")
        try await show(preview(1), id, stack)
        let body = try await collect(try await jobEvents(stack, id)) { piece in
            if piece.contains("20.001Z") {
                // The same once more, with other progress.
                try await show(preview(1), id, percent: 41, stack)
            } else if piece.contains("20.002Z") {
                _ = try await services.store.applyLatest(
                    .submitted(promptID: "p", clientID: "c"), to: id, heldBy: "t")
                _ = try await services.store.applyLatest(.completed([]), to: id, heldBy: "t")
            } else if piece.contains(#""percent":41"#) {
                try await show(preview(2, node: nil), id, stack)
            }
        }
        let told = try previews(body)
        #expect(
            told.map { $0["taken_at"]?.string } == ["2026-09-21T14:13:20.001Z", "2026-09-21T14:13:20.002Z"])
        #expect(told.map { $0["node_id"] } == ["sampler", .null])
        #expect(told.allSatisfy { $0["width"] == 64 && $0["height"] == 32 && $0["part"] == nil })
        #expect(told.allSatisfy { $0["content_type"] == "image/jpeg" })
        let url = try #require(told.first?["url"]?.string.flatMap { URL($0) })
        let picture = try await services.http.send(.init(.get, url))
        #expect(picture.body == [1, 2, 3])
        #expect(picture.headers["Content-Type"] == "image/jpeg")
        #expect(picture.headers["Cache-Control"] == "no-store")
        // It holds for five minutes, and only there is it told of.
        let expires = try #require(told.first?["url_expires_at"]?.string.flatMap { Timestamp(rfc3339: $0) })
        #expect(expires - services.now <= .seconds(300))
        #expect(await !stack.bench.get("/v1/jobs/\(id)").body.contains("preview".utf8))
    }

    @Test func whoComesBackIsShownTheNewestAgain() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit(#"{"prompt": "a lighthouse", "previews": true}"#)
        _ = try await stack.claim(id)
        try await show(preview(1), id, stack)
        let soon = Timestamp.now + .milliseconds(50)
        let first = try await collect(try await jobEvents(stack, id), until: soon)
        #expect(events(first).map { $0["event"] } == ["state", "progress", "preview"])
        let mark = events(first).compactMap { $0["id"] }.last
        let again = try await collect(try await jobEvents(stack, id, after: mark), until: soon)
        #expect(events(again).map { $0["event"] } == ["preview"])
    }

    /// Of an attempt before, of a job that waits for its next one, and of one that never asked.
    @Test func whatIsNotOfNowIsNotShown() async throws {
        let stack = try await LocalStack.start()
        let soon = Timestamp.now + .milliseconds(50)
        let asks = #"{"prompt": "a lighthouse", "previews": true}"#
        let queued = try await stack.submit(asks)
        try await show(preview(1), queued, stack)
        let earlier = try await stack.submit(asks)
        _ = try await stack.claim(earlier)
        try await show(preview(1), earlier, attempt: 7, stack)
        let silent = try await stack.submit()
        _ = try await stack.claim(silent)
        try await show(preview(1), silent, stack)
        let ended = try await stack.submit(asks)
        try await stack.complete(ended, [])
        try await show(preview(1), ended, attempt: 1, stack)
        for id in [queued, earlier, silent, ended] {
            let body = try await collect(try await jobEvents(stack, id), until: soon)
            #expect(!events(body).isEmpty)
            #expect(try previews(body).isEmpty)
        }
    }

    @Test func eachPartThatRunsShowsItsOwn() async throws {
        let bench = try await ParallelBench()
        let services = bench.deployment.services
        let id = try await bench.submit(ParallelBench.pictures(3), ["previews": true])
        for number in 0..<2 {
            try await bench.start(number, of: id)
            let part = try await bench.part(number, of: id)
            try await services.documents.store(
                progress: ["percent": 1], preview: preview(Int64(number)), of: part.attempt, for: part.id,
                expires: .now + .seconds(60))
        }
        let page = try #require(try await services.documents.page(id, at: services.now))
        let body = try await collect(
            JobEvents(page, after: nil, services: services, pace: Self.pace), until: .now + .milliseconds(50))
        let told = try previews(body)
        #expect(told.map { $0["part"] } == [0, 1])
        for (number, one) in told.enumerated() {
            #expect(one["url"]?.string?.contains("/previews/local/\(id)/p\(number)/newest?") == true)
        }
    }
}
