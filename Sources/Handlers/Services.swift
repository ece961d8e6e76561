import AWSClients
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
    let idempotency: IdempotencyStore
    let doorbell: Doorbell

    /// The clients of one process. Nothing is called yet.
    init(configuration: Configuration, aws: AWSClient) {
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
        idempotency = IdempotencyStore(dynamoDB, table: configuration.table)
        doorbell = Doorbell(
            SQS(aws), workQueue: configuration.workQueue, resumeQueue: configuration.resumeQueue)
    }

    /// The time that leases and signatures use.
    var now: Timestamp { aws.now }
}
