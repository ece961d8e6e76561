import HTTP
import JSON

/// `Prefer: wait=N` (RFC 7240 §4.3): how long a client would like an answer to be put off until the job is done.
struct WaitPreference: Sendable, Hashable {
    /// Whole seconds, at most `maximum`.
    let seconds: Int

    /// API Gateway gives up after 29 or 30 seconds.
    static let maximum = 25

    static let description = FieldDescription(
        header: "Prefer", ["type": "string", "examples": ["wait=20"]],
        "wait=N puts the answer off until the job is finished, for at most N (25) seconds.")

    /// nil when nothing is asked for, or nothing that can be understood: a preference is no demand.
    init?(_ headers: HTTPHeaders) {
        for preference in (headers["Prefer"] ?? "").split(whereSeparator: { $0 == "," || $0 == ";" }) {
            let pair = preference.split(separator: "=", maxSplits: 1).map(HeaderText.trimmed)
            guard pair.count == 2, pair[0].lowercased() == "wait", let seconds = Int(pair[1]), seconds > 0
            else { continue }
            self.seconds = min(seconds, Self.maximum)
            return
        }
        return nil
    }
}
