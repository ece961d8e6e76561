/// Base64 and base64url (RFC 4648 §4, §5), strict: one text for any bytes.
public enum Base64 {
    /// With padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: .standard, padded: true)
    }

    /// Padding required, no white space, no stray bits; nil otherwise.
    public static func decode(_ text: String) -> [UInt8]? {
        let input = text.utf8.span
        guard input.count.isMultiple(of: 4) else { return nil }
        var count = input.count
        while count > 0, input.count - count < 2, input[count - 1] == UInt8(ascii: "=") { count -= 1 }
        return decode(input.extracting(0..<count), alphabet: .standard)
    }

    /// base64url without padding.
    public static func encodeURL(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: .url, padded: false)
    }

    /// base64url; padding is refused, and what `decode` refuses.
    public static func decodeURL(_ text: String) -> [UInt8]? {
        decode(text.utf8.span, alphabet: .url)
    }

    private static func encode(_ bytes: [UInt8], alphabet: Alphabet, padded: Bool) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var position = 0
        while position < bytes.count {
            let length = min(3, bytes.count - position)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < length ? UInt32(bytes[position + offset]) : 0)
            }
            for digit in 0...length { text.append(alphabet.digits[Int(group >> (18 - 6 * digit) & 63)]) }
            if padded { for _ in length..<3 { text.append(UInt8(ascii: "=")) } }
            position += length
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decode(_ input: Span<UInt8>, alphabet: Alphabet) -> [UInt8]? {
        guard input.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(input.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var width = 0
        for position in input.indices {
            let value = alphabet.values[Int(input[position])]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            width += 6
            if width >= 8 {
                width -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> width))
                bits &= (1 << width) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    private struct Alphabet {
        let digits: [UInt8]
        /// By character; 64 for what is no digit.
        let values: [UInt8]

        static let standard = Alphabet(last: "+/")
        static let url = Alphabet(last: "-_")

        private init(last: String) {
            digits = Array(
                ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
            var values = [UInt8](repeating: 64, count: 256)
            for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
            self.values = values
        }
    }
}
