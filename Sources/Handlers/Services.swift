import AWSClients
import ComfyUI
import HTTP
import Time

/// What all handlers stand on: made once at init, shared by every invocation.
struct Services: Sendable {
    let configuration: Configuration
    let http: HTTPClient
    let aws: AWSClient
    let s3: S3
    let sns: SNS
    let store: JobStore
    let documents: JobDocuments
    let previews: PreviewStore
    let idempotency: IdempotencyStore
    let doorbell: Doorbell
    let quotas: QuotaStore
    let runTimes: RunTimes
    let metrics: MetricStore
    /// nil where nothing is traced.
    let tracer: Tracer?
    /// The classes that metrics may name.
    let nodeNames: NodeNames
    let directory: WorkerDirectory
    /// Of requests to addresses that users chose.
    let addressGuard: AddressGuard
    private let ssm: SSM
    private let secrets: SecretsManager

    /// The clients of one process. Nothing is called yet. `tallies` are those of the services that these take the place of; `directory`
    /// is for tests with a clock of their own.
    init(
        configuration: Configuration, aws: AWSClient, tallies: MetricTallies? = nil,
        directory: WorkerDirectory? = nil
    ) {
        self.configuration = configuration
        self.http = aws.http
        self.aws = aws
        let dynamoDB = DynamoDB(aws)
        s3 = S3(aws)
        sns = SNS(aws)
        store = JobStore(
            dynamoDB, table: configuration.table, policy: configuration.policy, clock: { aws.now })
        documents = JobDocuments(
            dynamoDB, s3, table: configuration.table, bucket: configuration.bucket)
        previews = PreviewStore(s3: s3, bucket: configuration.bucket)
        idempotency = IdempotencyStore(dynamoDB, table: configuration.table)
        let counters = Counters(dynamoDB: dynamoDB, table: configuration.table)
        quotas = QuotaStore(counters: counters, quotas: configuration.access.quotas)
        runTimes = RunTimes(counters: counters)
        metrics = MetricStore(
            dynamoDB: dynamoDB, table: configuration.table, loop: aws.http.loop,
            tallies: tallies ?? MetricTallies(interval: configuration.metricsInterval))
        tracer = configuration.traceEndpoint.map {
            Tracer(aws.http, endpoint: $0, function: configuration.functionName)
        }
        nodeNames = NodeNames(configuration.allowedNodeTypes)
        doorbell = Doorbell(
            SQS(aws), workQueue: configuration.workQueue, resumeQueue: configuration.resumeQueue)
        self.directory = directory ?? WorkerDirectory(configuration, on: aws.http.loop)
        addressGuard = AddressGuard(
            resolver: NameResolver(loop: aws.http.loop), trusted: configuration.trustedHosts)
        ssm = SSM(aws, lifetime: Self.authorizationLifetime)
        secrets = SecretsManager(aws, lifetime: Self.authorizationLifetime)
    }

    /// How long a worker's authorization is kept: shorter than a worker may be silent before its job is tried elsewhere, so
    /// that a rotated secret costs no attempt.
    private static let authorizationLifetime: Duration = .seconds(20)

    /// A client of the worker, with its authorization as it is at each call.
    func client(of worker: Worker) -> ComfyUIClient {
        guard let authorization = worker.authorization else {
            return ComfyUIClient(http: http, address: worker.address)
        }
        return ComfyUIClient(http: http, address: worker.address) { [ssm, secrets] in
            try await authorization.value(ssm: ssm, secrets: secrets)
        }
    }

    /// The time that leases and signatures use.
    var now: Timestamp { aws.now }
}
