import HTTP
import Time

/// Everything the handlers read from the environment, read once. `docs/configuration.md` is the table of it, and a test holds the two together.
struct Configuration: Sendable {
    /// A variable that is missing or malformed: which, what was found, what is expected.
    struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        let variable: String
        let found: String?
        let expected: String
        var description: String {
            "\(variable) is \(found.map { "'\($0)'" } ?? "not set"); expected \(expected)"
        }
    }

    var table: String
    var bucket: String
    var topicARN: String
    var workQueue: String
    var resumeQueue: String
    /// Of `COMFYUI_URLS`.
    var workers: [Worker]
    /// `COMFYUI_DNS`: the others stand behind it.
    var workerName: WorkerName?
    /// `address:port`, comma-separated, instead of the system's.
    var nameServers: String?
    var workerDefaults: WorkerList.Defaults
    var access: AccessConfiguration
    var allowedNodeTypes: String?
    var maximumNodes: Int
    var maximumImagePixels: Int
    var maximumBodyBytes: Int
    var maximumConcurrentExecutions: Int
    var corsAllowedOrigins: [String]
    var outputBaseURL: URL?
    var streamURL: URL?
    var urlLifetime: Duration
    var dispatchConcurrency: Int
    var handOffMargin: Duration
    var heartbeat: Duration
    var maximumQueueTime: Duration
    var workerPatience: Duration
    var stripsMetadata: Bool
    /// Zero: nothing is counted for `GET /metrics`.
    var metricsInterval: Duration
    var costPerGPUSecond: Double?
    /// Where traces go; nil for none.
    var traceEndpoint: URL?
    /// As traces name it.
    var functionName: String
    var webhookHosts: WebhookHosts
    /// What users' addresses may lead to although it is not public.
    var trustedHosts: [HostPattern]
    var policy: JobPolicy
}

extension Configuration {
    /// Reads and checks every variable. An empty one counts as unset.
    init(environment: [String: String]) throws(Invalid) {
        let read = EnvironmentReader(environment)
        table = try read.required("TABLE_NAME", "the name of the DynamoDB table")
        bucket = try read.required("BUCKET_NAME", "the name of the S3 bucket")
        topicARN = try read.required("TOPIC_ARN", "the ARN of the completion topic")
        workQueue = try read.required("WORK_QUEUE_URL", "the address of the work queue")
        resumeQueue = try read.required("RESUME_QUEUE_URL", "the address of the resume queue")
        workerDefaults = WorkerList.Defaults(
            labels: try read.list("COMFYUI_LABELS") { $0 },
            slots: try read.integer("COMFYUI_SLOTS", 1, in: 1...16),
            authorization: read.text("COMFYUI_AUTHORIZATION").flatMap(WorkerAuthorization.init))
        workers = try WorkerList.parse(read.text("COMFYUI_URLS") ?? "", workerDefaults)
        workerName = try read.text("COMFYUI_DNS").map { text throws(Invalid) in
            guard let name = WorkerName(text) else {
                throw Invalid(
                    variable: "COMFYUI_DNS", found: text,
                    expected: "a host name, such as comfyui.internal:8188")
            }
            return name
        }
        nameServers = read.text("COMFYUI_DNS_SERVERS")
        access = try AccessConfiguration(read)
        allowedNodeTypes = read.text("ALLOWED_NODE_TYPES")
        maximumNodes = try read.integer("MAX_WORKFLOW_NODES", 100, in: 1...1000)
        maximumImagePixels = try read.integer("MAX_IMAGE_PIXELS", 1_048_576, in: 4096...268_435_456)
        maximumBodyBytes = try read.integer("MAX_BODY_BYTES", 4 << 20, in: 1024...(6 << 20))
        maximumConcurrentExecutions = try read.integer("MAX_CONCURRENT_EXECUTIONS", 3, in: 1...1000)
        corsAllowedOrigins = try read.list("CORS_ALLOWED_ORIGINS") { $0 }
        outputBaseURL = try read.url("OUTPUT_BASE_URL")
        streamURL = try read.url("STREAM_URL")
        urlLifetime = try read.seconds("URL_EXPIRES_SECONDS", 3600, in: 60...604_800)
        dispatchConcurrency = try read.integer("DISPATCH_CONCURRENCY", 10, in: 1...100)
        handOffMargin = try read.seconds("HANDOFF_MARGIN_SECONDS", 20, in: 1...300)
        heartbeat = try read.seconds("HEARTBEAT_SECONDS", 5, in: 1...20)
        maximumQueueTime = try read.seconds("MAX_QUEUE_SECONDS", 7200, in: 10...1_209_600)
        workerPatience = try read.seconds("WORKER_PATIENCE_SECONDS", 30, in: 1...600)
        stripsMetadata = try read.flag("STRIP_METADATA", false)
        metricsInterval = try read.seconds("METRICS_FLUSH_SECONDS", 10, in: 0...3600)
        costPerGPUSecond = try read.amount("COST_PER_GPU_SECOND")
        traceEndpoint = try read.url("OTEL_EXPORTER_OTLP_ENDPOINT")
        functionName = read.text("AWS_LAMBDA_FUNCTION_NAME") ?? "comfy-lambda"
        webhookHosts = try Self.webhookHosts(read)
        trustedHosts = try read.list("TRUSTED_HOSTS") { text throws(Invalid) in
            guard let pattern = HostPattern(text) else {
                throw Invalid(
                    variable: "TRUSTED_HOSTS", found: text,
                    expected: "a comma-separated list of \(Self.hosts)")
            }
            return pattern
        }
        policy = JobPolicy()
        policy.attempts = try read.integer("JOB_ATTEMPTS", 3, in: 1...10)
        policy.retention = .seconds(86_400 * (try read.integer("RESULT_DAYS", 30, in: 1...3650)))
        policy.attention = try read.seconds("SWEEP_ATTENTION_SECONDS", 30, in: 1...900)
        policy.lease = try read.seconds("LEASE_SECONDS", 45, in: 2...600)
    }

