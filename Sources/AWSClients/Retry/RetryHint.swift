import HTTP
import Time

/// How long a service asks to be left alone.
enum RetryHint {
    /// `x-amz-retry-after` in milliseconds, else `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
    static func read(_ headers: HTTPHeaders, now: Timestamp) -> Duration? {
        if let text = headers["x-amz-retry-after"], let milliseconds = UInt32(text) {
            return .milliseconds(Int64(milliseconds))
        }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
        guard let date = Timestamp(httpDate: text) else { return nil }
        return max(date - now, .zero)
    }
}
