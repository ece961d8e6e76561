import HTTP
import Synchronization
import TestSupport
import Testing

@testable import Handlers

/// The workers behind a name, from a DNS server of the test's own and with a clock that the test moves.
@Suite(.timeLimit(.minutes(1))) struct WorkerDirectoryTests {
    private final class Bench: Sendable {
        let server: NameServer
        let directory: WorkerDirectory

        private final class State: Sendable {
            let answer = Mutex(NameServer.Answer.records([]))
            let time = Mutex(Duration.zero)
        }
        private let state = State()

        init(urls: String = "") throws {
            let state = state
            let start = ContinuousClock.now
            server = try NameServer { $0.type == 1 ? state.answer.withLock { $0 } : .records([]) }
            let environment = ConfigurationTests.required.merging([
                "COMFYUI_DNS": "gpu.test", "COMFYUI_DNS_SERVERS": server.address, "COMFYUI_URLS": urls,
                "COMFYUI_SLOTS": "2",
            ]) { $1 }
            directory = WorkerDirectory(
                try Configuration(environment: environment), on: testLoop,
                now: { start + state.time.withLock { $0 } })
        }

        func say(_ answer: NameServer.Answer) { state.answer.withLock { $0 = answer } }
        func pass(_ duration: Duration) { state.time.withLock { $0 += duration } }
        func hosts() async -> [String] { await directory.listing().workers.map(\.address.host) }
    }

    private static let one: [UInt8] = [127, 0, 0, 1]
    private static let two: [UInt8] = [127, 0, 0, 2]

    @Test func theNameIsAskedAgainAfterHalfAMinute() async throws {
        let bench = try Bench()
        bench.say(.records([Self.one]))
        #expect(await bench.hosts() == ["127.0.0.1"])
        bench.say(.records([Self.two, Self.one]))
        bench.pass(.seconds(29))
        #expect(await bench.hosts() == ["127.0.0.1"])
        #expect(bench.server.asked.count == 1)
        bench.pass(.seconds(1))
        #expect(await bench.hosts() == ["127.0.0.2", "127.0.0.1"])
        let worker = await bench.directory.listing().workers.first
        #expect(worker?.address.effectivePort == 8188)
        #expect(worker?.slots == 2)
    }

    @Test(arguments: [true, false])
    func noRecordMeansNoWorkers(_ isGone: Bool) async throws {
        let bench = try Bench()
        bench.say(.records([Self.one]))
        #expect(await bench.hosts() == ["127.0.0.1"])
        bench.say(isGone ? .noSuchName : .records([]))
        bench.pass(.seconds(30))
        #expect(await bench.hosts() == [])
        #expect(await bench.directory.listing().isComplete)
    }

    @Test func aQuestionThatFailsChangesNothingAndIsAskedAgainSoon() async throws {
        let bench = try Bench()
        bench.say(.records([Self.one]))
        #expect(await bench.hosts() == ["127.0.0.1"])
        bench.say(.failure)
        bench.pass(.seconds(30))
        #expect(await bench.hosts() == ["127.0.0.1"])
        bench.say(.records([Self.two]))
        bench.pass(.seconds(5))
        #expect(await bench.hosts() == ["127.0.0.2"])
    }

    /// Nothing is known then, which is not the same as no workers.
    @Test func aNameThatWasNeverAnsweredMakesNoCompleteListing() async throws {
        let bench = try Bench(urls: "http://10.0.0.9:8188")
        bench.say(.failure)
        let listing = await bench.directory.listing()
        #expect(listing.workers.map(\.address.host) == ["10.0.0.9"])
        #expect(!listing.isComplete)
    }

    @Test func manyAtOnceAskOnce() async throws {
        let bench = try Bench()
        bench.say(.records([Self.one]))
        let found = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<20 { group.addTask { await bench.hosts() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found == Array(repeating: ["127.0.0.1"], count: 20))
        #expect(bench.server.asked.count == 1)
    }

    /// What the list says of it counts.
    @Test func anAddressInTheListAndBehindTheNameIsOneWorker() async throws {
        let bench = try Bench(urls: #"[{"url": "http://127.0.0.1:8188/", "slots": 5}]"#)
        bench.say(.records([Self.one, Self.two]))
        let workers = await bench.directory.listing().workers
        #expect(workers.map(\.slots) == [5, 2])
        #expect(Set(workers.map(\.id)).count == 2)
    }
}