    /// Whether a dispatcher whose invocation ends at `deadline` (local clock) may begin another job: what is begun later would be handed
    /// off at once.
    func hasTimeForAJob(until deadline: Timestamp) -> Bool {
        deadline - Timestamp.now > handOffMargin + .seconds(1)
    }

    private static let hosts = "host names, such as hooks.example.com, *.example.com or http://127.0.0.1:9000"

    private static func webhookHosts(_ read: EnvironmentReader) throws(Invalid) -> WebhookHosts {
        let entries = try read.list("WEBHOOK_ALLOWED_HOSTS") { $0 }
        if let hosts = WebhookHosts(entries) { return hosts }
        throw Invalid(
            variable: "WEBHOOK_ALLOWED_HOSTS", found: entries.first { WebhookHosts([$0]) == nil },
            expected: "*, or a comma-separated list of \(hosts)")
    }
}

/// Variables read one by one, with errors that name them.
struct EnvironmentReader {
    private let environment: [String: String]
    init(_ environment: [String: String]) { self.environment = environment }

    func text(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func required(_ name: String, _ expected: String) throws(Configuration.Invalid) -> String {
        guard let value = text(name) else {
            throw Configuration.Invalid(variable: name, found: nil, expected: expected)
        }
        return value
    }

    func integer(_ name: String, _ standard: Int, in range: ClosedRange<Int>)
        throws(Configuration.Invalid) -> Int
    {
        guard let value = text(name) else { return standard }
        guard let number = Int(value), range.contains(number) else {
            throw Configuration.Invalid(
                variable: name, found: value,
                expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func seconds(_ name: String, _ standard: Int, in range: ClosedRange<Int>)
        throws(Configuration.Invalid) -> Duration
    {
        .seconds(try integer(name, standard, in: range))
    }

    func flag(_ name: String, _ standard: Bool) throws(Configuration.Invalid) -> Bool {
        switch text(name) {
        case nil: return standard
        case "true": return true
        case "false": return false
        case let value:
            throw Configuration.Invalid(variable: name, found: value, expected: "true or false")
        }
    }

    /// A price: plain decimal digits.
    func amount(_ name: String) throws(Configuration.Invalid) -> Double? {
        guard let value = text(name) else { return nil }
        let isPlain = value.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
        guard isPlain, let amount = Double(value), amount <= 1000 else {
            throw Configuration.Invalid(
                variable: name, found: value, expected: "a number from 0 to 1000, such as 0.0004")
        }
        return amount
    }

    func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _ standard: Value)
        throws(Configuration.Invalid) -> Value where Value.RawValue == String
    {
        guard let text = text(name) else { return standard }
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map(\.rawValue)
            throw Configuration.Invalid(
                variable: name, found: text,
                expected: names.dropLast().joined(separator: ", ") + " or " + (names.last ?? ""))
        }
        return value
    }

    func url(_ name: String) throws(Configuration.Invalid) -> URL? {
        guard let value = text(name) else { return nil }
        guard let url = URL(value), url.scheme.hasPrefix("http") else {
            throw Configuration.Invalid(
                variable: name, found: value, expected: "an http:// or https:// address")
        }
        return url
    }

    func list<T>(_ name: String, _ parse: (String) throws(Configuration.Invalid) -> T)
        throws(Configuration.Invalid) -> [T]
    {
        var values: [T] = []
        for part in (text(name) ?? "").split(separator: ",") {
            let trimmed = part.drop { $0 == " " }
            let end = trimmed.lastIndex { $0 != " " }
            if let end { values.append(try parse(String(trimmed[...end]))) }
        }
        return values
    }
}
