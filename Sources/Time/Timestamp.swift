/// A moment in UTC, in milliseconds since 1970.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
    /// The system's wall clock.
    public static var now: Timestamp { fatalError("stub") }
    public static func + (a: Timestamp, b: Duration) -> Timestamp { fatalError("stub") }
    public static func - (a: Timestamp, b: Duration) -> Timestamp { fatalError("stub") }
    public static func - (a: Timestamp, b: Timestamp) -> Duration { fatalError("stub") }
    /// Whole seconds since 1970, rounded down (DynamoDB TTL, JWT).
    public var seconds: Int64 { fatalError("stub") }

    /// `2026-11-21T05:26:36.123Z` (RFC 3339).
    public var rfc3339: String { fatalError("stub") }
    /// RFC 3339 with any offset, fraction or none; nil for anything else.
    public init?(rfc3339: String) { fatalError("stub") }
    /// `20261121T052636Z`, as SigV4 writes it.
    public var basicISO8601: String { fatalError("stub") }
    /// `20261121`.
    public var basicDate: String { fatalError("stub") }
    public init?(basicISO8601: String) { fatalError("stub") }
    /// `Sat, 21 Nov 2026 05:26:36 GMT` (RFC 9110 §5.6.7).
    public var httpDate: String { fatalError("stub") }
    /// IMF-fixdate, and the two obsolete forms; nil for anything else.
    public init?(httpDate: String) { fatalError("stub") }
}
extension Duration {
    /// Rounded toward zero; saturates.
    public var milliseconds: Int64 { fatalError("stub") }
}
