public import JSON
public import Time

/// An EventBridge event; a schedule's is one without detail.
///
/// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
public struct ScheduledEvent: Sendable {
    /// The event's own id.
    public var id: String
    /// `Scheduled Event` for a rule's or a scheduler's.
    public var detailType: String
    /// When it was due.
    public var time: Timestamp?
    /// The rule's or schedule's ARN.
    public var resources: [String]
    /// What the source adds; an empty object for a schedule.
    public var detail: JSON

    init(_ event: EventReader) throws(EventDecodingError) {
        id = try event.text("id")
        detailType = try event.text("detail-type")
        time = event.time("time")
        resources = try event.texts("resources")
        detail = event.optional("detail") ?? [:]
    }
}
