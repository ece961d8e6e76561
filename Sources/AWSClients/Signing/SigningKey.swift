import Crypto
import Time

/// The key that signs, derived from the secret for one day, region and service
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), with that scope.
struct SigningKey: Sendable {
    /// `20130524/us-east-1/s3/aws4_request`
    let scope: [UInt8]
    private let key: HMACKey

    init(secret: Secret, date: String, region: String, service: String) {
        scope = Array("\(date)/\(region)/\(service)/aws4_request".utf8)
        var prefixed = Array("AWS4".utf8)
        prefixed.reserveCapacity(4 + secret.count)
        secret.withBytes { bytes in for index in bytes.indices { prefixed.append(bytes[index]) } }
        defer { wipe(&prefixed) }
        key = [region, service, "aws4_request"].reduce(HMACKey(prefixed.span).derived(Array(date.utf8))) {
            $0.derived(Array($1.utf8))
        }
    }

    /// Appends the signature of a string to sign, 64 hexadecimal digits.
    func sign(_ text: [UInt8], to signature: inout [UInt8]) {
        signature.append(contentsOf: key.withCode(of: text) { Hex.digits($0) })
    }
}

/// The derived keys in use: one for each region and service, replaced when the day or the credentials change, so
/// that it cannot grow. What is replaced is wiped once the requests that use it are signed.
final class SigningKeyCache: Sendable {
    private struct Entry: Sendable {
        var secret: Secret
        var day: Int64
        var region: String
        var service: String
        var key: SigningKey
    }

    /// A handful: looked through faster than hashed.
    private let entries = Locked<[Entry]>([])

    func key(secret: Secret, region: String, service: String, at time: Timestamp) -> SigningKey {
        let day = time.seconds / 86_400
        return entries.withLock { entries in
            let index = entries.firstIndex { $0.service == service && $0.region == region }
            if let index, entries[index].day == day,
                entries[index].secret === secret || entries[index].secret == secret
            {
                return entries[index].key
            }
            let key = SigningKey(secret: secret, date: time.basicDate, region: region, service: service)
            let entry = Entry(secret: secret, day: day, region: region, service: service, key: key)
            if let index { entries[index] = entry } else { entries.append(entry) }
            return key
        }
    }
}
