import AWSClients
import HTTP
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

extension Testbed {
    /// What a test asks for: one picture of 64 × 64.
    struct Order: Sendable {
        var seed = 1
        var steps = 4
        var user = "alice"

        var body: JSON {
            [
                "prompt": "a lighthouse", "width": 64, "height": 64, "steps": .number(steps),
                "seed": .number(seed),
            ]
        }
    }

    /// A request as the front end makes an event of it.
    static func event(_ path: String, _ body: JSON, key: String? = nil, user: String? = nil) throws -> JSON {
        guard
            var event = try JSON(parsing: Fixtures.bytes(Program.project + "/dev/events/generate.json"))
                .object,
            var context = event["requestContext"]?.object, var headers = event["headers"]?.object
        else { throw TimedOut(description: "the recorded event is none") }
        if let key { headers["idempotency-key"] = .string(key) }
        if let user {
            context["authorizer"] = ["jwt": ["claims": ["iss": "https://issuer", "sub": .string(user)]]]
        }
        event["rawPath"] = .string(path)
        event["headers"] = .object(headers)
        event["requestContext"] = .object(context)
        event["body"] = .string(body.text)
        return .object(event)
    }

    /// Submits a job and gives its id. As a client would, it tries again with the same key when the service has trouble.
    func submit(
        _ order: Order = Order(), path: String = "/v1/generate", body: JSON? = nil, to api: TestFunction
    )
        async throws -> String
    {
        let key = "order-\(order.seed)-\(order.user)"
        for _ in 0..<20 {
            let event = try Self.event(path, body ?? order.body, key: key, user: order.user)
            guard let answer = try? await api.invoke(event) else { continue }
            let status = answer["statusCode"]?.int ?? 0
            let document = try JSON(parsing: answer["body"]?.string ?? "")
            if status == 202 || status == 200, let id = document["job_id"]?.string { return id }
            guard status >= 500 || status == 409 || status == 429 else {
                throw TimedOut(description: "submitting: \(answer.text)")
            }
            try await loop.sleep(for: .milliseconds(200))
        }
        throw TimedOut(description: "submitting failed twenty times\n\(api.log.tail)")
    }

    /// Submits so many jobs, each of another seed.
    func submit(_ count: Int, steps: Int, to api: TestFunction) async throws -> [String] {
        var ids: [String] = []
        for seed in 1...count {
            ids.append(try await submit(Order(seed: seed, steps: steps), to: api))
        }
        return ids
    }

    /// A job's item as it is now.
    func item(_ id: String) async throws -> Item {
        let key: Item = ["pk": .s("JOB#\(id)"), "sk": .s("JOB")]
        return try await DynamoDB(aws).get(key, from: LocalStack.table) ?? [:]
    }

    /// A job's item once it is final and announced.
    func ended(
        _ id: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(100)
    ) async throws -> Item {
        try await eventually("job \(id) ended", within: limit, every: pause) {
            let item = try await item(id)
            guard let state = item["state"]?.string, Self.finalStates.contains(state),
                item["notification_pending"] == nil
            else { return nil }
            return item
        }
    }

    static let finalStates = ["completed", "failed", "cancelled"]

    /// A queue's messages, taken out of it.
    func drain(_ queue: LocalStack.Queue) async throws -> [SQS.Message] {
        var all: [SQS.Message] = []
        while true {
            let messages = try await SQS(aws).receive(from: queue.url, visibilityTimeout: .seconds(600))
            if messages.isEmpty { return all }
            all += messages
        }
    }

    /// The events that the topic's subscriber was told of a job.
    func announcements() async throws -> [String: [String]] {
        var events: [String: [String]] = [:]
        for message in try await drain(stack.subscriber) {
            let envelope = try JSON(parsing: message.body)
            let content = try JSON(parsing: envelope["Message"]?.string ?? "")
            if let id = content["job_id"]?.string, let event = content["event"]?.string {
                events[id, default: []].append(event)
            }
        }
        return events
    }
}
