import AWSClients
import Crypto
import HTTP
import Testing
import Time

@testable import Handlers

/// Which job goes to which worker, without a table.
@Suite struct PlacementTests {
    private static func worker(
        _ name: String, slots: Int = 1, checkpoint: String? = nil, queue: Int = 0, labels: [String] = []
    ) throws -> Worker {
        var worker = Worker(
            address: try #require(URL("http://\(name):8188")), .init(labels: labels, slots: slots))
        worker.checkpoint = checkpoint
        worker.queueLength = queue
        return worker
    }

    private static func candidate(
        _ checkpoint: String? = nil, user: String = "alice", age: Duration = .zero, labels: [String] = []
    ) -> Candidate {
        var job = Job(id: Job.ID(UUID.v4()), user: user, createdAt: Sample.start - age)
        job.checkpoint = checkpoint
        job.workerLabels = labels
        return Candidate(job)
    }

    /// Host and checkpoint of each match, until nothing fits.
    private static func matches(_ workers: [Worker], _ candidates: [Candidate]) -> [String] {
        var board = Placement(workers)
        board.candidates = candidates
        let book = TurnBook()
        var matches: [String] = []
        while let match = board.next(at: Sample.start, book) {
            matches.append("\(match.place.worker.address.host) \(match.candidate.checkpoint ?? "-")")
        }
        return matches
    }

    @Test func aJobGoesWhereItsModelIsLoaded() throws {
        for _ in 0..<20 {
            let workers = [
                try Self.worker("w1", checkpoint: "a"), try Self.worker("w2", checkpoint: "b", queue: 5),
                try Self.worker("w3"),
            ]
            #expect(Self.matches(workers, [Self.candidate("b")]) == ["w2 b"])
        }
    }

    @Test func otherwiseTheShortestQueueIsTaken() throws {
        let workers = [
            try Self.worker("w1", checkpoint: "a", queue: 2),
            try Self.worker("w2", checkpoint: "b", queue: 1),
            try Self.worker("w3", queue: 3),
        ]
        #expect(Self.matches(workers, [Self.candidate("c")]) == ["w2 c"])
    }

    /// Two slots of one worker are two jobs in its queue.
    @Test func jobsAreSpreadOverTheWorkers() throws {
        let workers = [try Self.worker("w1", slots: 2), try Self.worker("w2", slots: 2)]
        let hosts = Self.matches(workers, [Self.candidate(), Self.candidate()])
        #expect(Set(hosts).count == 2)
    }

    /// The first job leaves the worker that another one's model is loaded on.
    @Test func eachOfTwoJobsGoesToItsOwnWorker() throws {
        for _ in 0..<20 {
            let workers = [try Self.worker("w1", checkpoint: "b"), try Self.worker("w2", queue: 9)]
            let found = Self.matches(workers, [Self.candidate("a", age: .seconds(5)), Self.candidate("b")])
            #expect(found == ["w2 a", "w1 b"])
        }
    }

    /// With one place only, the younger job may go first, as long as it is hardly younger.
    @Test(arguments: [(30, "w1 b"), (61, "w1 a")])
    func oneFreeWorkerTakesTheJobItIsWarmFor(_ seconds: Int, _ expected: String) throws {
        let workers = [try Self.worker("w1", checkpoint: "b")]
        let jobs = [Self.candidate("a", age: .seconds(seconds)), Self.candidate("b")]
        #expect(Self.matches(workers, jobs) == [expected])
    }

    @Test func aJobGoesOnlyWhereItsLabelsAre() throws {
        let workers = [try Self.worker("w1"), try Self.worker("w2", queue: 7, labels: ["a100"])]
        let jobs = [Self.candidate("x", labels: ["a100"]), Self.candidate("y", labels: ["h100"])]
        #expect(Self.matches(workers, jobs) == ["w2 x"])
    }

    @Test func aPlaceThatNothingCameOfIsTriedTwice() throws {
        var board = Placement([try Self.worker("w1")])
        let book = TurnBook()
        var tries = 0
        while tries < 10 {
            board.candidates = [Self.candidate()]
            guard var place = board.next(at: Sample.start, book)?.place else { break }
            tries += 1
            place.tries -= 1
            board.putBack(place)
        }
        #expect(tries == 2)
    }

    // MARK: Turns

    private static func order(
        _ users: String, running: [String: TurnOrder.Standing] = [:], limit: Int = 10
    ) -> String {
        let candidates = users.enumerated().map {
            candidate(user: String($0.element), age: .seconds(100 - $0.offset))
        }
        return TurnOrder.order(candidates, standings: running, limit: limit).map(\.user).joined()
    }

    @Test(arguments: [("aaabbc", "abcaba"), ("", ""), ("aaa", "aaa"), ("baab", "baba")])
    func turnsGoRound(_ queue: String, _ expected: String) {
        #expect(Self.order(queue) == expected)
    }

    @Test func whoRunsLessOrStartedLongerAgoIsFirst() {
        #expect(Self.order("ab", running: ["a": .init(running: 1, lastStart: 1)]) == "ba")
        #expect(
            Self.order(
                "abc",
                running: [
                    "a": .init(running: 0, lastStart: 7), "b": .init(running: 0, lastStart: 5),
                    "c": .init(running: 0, lastStart: 6),
                ]) == "bca")
        // Two catch up with the one who has two running.
        #expect(Self.order("aabbb", running: ["a": .init(running: 2, lastStart: 0)]) == "bbaba")
    }

    @Test func nobodyGetsMoreThanTheLimit() {
        #expect(Self.order("aaaab", running: ["a": .init(running: 1, lastStart: 1)], limit: 3) == "baa")
    }
}
