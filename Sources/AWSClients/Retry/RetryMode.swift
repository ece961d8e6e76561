/// Whether failed attempts are repeated, as `AWS_RETRY_MODE` has it.
public enum RetryMode: String, Sendable {
    /// By the rules of `RetryPolicy`.
    case standard
    /// The same, and a client that was throttled slows its own calls down: for a client that calls one resource and
    /// may wait.
    case adaptive
    /// One attempt.
    case off
}
