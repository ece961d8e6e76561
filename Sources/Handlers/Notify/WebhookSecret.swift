import Crypto
import Time

/// What a user's webhooks are signed with, as Standard Webhooks has it; for a while after a rotation with the one before, too.
///
/// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
struct WebhookSecret: Sendable {
    let key: Secret
    let createdAt: Timestamp
    /// The one before, and until when it signs too.
    let previous: (key: Secret, until: Timestamp)?
    /// Counts rotations.
    let version: Int

    /// Of a key: the convention asks for 24 to 64.
    static let length = 32

    /// `whsec_` and the key in base64: what a receiver's library takes.
    var text: String { key.withBytes { "whsec_" + Base64.encode(Array($0)) } }

    /// One signature for each key that is valid: a receiver that knows either of them is content.
    func signatures(id: String, body: [UInt8], at now: Timestamp) -> String {
        let message = Array("\(id).\(now.seconds).".utf8) + body
        var keys = [key]
        if let previous, now < previous.until { keys.append(previous.key) }
        return keys.map { key in
            let code = key.withBytes { HMAC.sha256(key: Array($0), message) }
            return "v1," + Base64.encode(code)
        }.joined(separator: " ")
    }
}

extension Array<UInt8> {
    /// A copy, which is the caller's to keep short.
    fileprivate init(_ span: Span<UInt8>) { self = span.indices.map { span[$0] } }
}
