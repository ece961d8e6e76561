import AWSClients
import HTTP
import Handlers
import JSON

/// What `template.yaml` deploys beside the functions, made in the local AWS: table, bucket, topic, queues and subscriptions.
struct LocalStack: Sendable {
    /// A queue and its name in ARNs.
    struct Queue: Sendable, Hashable {
        let url: String
        let arn: String
    }

    static let table = "comfy-lambda"
    static let bucket = "comfy-lambda-outputs"
    static let region = "us-east-1"
    /// Receives before a message goes to the dead-letter queue.
    static let maximumReceives = 5

    let topicARN: String
    let work: Queue
    let resume: Queue
    let notify: Queue
    /// Subscribed to the topic for whoever wants to see what a consumer would get.
    let subscriber: Queue

    /// Makes everything. Which calls do not need one another run at once.
    static func create(in client: AWSClient) async throws -> LocalStack {
        let (dynamoDB, s3, sns, sqs) = (DynamoDB(client), S3(client), SNS(client), SQS(client))
        async let tableDone: Void = createTable(dynamoDB)
        async let bucketDone: Void = s3.createBucket(bucket)
        async let topic = sns.createTopic("comfy-lambda-completions")
        async let work = createQueue("work", sqs)
        async let resume = createQueue("resume", sqs)
        async let notify = createQueue("notify", sqs)
        async let subscriber = createQueue("subscriber", sqs)
        let stack = try await LocalStack(
            topicARN: topic, work: work, resume: resume, notify: notify, subscriber: subscriber)
        for queue in [stack.notify, stack.subscriber] {
            _ = try await sns.subscribe(topicARN: stack.topicARN, protocol: "sqs", endpoint: queue.arn)
        }
        try await tableDone
        try await bucketDone
        return stack
    }

    private static func createTable(_ dynamoDB: DynamoDB) async throws {
        try await dynamoDB.call("CreateTable", TableDefinition.createTableInput(name: table))
        try await dynamoDB.call("UpdateTimeToLive", TableDefinition.timeToLiveInput(name: table))
    }

    /// A queue with a dead-letter queue behind it.
    private static func createQueue(_ name: String, _ sqs: SQS) async throws -> Queue {
        let deadLetters = try await sqs.createQueue("comfy-lambda-\(name)-dead-letters")
        let target = try await arn(of: deadLetters, sqs)
        let policy: JSON = [
            "deadLetterTargetArn": .string(target), "maxReceiveCount": .number(maximumReceives),
        ]
        let url = try await sqs.createQueue(
            "comfy-lambda-\(name)", attributes: ["RedrivePolicy": policy.text])
        return Queue(url: url, arn: try await arn(of: url, sqs))
    }

    private static func arn(of url: String, _ sqs: SQS) async throws -> String {
        guard let arn = try await sqs.attributes(of: url, ["QueueArn"])["QueueArn"] else {
            throw CommandFailure("The local AWS gave no ARN for the queue \(url).")
        }
        return arn
    }

    /// The variables that the functions read, beside the credentials.
    var environment: [String: String] {
        [
            "TABLE_NAME": Self.table, "BUCKET_NAME": Self.bucket, "TOPIC_ARN": topicARN,
            "WORK_QUEUE_URL": work.url, "RESUME_QUEUE_URL": resume.url, "NOTIFY_QUEUE_URL": notify.url,
        ]
    }

    /// Region, address and credentials of the local AWS; the credentials are anything, and no secret.
    static func clientEnvironment(port: Int) -> [String: String] {
        [
            "AWS_REGION": region, "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)",
            "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        ]
    }
}
