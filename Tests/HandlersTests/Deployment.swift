import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Time

@testable import Handlers

/// A table, a bucket, a topic and the queues of a test's own, on the test process's moto.
struct Deployment: Sendable {
    let services: Services
    let dynamoDB: DynamoDB
    let sqs: SQS
    /// Subscribed to the topic, so that a test sees what is announced.
    let completions: String

    /// `changes` are environment variables; `signed` false is for presigned addresses, which moto cannot check.
    /// `endpoint` stands in front of moto.
    static func make(
        on loop: EventLoop, _ changes: [String: String] = [:], signed: Bool = true,
        endpoint: String? = nil
    ) async throws -> Deployment {
        let local =
            signed && endpoint == nil
            ? try await LocalAWS.shared() : try await LocalAWS.sharedWithoutSignatures()
        let name = "t-\(UUID.v4())"
        let aws = AWSClient(
            http: HTTPClient(loop: loop),
            configuration: try AWSClient.Configuration(
                environment: endpoint.map { local.environment.merging(["AWS_ENDPOINT_URL": $0]) { $1 } }
                    ?? local.environment))
        let dynamoDB = DynamoDB(aws)
        try await dynamoDB.call("CreateTable", TableDefinition.createTableInput(name: name))
        try await S3(aws).createBucket(name)
        let topic = try await SNS(aws).createTopic(name)
        let sqs = SQS(aws)
        let work = try await sqs.createQueue("\(name)-work")
        let resume = try await sqs.createQueue("\(name)-resume")
        let completions = try await sqs.createQueue("\(name)-completions")
        let attributes = try await sqs.attributes(of: completions, ["QueueArn"])
        _ = try await SNS(aws).subscribe(
            topicARN: topic, protocol: "sqs", endpoint: attributes["QueueArn"] ?? "")
        var environment = [
            "TABLE_NAME": name, "BUCKET_NAME": name, "TOPIC_ARN": topic, "WORK_QUEUE_URL": work,
            "RESUME_QUEUE_URL": resume, "AUTH_MODE": "none",
        ]
        environment.merge(changes) { $1 }
        let configuration = try Configuration(environment: environment)
        return Deployment(
            services: Services(configuration: configuration, aws: aws), dynamoDB: dynamoDB, sqs: sqs,
            completions: completions)
    }

    /// A queued job with a workflow of one picture, as the API leaves it.
    func submit(
        user: String = "alice", priority: Int = 5, workflow: JSON = Deployment.workflow, shape: String? = nil,
        wantsPreviews: Bool = false
    ) async throws -> Job {
        let now = services.now
        var job = Job(id: Job.ID(.v7(milliseconds: now.milliseconds)), user: user, createdAt: now)
        job.priority = priority
        job.shape = shape
        job.wantsPreviews = wantsPreviews
        try await services.documents.store(
            workflow: workflow, metadata: nil, for: job, expires: now + .seconds(3600))
        guard try await services.store.create(job) else { throw TestFailure("the job exists already") }
        return job
    }

    /// Every message of a queue, taken out of it.
    func drain(_ queue: String) async throws -> [String] {
        var bodies: [String] = []
        while true {
            let messages = try await sqs.receive(from: queue)
            if messages.isEmpty { return bodies }
            for message in messages {
                bodies.append(message.body)
                try await sqs.delete(receiptHandle: message.receiptHandle, from: queue)
            }
        }
    }

    /// How many items the table has.
    func itemCount() async throws -> Int {
        let answer = try await dynamoDB.call(
            "Scan", ["TableName": .string(services.configuration.table), "Select": "COUNT"])
        return answer["Count"]?.int ?? -1
    }

    static let workflow: JSON = [
        "1": [
            "class_type": "EmptyImage", "inputs": ["width": 64, "height": 64, "batch_size": 1, "color": 255],
        ],
        "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "test"]],
    ]
}

/// What a test expected of its own surroundings and did not find.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// One loop for all tests of this module: what they wait for is the network.
let testLoop = EventLoop.onNewThread()
