import JSON

/// Every event shape that a handler here takes.
public enum LambdaEvent: Sendable {
    /// API Gateway REST (v1) or HTTP API (v2), function URL, Application Load Balancer.
    case http(HTTPRequest)
    /// An event source mapping's batch.
    case sqs(SQSEvent)
    /// A topic's direct invocation.
    case sns(SNSEvent)
    /// EventBridge, its rule or its scheduler.
    case scheduled(ScheduledEvent)

    /// Tells the shapes apart by what only they have.
    public init(decoding bytes: [UInt8]) throws(EventDecodingError) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw EventDecodingError(kind: .notJSON, description: "the event is no JSON: \(error)")
        }
        if let records = json["Records"]?.array {
            let source = records.first.flatMap { $0["eventSource"] ?? $0["EventSource"] }?.string
            switch source {
            case "aws:sqs": self = .sqs(try SQSEvent(EventReader(json)))
            case "aws:sns": self = .sns(try SNSEvent(EventReader(json)))
            default:
                throw EventDecodingError(
                    kind: .unknownShape,
                    description: "records of '\(source ?? "nothing")'; expected aws:sqs or aws:sns")
            }
        } else if json["detail-type"]?.string != nil {
            self = .scheduled(try ScheduledEvent(EventReader(json)))
        } else if let format = HTTPEventFormat(json) {
            self = .http(try HTTPRequest(EventReader(json), format))
        } else {
            throw EventDecodingError(
                kind: .unknownShape,
                description: "neither an HTTP request nor records nor a scheduled event")
        }
    }
}
