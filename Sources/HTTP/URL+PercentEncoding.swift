extension URL {
    /// Encodes all but `A-Za-z0-9-._~` (and `/` when asked), upper-case hex (RFC 3986 §2.3).
    public static func percentEncode(_ text: String, keepingSlashes: Bool = false) -> String {
        // Most of what is encoded needs it not.
        if allBytes(of: text, { isHostByte($0) || (keepingSlashes && $0 == UInt8(ascii: "/")) }) {
            return text
        }
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if isHostByte(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// nil for a broken escape or bytes that are no UTF-8. `plusIsSpace` for form encoding.
    public static func percentDecode(_ text: String, plusIsSpace: Bool = false) -> String? {
        percentDecode(text.utf8, plusIsSpace: plusIsSpace)
    }

    private static func percentDecode(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var bytes = text.makeIterator()
        while let byte = bytes.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = bytes.next().flatMap(hexValue), let low = bytes.next().flatMap(hexValue)
                else {
                    return nil
                }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Query pairs in order, decoded with `+` as space; a name without `=` has an empty value; nil for a broken escape.
    public static func queryItems(_ query: String) -> [(name: String, value: String)]? {
        var items: [(name: String, value: String)] = []
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecode(parts[0], plusIsSpace: true),
                let value = parts.count == 2 ? percentDecode(parts[1], plusIsSpace: true) : ""
            else { return nil }
            items.append((name, value))
        }
        return items
    }
}
