import Crypto

/// The key that signs, derived from the secret for one day, region and service
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
enum SigningKey {
    static func derive(secret: String, date: String, region: String, service: String) -> [UInt8] {
        var key = Array("AWS4\(secret)".utf8)
        for part in [date, region, service, "aws4_request"] {
            key = HMAC.sha256(key: key, Array(part.utf8))
        }
        return key
    }
}

/// The derived keys in use: one for each region and service, replaced when the day or the credentials change, so
/// that it cannot grow.
final class SigningKeyCache: Sendable {
    private struct Scope: Hashable {
        var region: String
        var service: String
    }

    private struct Entry {
        var secret: String
        var date: String
        var key: [UInt8]
    }

    private let entries = Locked<[Scope: Entry]>([:])

    func key(secret: String, date: String, region: String, service: String) -> [UInt8] {
        entries.withLock { entries in
            let scope = Scope(region: region, service: service)
            if let entry = entries[scope], entry.date == date, entry.secret == secret { return entry.key }
            let key = SigningKey.derive(secret: secret, date: date, region: region, service: service)
            entries[scope] = Entry(secret: secret, date: date, key: key)
            return key
        }
    }
}
