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
}
