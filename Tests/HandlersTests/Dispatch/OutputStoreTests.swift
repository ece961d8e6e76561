import AWSClients
import ComfyUI
import Crypto
import Glibc
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct OutputStoreTests {
    /// A store for one job, on a worker that answers `/view` as told.
    private struct Bench {
        let services: Services
        let store: OutputStore
        let ledger: OutputLedger

        init(_ changes: [String: String] = [:], worker: String = "http://127.0.0.1:9") async throws {
            services = try await Deployment.make(on: testLoop, changes).services
            ledger = OutputLedger(
                services.documents, job: Sample.id, attempt: 1, expires: services.now + .seconds(3600))
            store = OutputStore(
                s3: services.s3, configuration: services.configuration, loop: testLoop,
                job: try Sample.submitted(),
                client: ComfyUIClient(http: services.http, address: try #require(URL(worker))),
                ledger: ledger,
                gate: TransferGate(limit: 1))
        }

        func object(_ key: String) async throws -> [UInt8] {
            try await services.s3.get(bucket: services.configuration.bucket, key: key)
        }
    }

    /// Answers `/view` by file name, and counts what was asked for.
    private final class Worker: Sendable {
        private let server: ScriptedServer

        init(_ answer: @escaping @Sendable (String) -> [UInt8]?) throws {
            let asked = Asked()
            server = try ScriptedServer { connection in
                while true {
                    let line = try connection.readRequest().line
                    let name = String(line.split(separator: "filename=").last?.prefix { $0 != "&" } ?? "")
                    asked.add(name)
                    if let bytes = answer(name) {
                        try connection.respond(200, headers: [], body: bytes)
                    } else {
                        try connection.respond(404, headers: [], body: [])
                    }
                }
            }
            self.names = asked
        }

        private let names: Asked
        var address: String { "http://127.0.0.1:\(server.port)" }
        var requests: [String] { names.value }
    }

    private final class Asked: Sendable {
        private let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
        var value: [String] { names.withLock { $0 } }
    }

    private static func file(_ name: String, node: String = "9") -> OutputFile {
        OutputFile(nodeID: node, filename: name)
    }

    /// Nothing is asked for or stored: the names of that many would not fit into the job's item.
    @Test func moreOutputsThanAJobMayHaveAreRefused() async throws {
        let bench = try await Bench()
        let count = OutputStore.limit + 1
        let entry = HistoryEntry(
            outcome: .success, files: (0..<count).map { Self.file("\($0).png") })
        guard case .failure(.tooMany(let found)) = await bench.store.store(entry) else {
            Issue.record("stored")
            return
        }
        #expect(found == count)
    }

    /// Text needs no worker: it is stored as a file of its own, as an attachment.
    @Test func textBecomesAnObject() async throws {
        let bench = try await Bench()
        let entry = HistoryEntry(outcome: .success, texts: [(nodeID: "4", text: "a lighthouse")])
        let stored = try await bench.store.store(entry).get()
        #expect(stored.map(\.kind) == [.text])
        #expect(stored.map(\.bytes) == [12])
        #expect(try await bench.object(try #require(stored.first?.key)) == Array("a lighthouse".utf8))
    }

    /// The history decides: what it does not confirm is not listed, what nobody foresaw is stored all the same, and
    /// nothing is fetched twice.
    @Test func whatWasForeseenIsNotFetchedAgain() async throws {
        let worker = try Worker { Array("the text of \($0)".utf8) }
        let bench = try await Bench(worker: worker.address)
        let foresight = OutputForesight()
        for name in ["a.txt", "b.txt", "never.txt"] {
            await foresight.note(
                .executed(promptID: "p", node: "9", output: ["any": [["filename": .string(name)]]]))
        }
        // A second frame of the same node, a preview and a text are no new files.
        await foresight.note(
            .executed(
                promptID: "p", node: "9",
                output: ["any": [["filename": "a.txt"], ["filename": "p.png", "type": "temp"], "words"]]))
        foresight.finish()
        let store = bench.store
        try await testLoop.task { await store.store(foresight.sources) }.value
        let entry = HistoryEntry(
            outcome: .success, files: [Self.file("a.txt"), Self.file("b.txt"), Self.file("c.txt")])
        let outputs = try await bench.store.store(entry).get()
        #expect(outputs.map(\.filename) == ["a.txt", "b.txt", "c.txt"])
        #expect(outputs.map(\.key) == (0..<3).map { "outputs/alice/\(Sample.id)/1/\($0).txt" })
        #expect(worker.requests.sorted() == ["a.txt", "b.txt", "c.txt", "never.txt"])
        for output in outputs {
            #expect(Hex.encode(SHA256.hash(try await bench.object(output.key))) == output.sha256)
        }
    }

    /// A frame that was not heard shifts the places: the object at each place is the history's in the end.
    @Test func whatWasForeseenAtAnotherPlaceIsStoredAnew() async throws {
        let worker = try Worker { Array("the text of \($0)".utf8) }
        let bench = try await Bench(worker: worker.address)
        let foresight = OutputForesight()
        await foresight.note(
            .executed(promptID: "p", node: "9", output: ["any": [["filename": "b.txt"]]]))
        foresight.finish()
        await bench.store.store(foresight.sources)
        let entry = HistoryEntry(outcome: .success, files: [Self.file("a.txt"), Self.file("b.txt")])
        let outputs = try await bench.store.store(entry).get()
        #expect(try await bench.object(outputs[0].key) == Array("the text of a.txt".utf8))
        #expect(try await bench.object(outputs[1].key) == Array("the text of b.txt".utf8))
    }

    /// A worker may say anything: no more is fetched early than a job may have.
    @Test func noMoreIsForeseenThanAJobMayHave() async throws {
        let foresight = OutputForesight()
        let files = (0..<OutputStore.limit * 2).map { JSON.object(["filename": .string("\($0).png")]) }
        await foresight.note(.executed(promptID: "p", node: "9", output: ["images": .array(files)]))
        foresight.finish()
        var count = 0
        for await _ in foresight.sources { count += 1 }
        #expect(count == OutputStore.limit)
    }

    /// What the table says is stored is not even asked for, and keeps what was known of it.
    @Test func aResumedRunSkipsWhatIsStored() async throws {
        let worker = try Worker { Array("the text of \($0)".utf8) }
        let bench = try await Bench(worker: worker.address)
        let first = HistoryEntry(outcome: .success, files: [Self.file("a.txt"), Self.file("b.txt")])
        let stored = try await bench.store.store(first).get()
        await bench.ledger.record()

        let ledger = OutputLedger(
            bench.services.documents, job: Sample.id, attempt: 1, expires: bench.services.now)
        await ledger.load()
        let store = OutputStore(
            s3: bench.services.s3, configuration: bench.services.configuration, loop: testLoop,
            job: try Sample.submitted(), client: bench.store.client, ledger: ledger,
            gate: TransferGate(limit: 1))
        let all = HistoryEntry(
            outcome: .success, files: [Self.file("a.txt"), Self.file("b.txt"), Self.file("c.txt")])
        let resumed = try await store.store(all).get()
        #expect(resumed.prefix(2) == stored[...])
        #expect(
            worker.requests == ["a.txt", "b.txt", "c.txt"] || worker.requests == ["b.txt", "a.txt", "c.txt"])
        // Of another attempt nothing is taken over: its objects have other keys.
        let next = OutputLedger(
            bench.services.documents, job: Sample.id, attempt: 2, expires: bench.services.now)
        await next.load()
        #expect(await next.output(of: OutputSource.all(of: all)[0]) == nil)
    }

    /// A failed run's outputs are listed as far as they can be had.
    @Test func whatExistsIsStoredWithoutTheRest() async throws {
        let worker = try Worker { $0 == "gone.png" ? nil : Array("the text of \($0)".utf8) }
        let bench = try await Bench(worker: worker.address)
        let entry = HistoryEntry(
            outcome: .success, files: [Self.file("gone.png"), Self.file("a.txt")],
            texts: [(nodeID: "4", text: "words")])
        #expect(await bench.store.storeWhatExists(entry).map(\.index) == [1, 2])
        guard case .failure(.missing("gone.png")) = await bench.store.store(entry) else {
            Issue.record("stored")
            return
        }
    }

    /// The digest and the size are those of what is stored.
    @Test(arguments: [true, false])
    func metadataIsStrippedWhenAsked(_ strips: Bool) async throws {
        let original = try Fixtures.bytes("comfyui/sample-with-metadata.png")
        let worker = try Worker { _ in original }
        let bench = try await Bench(["STRIP_METADATA": "\(strips)"], worker: worker.address)
        let entry = HistoryEntry(outcome: .success, files: [Self.file("a.png")])
        let output = try #require(try await bench.store.store(entry).get().first)
        let object = try await bench.object(output.key)
        #expect(output.bytes == object.count)
        #expect(output.sha256 == Hex.encode(SHA256.hash(object)))
        #expect(String(decoding: object, as: UTF8.self).contains("class_type") == !strips)
        #expect((object == original) == !strips)
    }

    /// The worker holds its answers back and lets one go at a time.
    @Test func noMoreThanFourAreOnTheirWay() async throws {
        let released = Released()
        let worker = try Worker { name in
            released.waitForOne()
            return Array(name.utf8)
        }
        let bench = try await Bench(worker: worker.address)
        let entry = HistoryEntry(outcome: .success, files: (1...10).map { Self.file("\($0).txt") })
        let store = bench.store
        async let stored = testLoop.task { try await store.store(entry).get() }.value
        for round in 0..<10 {
            for _ in 0..<2000 where worker.requests.count < min(10, round + 4) {
                try await testLoop.sleep(for: .milliseconds(5))
            }
            #expect(worker.requests.count == min(10, round + 4))
            released.one()
        }
        #expect(try await stored.count == 10)
    }

    /// Answers that may go.
    private final class Released: Sendable {
        private let left = Mutex(0)

        func one() { left.withLock { $0 += 1 } }

        func waitForOne() {
            for _ in 0..<30_000 {
                let isMine = left.withLock { left in
                    defer { if left > 0 { left -= 1 } }
                    return left > 0
                }
                if isMine { return }
                usleep(1000)
            }
        }
    }

    /// Two that are too large to go at once still both come, whole, with one place for them.
    @Test func largeOutputsTakeTurns() async throws {
        let large = [UInt8](repeating: 65, count: OutputReader.freeLength * 3 / 2)
        let worker = try Worker { Array("\($0) ".utf8) + large }
        let bench = try await Bench(worker: worker.address)
        let entry = HistoryEntry(
            outcome: .success, files: ["a", "b", "c"].map { Self.file("\($0).txt") })
        let store = bench.store
        let outputs = try await testLoop.task { try await store.store(entry).get() }.value
        #expect(outputs.map(\.bytes) == [Int](repeating: large.count + 6, count: 3))
        #expect(Set(outputs.map(\.sha256)).count == 3)
        // The place was given back.
        #expect(await store.gate.enter())
    }
}
