import Crypto
import JSON
import Time

/// Takes a form as S3 does: the policy's signature, its end, and every condition against the fields sent.
struct PostVerifier {
    let now: Timestamp
    let secret: String
    let bucket: String

    /// Why the form is refused; nil when it is taken.
    func fault(fields: [String: String], file: [UInt8]) -> String? {
        guard let text = fields["policy"], let credential = fields["x-amz-credential"],
            let signature = fields["x-amz-signature"], let date = fields["x-amz-date"],
            let policy = Base64.decode(text).flatMap({ try? JSON(parsing: $0) }),
            let end = policy["expiration"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            let conditions = policy["conditions"]?.array
        else { return "the form is incomplete" }
        let scope = credential.split(separator: "/").dropFirst()
        guard scope.first.map(String.init) == String(date.prefix(8)) else { return "the dates differ" }
        var key = Array(("AWS4" + secret).utf8)
        for part in scope { key = HMAC.sha256(key: key, Array(part.utf8)) }
        guard Hex.encode(HMAC.sha256(key: key, Array(text.utf8))) == signature else {
            return "the signature does not match"
        }
        guard now < end else { return "the policy has expired" }
        var open = Set(fields.keys).subtracting(["policy", "x-amz-signature"])
        for condition in conditions {
            if let parts = condition.array, parts.count == 3, let name = parts[1].string {
                guard let value = fields[String(name.dropFirst())] else { return "\(name) is missing" }
                let wanted = parts[2].string ?? ""
                let holds = parts[0].string == "eq" ? value == wanted : value.hasPrefix(wanted)
                if !holds { return "\(name) is not as the policy says" }
                open.remove(String(name.dropFirst()))
            } else if let parts = condition.array, parts.first?.string == "content-length-range" {
                guard let low = parts[1].int, let high = parts[2].int, (low...high).contains(file.count)
                else {
                    return "the file's length is not as the policy says"
                }
            } else if let wanted = condition["bucket"]?.string {
                if wanted != bucket { return "the bucket is not as the policy says" }
            } else {
                return "a condition cannot be read"
            }
        }
        return open.isEmpty ? nil : "the policy says nothing of \(open.sorted())"
    }
}
