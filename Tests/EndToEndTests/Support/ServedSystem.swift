import AWSClients
import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// `comfy-lambda serve` with its own AWS and its own state, for the length of a test.
struct ServedSystem: Sendable {
    struct Options: Sendable {
        var format = "http"
        var arguments: [String] = []
        /// Variables of the functions.
        var variables: [String: String] = [:]
        /// ComfyUI servers; none has it start the stand-in.
        var comfyUI: [String] = []
    }

    let process: ChildProcess
    /// The line it said when it was ready.
    let ready: JSON
    let folder: TemporaryFolder
    let api: APIClient
    let aws: AWSClient
    /// What the functions got.
    let environment: [String: String]
    private let mailbox: Mailbox

    /// Starts it, runs `body`, ends it as Ctrl-C does, and looks that nothing of it is left.
    static func during<T>(_ options: Options = Options(), _ body: (ServedSystem) async throws -> T)
        async throws
        -> T
    {
        let folder = try TemporaryFolder()
        var environment: [String: String] = [:]
        if !options.comfyUI.isEmpty { environment["COMFYUI_URLS"] = options.comfyUI.joined(separator: ",") }
        let process = try Program.start(
            [
                "serve", "--port", "0", "--json", "--event-format", options.format, "--state",
                folder.path + "/state",
            ] + options.arguments
                + options.variables.flatMap { ["--env", "\($0.key)=\($0.value)"] },
            environment: environment)
        let result: Result<T, any Error>
        do {
            result = .success(try await body(try await ServedSystem(process, folder)))
        } catch {
            let log = (try? Fixtures.text(folder.path + "/state/logs/dispatch.log")) ?? ""
            Issue.record("\(error)\n\(process.standardError.suffix(2000))\n\(log.suffix(3000))")
            result = .failure(error)
        }
        let children = ProcessTable.descendants(of: process.id)
        process.terminate(SIGINT)
        let status = await process.exit()
        #expect(status == 0, "\(process.standardError.suffix(1000))")
        #expect(children.filter(\.isAlive).isEmpty)
        return try result.get()
    }

    private init(_ process: ChildProcess, _ folder: TemporaryFolder) async throws {
        self.process = process
        self.folder = folder
        guard await process.hasPrinted("}\n"), let ready = try? JSON(parsing: process.standardOutputBytes),
            let url = ready["url"]?.string, let file = ready["env_file"]?.string
        else {
            throw Program.Missing(description: "serve did not start: \(process.standardError)")
        }
        self.ready = ready
        api = APIClient(address: url)
        var environment: [String: String] = [:]
        for line in try Fixtures.text(file).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            environment[String(parts[0])] = String(parts[1])
        }
        self.environment = environment
        // The functions' own detours are not this client's.
        var own = environment
        own["AWS_ENDPOINT_URL_S3"] = nil
        aws = AWSClient(http: Network.http, configuration: try .init(environment: own))
        mailbox = Mailbox(SQS(aws), queue: Self.queue("subscriber", environment))
    }

    private static func queue(_ name: String, _ environment: [String: String]) -> String {
        (environment["WORK_QUEUE_URL"] ?? "").replacingSuffix("work", with: name)
    }

    /// The SNS message about a job, as the topic's subscriber got it.
    func announcement(of job: String) async throws -> JSON { try await mailbox.message(about: job) }

    /// What the queues hold: visible, delayed or in somebody's hands.
    func messageCount() async throws -> Int {
        var count = 0
        for name in [
            "work", "resume", "notify", "work-dead-letters", "resume-dead-letters", "notify-dead-letters",
        ] {
            let kinds = ["", "NotVisible", "Delayed"].map { "ApproximateNumberOfMessages\($0)" }
            let numbers = try await SQS(aws).attributes(of: Self.queue(name, environment), kinds)
            count += numbers.values.compactMap { Int($0) }.reduce(0, +)
        }
        return count
    }

    /// The table's items that requests leave: those of workers and of the whole system are nobody's.
    func itemKeys() async throws -> [String] {
        let page = try await DynamoDB(aws).call(
            "Scan", ["TableName": .string(environment["TABLE_NAME"] ?? ""), "ConsistentRead": true])
        return (page["Items"]?.array ?? []).compactMap { $0["pk"]?["S"]?.string }
            .filter { !$0.hasPrefix("WORKER") && $0 != "SYSTEM" }
    }

    /// How many objects the bucket has.
    func objectCount() async throws -> Int {
        let bucket = environment["BUCKET_NAME"] ?? ""
        let listing = try await api.get("\(ready["aws"]?.string ?? "")/\(bucket)?list-type=2")
        #expect(listing.status == 200)
        return String(decoding: listing.body, as: UTF8.self).split(separator: "<Key>").count - 1
    }
}

/// The subscriber's queue: messages are taken out once, and kept for whoever asks for theirs later.
private actor Mailbox {
    private let sqs: SQS
    private let queue: String
    private var messages: [String: JSON] = [:]

    init(_ sqs: SQS, queue: String) {
        self.sqs = sqs
        self.queue = queue
    }

    func message(about job: String) async throws -> JSON {
        try await eventually("a message about \(job)") {
            if let message = messages[job] { return message }
            for raw in try await sqs.receive(from: queue, maximum: 10, wait: .seconds(1)) {
                try await sqs.delete(receiptHandle: raw.receiptHandle, from: queue)
                let envelope = try JSON(parsing: raw.body)
                let message = try JSON(parsing: envelope["Message"]?.string ?? "")
                if let id = message["job_id"]?.string { messages[id] = message }
            }
            return messages[job]
        }
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
    }
}
