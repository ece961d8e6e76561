import AWSClients
import HTTP
import Handlers
import JSON
import TestSupport
import Testing
import Time

@testable import comfy_lambda

@Suite(.timeLimit(.minutes(2))) struct DoctorTests {
    private let loop = EventLoop.onNewThread()

    /// Made once, since nobody changes it.
    private static let stack = Task {
        let loop = EventLoop.onNewThread()
        let aws = try await client(loop)
        return try await loop.task { try await LocalStack.create(in: aws) }.value
    }

    private static func client(_ loop: EventLoop) async throws -> AWSClient {
        let environment = try await LocalAWS.shared().environment
        return AWSClient(http: HTTPClient(loop: loop), configuration: try .init(environment: environment))
    }

    private func examine(_ change: (inout [String: String]) -> Void = { _ in }) async throws -> [Finding] {
        var settings = try await LocalAWS.shared().environment
        settings.merge(try await Self.stack.value.environment) { $1 }
        change(&settings)
        let doctor = Doctor(settings: settings, aws: try await Self.client(loop), loop: loop)
        return try await loop.task { await doctor.examine() }.value
    }

    @Test func aWholeSystemHasNothingWrong() async throws {
        let findings = try await examine()
        #expect(findings.filter { $0.verdict != .ok && $0.subject != "workers" } == [])
        #expect(
            findings.map(\.subject) == [
                "configuration", "credentials", "table", "indexes", "time to live", "bucket", "topic",
                "work queue",
                "work queue's dead letters", "resume queue", "resume queue's dead letters", "workers",
            ])
    }

    @Test(arguments: [
        ("TABLE_NAME", ["table", "workers"], "ResourceNotFoundException"),
        ("BUCKET_NAME", ["bucket"], "no bucket"), ("TOPIC_ARN", ["topic"], "NotFound"),
        ("WORK_QUEUE_URL", ["work queue"], "NonExistentQueue"),
    ])
    func whatIsNotThereIsNamedWithWhatToDo(variable: String, subjects: [String], reason: String) async throws
    {
        let findings = try await examine { settings in
            settings[variable]? += "-of-another"
        }
        let failed = findings.filter { $0.verdict == .failed }
        #expect(failed.map(\.subject) == subjects)
        #expect(failed.first?.text.contains(reason) == true, "\(failed)")
        #expect(failed.first?.advice?.contains(variable) == true)
    }

    @Test func aVariableThatIsMissingIsOneOfTheConfiguration() async throws {
        let findings = try await examine { $0["TOPIC_ARN"] = nil }
        let failed = findings.filter { $0.verdict == .failed }
        #expect(failed.map(\.subject) == ["configuration", "topic"])
        #expect(failed.first?.text == "TOPIC_ARN is not set; expected the ARN of the completion topic")
    }

    @Test func whatIsOutOfReachIsNoQuestionOfCredentials() async throws {
        let environment = [
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1",
        ]
        let aws = AWSClient(http: HTTPClient(loop: loop), configuration: try .init(environment: environment))
        let doctor = Doctor(settings: [:], aws: aws, loop: loop)
        let findings = try await loop.task { await doctor.examine() }.value
        let credentials = try #require(findings.first { $0.subject == "credentials" })
        #expect(credentials.verdict == .failed)
        #expect(credentials.advice?.hasPrefix("Is the service reachable") == true)
    }

    // MARK: Indexes

    /// As DescribeTable would answer for a table that is right.
    private static func described(_ change: (inout JSON.Object) -> Void = { _ in }) -> JSON {
        let wanted = TableDefinition.createTableInput(name: "t")["GlobalSecondaryIndexes"]?.array ?? []
        let indexes = wanted.map { index in
            var object = index.object ?? [:]
            object["IndexStatus"] = "ACTIVE"
            if object["IndexName"] == "queue" { change(&object) }
            return JSON.object(object)
        }
        return ["GlobalSecondaryIndexes": .array(indexes)]
    }

    @Test func indexesThatAreRightAreOneLine() {
        #expect(
            Doctor.indexes(of: Self.described())
                == [.ok("indexes", "queue, open_work, by_user, by_user_status")])
        let all = Self.described { $0["Projection"] = ["ProjectionType": "ALL"] }
        #expect(Doctor.indexes(of: all).count == 1)
    }

    @Test func anIndexThatIsWrongIsSaid() {
        let faults: [(String, (inout JSON.Object) -> Void)] = [
            ("is not there", { $0["IndexName"] = "other" }),
            ("is CREATING", { $0["IndexStatus"] = "CREATING" }),
            ("has the keys pk HASH", { $0["KeySchema"] = [["AttributeName": "pk", "KeyType": "HASH"]] }),
            (
                "does not carry checkpoint, last_worker, not_before, worker_labels",
                { $0["Projection"] = ["ProjectionType": "INCLUDE", "NonKeyAttributes": ["user"]] }
            ),
        ]
        for (text, change) in faults {
            let failed = Doctor.indexes(of: Self.described(change)).filter { $0.verdict == .failed }
            #expect(failed.map(\.subject) == ["index queue"])
            #expect(failed.first?.text == text)
        }
    }

    @Test func aWorkerThatGetsNoJobsIsSaidWithWhy() {
        let now = Timestamp(milliseconds: 1_000_000)
        func worker(dead: Bool = false, out: Int64? = nil, seen: Int64?) -> RecordedWorker {
            RecordedWorker(
                id: "w-1", address: "http://10.0.0.1:8188/", isDead: dead,
                leftOutUntil: out.map { Timestamp(milliseconds: $0) },
                seenAt: seen.map { Timestamp(milliseconds: $0) })
        }
        #expect(Doctor.trouble(of: worker(seen: 940_000), at: now) == nil)
        #expect(Doctor.trouble(of: worker(out: 999_999, seen: 940_000), at: now) == nil)
        #expect(Doctor.trouble(of: worker(seen: nil), at: now)?.text.hasSuffix("has never answered") == true)
        let leftOut = "http://10.0.0.1:8188/ is left out, and last answered 60.0 s ago"
        #expect(Doctor.trouble(of: worker(out: 1_000_001, seen: 940_000), at: now)?.text == leftOut)
        #expect(Doctor.trouble(of: worker(dead: true, seen: 940_000), at: now)?.text == leftOut)
        #expect(
            Doctor.trouble(of: worker(seen: 700_000), at: now)?.text
                == "http://10.0.0.1:8188/ was last looked at 300.0 s ago")
    }

    @Test func aFindingIsALineAndItsAdvice() {
        let finding = Finding.warning("topic", "nobody\u{1B}[31m listens", "Subscribe.")
        #expect(
            finding.rendered(TerminalStyle(isTerminal: false))
                == "warning   topic: nobody[31m listens\n          Subscribe.")
    }
}
