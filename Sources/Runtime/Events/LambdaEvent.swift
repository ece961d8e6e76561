import JSON

/// Every event shape that a handler here takes.
public enum LambdaEvent: Sendable {
    /// API Gateway REST (v1) or HTTP API (v2), function URL, Application Load Balancer.
    case http(HTTPRequest)
    /// An event source mapping's batch.
    case sqs(SQSEvent)
    /// A topic's direct invocation.
    case sns(SNSEvent)
    /// A schedule's: EventBridge's rule or its scheduler.
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
        } else if let detailType = json["detail-type"]?.string {
            guard detailType == ScheduledEvent.detailType else {
                throw EventDecodingError(
                    kind: .unknownShape,
                    description:
                        "an EventBridge event '\(detailType)'; expected '\(ScheduledEvent.detailType)'")
            }
            self = .scheduled(try ScheduledEvent(EventReader(json)))
        } else if let format = HTTPEventFormat(json) {
            do {
                self = .http(try HTTPRequest(EventReader(json), format))
            } catch {
                var failure = error
                failure.httpFormat = format
                throw failure
            }
        } else {
            throw EventDecodingError(
                kind: .unknownShape,
                description: "neither an HTTP request nor records nor a scheduled event")
        }
    }
}
