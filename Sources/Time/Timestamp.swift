internal import Glibc

/// A moment in UTC, in milliseconds since 1970 without leap seconds (POSIX time).
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Since 1970-01-01T00:00:00Z; negative before it.
    public var milliseconds: Int64

    /// A moment so many milliseconds after 1970-01-01T00:00:00Z.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The system's wall clock, rounded down to a millisecond.
    public static var now: Timestamp {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Whole seconds since 1970, rounded down (DynamoDB TTL, JWT).
    public var seconds: Int64 { milliseconds.flooringDivision(by: 1000) }

    /// Whether `a` is earlier.
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// Later by a duration, which counts in whole milliseconds; saturates.
    public static func + (a: Timestamp, b: Duration) -> Timestamp {
        let (sum, overflow) = a.milliseconds.addingReportingOverflow(b.milliseconds)
        return Timestamp(milliseconds: overflow ? (a.milliseconds < 0 ? .min : .max) : sum)
    }

    /// Earlier by a duration, which counts in whole milliseconds; saturates.
    public static func - (a: Timestamp, b: Duration) -> Timestamp {
        let (difference, overflow) = a.milliseconds.subtractingReportingOverflow(b.milliseconds)
        return Timestamp(milliseconds: overflow ? (a.milliseconds < 0 ? .min : .max) : difference)
    }

    /// How long after `b` it is; negative when before; saturates.
    public static func - (a: Timestamp, b: Timestamp) -> Duration {
        let (difference, overflow) = a.milliseconds.subtractingReportingOverflow(b.milliseconds)
        return .milliseconds(overflow ? (a.milliseconds < 0 ? .min : .max) : difference)
    }
}

extension Duration {
    /// In milliseconds, rounded toward zero; saturates.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}

extension Int64 {
    /// The quotient rounded down; `divisor` is positive.
    func flooringDivision(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
