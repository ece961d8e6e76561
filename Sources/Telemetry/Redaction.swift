public import JSON

/// Takes secrets out of what is logged: by the name of a field, a header or a query parameter, and by the look of a text.
///
/// It errs on the side of hiding. A secret without a name and without a form of its own, a bare AWS secret key say, it cannot know.
public enum Redaction {
    /// What stands in a secret's place.
    public static let mark = "[redacted]"

    /// Whether what has this name is secret: the name ends like a secret's, whatever its case, hyphens and underscores.
    static func isSecret(name: some Sequence<UInt8>) -> Bool {
        var letters: [UInt8] = []
        for byte in name {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): letters.append(byte | 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                letters.append(byte)
            default: break
            }
        }
        return endings.contains { letters.count >= $0.count && letters.suffix($0.count) == $0[...] }
    }

    private static let endings: [[UInt8]] = [
        "authorization", "token", "tokens", "signature", "credential", "credentials", "secret", "secrets",
        "password",
        "passwd", "passphrase", "cookie", "cookies", "apikey", "accesskey", "secretkey", "privatekey",
        "signingkey",
    ].map { Array($0.utf8) }

    /// The value with every secret in it replaced. A secret `null` or `bool` says nothing and stays.
    public static func redact(_ value: JSON, key: String? = nil) -> JSON {
        if let key, isSecret(name: key.utf8) {
            switch value {
            case .null, .bool: return value
            default: return .string(mark)
            }
        }
        switch value {
        case .string(let text): return .string(redact(text))
        case .array(let elements): return .array(elements.map { redact($0) })
        case .object(let members):
            return .object(JSON.Object(members.lazy.map { ($0.key, redact($0.value, key: $0.key)) }))
        case .null, .bool, .number: return value
        }
    }

    /// The text with every secret in it replaced: `name=value` and `name: value` where the name is a secret's (headers, queries,
    /// presigned addresses also when percent-encoded, JSON), bearer and basic credentials, JSON Web Tokens, passwords in addresses.
    public static func redact(_ text: String) -> String {
        var scanner = SecretScanner(Array(text.utf8))
        let ranges = scanner.secrets()
        guard !ranges.isEmpty else { return text }
        var result: [UInt8] = []
        var position = 0
        for range in ranges {
            result += scanner.bytes[position..<range.lowerBound]
            result += mark.utf8
            position = range.upperBound
        }
        result += scanner.bytes[position...]
        return String(decoding: result, as: UTF8.self)
    }
}
