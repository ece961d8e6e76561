extension JSON {
    /// The compact text as UTF-8: members in their order, numbers as they were written.
    public func serialized() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(leastSize)
        serialize(into: &bytes)
        return bytes
    }

    /// Appends the compact text as UTF-8.
    public func serialize(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(true): bytes.append(contentsOf: "true".utf8)
        case .bool(false): bytes.append(contentsOf: "false".utf8)
        case .number(let number): bytes.append(contentsOf: number.text.utf8)
        case .string(let string): JSON.serialize(string: string, into: &bytes)
        case .array(let elements):
            bytes.append(.openBracket)
            var isFirst = true
            for element in elements {
                if !isFirst { bytes.append(.comma) }
                isFirst = false
                element.serialize(into: &bytes)
            }
            bytes.append(.closeBracket)
        case .object(let members):
            bytes.append(.openBrace)
            var isFirst = true
            for (key, value) in members {
                if !isFirst { bytes.append(.comma) }
                isFirst = false
                JSON.serialize(string: key, into: &bytes)
                bytes.append(.colon)
                value.serialize(into: &bytes)
            }
            bytes.append(.closeBrace)
        }
    }

    /// How many bytes the compact text has when no string needs an escape: with one allocation of it a long text is copied once.
    private var leastSize: Int {
        switch self {
        case .null, .bool(true): 4
        case .bool(false): 5
        case .number(let number): number.text.utf8.count
        case .string(let string): string.utf8.count + 2
        case .array(let elements): elements.reduce(2) { $0 + $1.leastSize + 1 }
        case .object(let members): members.reduce(2) { $0 + $1.key.utf8.count + $1.value.leastSize + 4 }
        }
    }

    /// Compact text.
    public var text: String { String(decoding: serialized(), as: UTF8.self) }

    /// Indented by two spaces, for people.
    public var prettyText: String {
        var bytes: [UInt8] = []
        serializePretty(into: &bytes, indentation: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func serializePretty(into bytes: inout [UInt8], indentation: Int) {
        func startLine(_ indentation: Int) {
            bytes.append(0x0A)
            bytes.append(contentsOf: repeatElement(0x20, count: 2 * indentation))
        }
        switch self {
        case .array(let elements) where !elements.isEmpty:
            bytes.append(.openBracket)
            for (position, element) in elements.enumerated() {
                if position > 0 { bytes.append(.comma) }
                startLine(indentation + 1)
                element.serializePretty(into: &bytes, indentation: indentation + 1)
            }
            startLine(indentation)
            bytes.append(.closeBracket)
        case .object(let members) where !members.isEmpty:
            bytes.append(.openBrace)
            for (position, member) in members.enumerated() {
                if position > 0 { bytes.append(.comma) }
                startLine(indentation + 1)
                JSON.serialize(string: member.key, into: &bytes)
                bytes.append(contentsOf: ": ".utf8)
                member.value.serializePretty(into: &bytes, indentation: indentation + 1)
            }
            startLine(indentation)
            bytes.append(.closeBrace)
        default: serialize(into: &bytes)
        }
    }

    /// Escapes what RFC 8259 §7 requires and nothing else.
    private static func serialize(string: String, into bytes: inout [UInt8]) {
        bytes.append(.quote)
        let text = string.utf8.span
        if text.endOfPlainText(from: 0) == text.count {
            bytes.append(contentsOf: string.utf8)
        } else {
            for byte in string.utf8 { serialize(character: byte, into: &bytes) }
        }
        bytes.append(.quote)
    }

    private static func serialize(character byte: UInt8, into bytes: inout [UInt8]) {
        switch byte {
        case .quote, .backslash: bytes.append(contentsOf: [.backslash, byte])
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(byte < 0x10 ? .zero : UInt8(ascii: "1"))
            bytes.append(contentsOf: String(byte & 0x0F, radix: 16).utf8)
        default: bytes.append(byte)
        }
    }
}
