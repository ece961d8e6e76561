/// URI encoding as SigV4 defines it: all but `A-Za-z0-9-._~` escaped, upper-case hexadecimal, a space is `%20`
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). Bytes to bytes,
/// because it is on the path of every request; `URL.percentEncode` is the same for whole strings.
enum PercentEncoding {
    @inline(__always) static func append(_ byte: UInt8, keepingSlashes: Bool = false, to text: inout [UInt8])
    {
        if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
            text.append(byte)
        } else {
            text.append(UInt8(ascii: "%"))
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
    }

    static func append(_ bytes: Span<UInt8>, keepingSlashes: Bool = false, to text: inout [UInt8]) {
        for index in bytes.indices { append(bytes[index], keepingSlashes: keepingSlashes, to: &text) }
    }

    /// What is already encoded, however, in the one way: escapes are undone first, and what only looks like one stands
    /// for itself.
    static func appendAgain(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.count, let high = value(bytes[index + 1]),
                let low = value(bytes[index + 2])
            {
                append(high << 4 | low, to: &text)
                index += 3
            } else {
                append(byte, to: &text)
                index += 1
            }
        }
    }

    /// Where text that is encoded in this one way ends.
    static func endOfEncoded(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if isUnreserved(byte) {
                index += 1
            } else if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = value(bytes[index + 1]), let low = value(bytes[index + 2]),
                bytes[index + 1] == digit(high), bytes[index + 2] == digit(low),
                !isUnreserved(high << 4 | low)
            {
                index += 3
            } else {
                break
            }
        }
        return index
    }

    /// One bit for each ASCII character, `-` `.` `0`–`9` in the lower half, letters, `_` and `~` in the upper.
    @inline(__always) private static func isUnreserved(_ byte: UInt8) -> Bool {
        let (low, high): (UInt64, UInt64) = (0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE)
        return byte < 64
            ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
