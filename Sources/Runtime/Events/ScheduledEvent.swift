public import JSON
public import Time

/// What a schedule, a rule's or EventBridge Scheduler's, invokes a function with when it names no input of its own.
///
/// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
public struct ScheduledEvent: Sendable {
    /// The event's own id.
    public var id: String
    /// `Scheduled Event`; other events of EventBridge are refused.
    public var detailType: String
    /// When it was due.
    public var time: Timestamp?
    /// The rule's or schedule's ARN.
    public var resources: [String]
    /// An empty object; from EventBridge Scheduler the string `{}`.
    public var detail: JSON

    static let detailType = "Scheduled Event"

    init(_ event: EventReader) throws(EventDecodingError) {
        id = try event.text("id")
        detailType = try event.text("detail-type")
        time = event.time("time")
        resources = try event.texts("resources")
        detail = event.optional("detail") ?? [:]
    }
}
