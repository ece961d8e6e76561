/// Header fields in the order written; names compare without case.
public struct HTTPHeaders: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
    /// One field line, its name as written.
    public typealias Element = (name: String, value: String)

    private var fields: [Element] = []

    /// No fields.
    public init() {}

    /// No fields yet, and room for some.
    init(capacity: Int) { fields.reserveCapacity(capacity) }

    /// Fields in the literal's order; a repeated name stays repeated.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The values of one name joined by ", " (RFC 9110 §5.3); setting replaces them all, nil removes them.
    public subscript(name: String) -> String? {
        get {
            var joined: String?
            let name = name.utf8Span.span
            for index in fields.indices where isFieldName(fields[index].name, name) {
                let value = fields[index].value
                joined = joined.map { $0 + ", " + value } ?? value
            }
            return joined
        }
        set {
            guard let newValue else {
                fields.removeAll { sameFieldName($0.name, name) }
                return
            }
            guard let first = fields.firstIndex(where: { sameFieldName($0.name, name) }) else {
                add(name, newValue)
                return
            }
            fields[first].value = newValue
            let rest = fields[(first + 1)...].filter { !sameFieldName($0.name, name) }
            fields.replaceSubrange((first + 1)..., with: rest)
        }
    }

    /// The values of one name, one for each field line: what `Set-Cookie` needs, which must not be joined.
    public func values(_ name: String) -> [String] {
        fields.filter { sameFieldName($0.name, name) }.map(\.value)
    }

    /// Whether a field of this name is there.
    public func contains(_ name: String) -> Bool {
        fields.contains { sameFieldName($0.name, name) }
    }

    /// Appends a field line, whether or not the name is there already.
    public mutating func add(_ name: String, _ value: String) {
        fields.append((name: name, value: value))
    }

    /// Whether two names are the same one: they compare as ASCII without case (RFC 9110 §5.1).
    public static func isSameName(_ a: String, _ b: String) -> Bool {
        // Written alike, as most are: compared in one piece.
        a.utf8.count == b.utf8.count && (a == b || isFieldName(a, b.utf8Span.span))
    }

    /// The number of field lines.
    public var count: Int { fields.count }

    /// Field lines in order.
    public func makeIterator() -> IndexingIterator<[Element]> { fields.makeIterator() }

    /// Equal when the same lines stand in the same order, names without case.
    public static func == (a: HTTPHeaders, b: HTTPHeaders) -> Bool {
        a.fields.count == b.fields.count
            && zip(a.fields, b.fields).allSatisfy { sameFieldName($0.name, $1.name) && $0.value == $1.value }
    }

    /// Agrees with `==`.
    public func hash(into hasher: inout Hasher) {
        for field in fields {
            for byte in field.name.utf8 { hasher.combine(asciiLowercased(byte)) }
            hasher.combine(field.value)
        }
    }
}

extension HTTPHeaders {
    /// The first line that a request may not carry: a name that is no token (RFC 9110 §5.1), or a value with a
    /// line break or NUL, which would let its author write header lines of their own.
    var firstInvalidName: String? {
        fields.first { field in
            field.name.isEmpty || !allBytes(of: field.name, isTokenByte)
                || !allBytes(of: field.value) { $0 != 0x0D && $0 != 0x0A && $0 != 0 }
        }?.name
    }
}

private func sameFieldName(_ a: String, _ b: String) -> Bool { HTTPHeaders.isSameName(a, b) }

@inline(__always)
private func isFieldName(_ name: String, _ wanted: Span<UInt8>) -> Bool {
    // Nearly all names differ in length, or at the end: AWS's begin alike.
    guard name.utf8.count == wanted.count else { return false }
    let name = name.utf8Span.span
    var index = wanted.count - 1
    while index >= 0 {
        guard asciiLowercased(name[index]) == asciiLowercased(wanted[index]) else { return false }
        index -= 1
    }
    return true
}

private func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
}

/// `tchar` of RFC 9110 §5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
        UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
        true
    default:
        false
    }
}
