import JSON

extension SNS {
    /// SNS's default limit of message and attributes together.
    static let maximumMessageBytes = 262_144
    static let maximumSubjectCharacters = 100
    static let maximumBatch = 10
}

extension SNS.Message {
    /// As SNS counts it: the text, and of each attribute its name, type and value.
    var size: Int {
        attributes.reduce(text.utf8.count) { size, attribute in
            size + attribute.key.utf8.count + attribute.value.dataType.utf8.count + attribute.value.size
        }
    }

    func check(_ operation: Operation) throws(AWSError) {
        if text.isEmpty { throw operation.invalid("the message is empty; SNS publishes none") }
        for (name, value) in attributes {
            if !Self.isAttributeName(name) {
                throw operation.invalid(
                    "the attribute name \"\(name)\" is not 1 to 256 letters, digits, _, - and . (none at its ends)"
                )
            }
            if value.size == 0 { throw operation.invalid("the attribute \(name) is empty; SNS allows none") }
        }
        if size > SNS.maximumMessageBytes {
            throw operation.invalid("message and attributes have \(size) bytes; at most 262,144 are allowed")
        }
        for (what, id) in [("group", groupID), ("deduplication", deduplicationID)] {
            guard let id else { continue }
            if !(1...128).contains(id.utf8.count) || !id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                throw operation.invalid(
                    "a \(what) id of \(id.utf8.count) bytes; 1 to 128 printable ASCII characters are allowed")
            }
        }
        guard let subject else { return }
        if !(1...SNS.maximumSubjectCharacters).contains(subject.unicodeScalars.count) {
            throw operation.invalid(
                "a subject of \(subject.unicodeScalars.count) characters; 1 to 100 are allowed")
        }
        if !subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw operation.invalid(
                "the subject has a line break, a control character or something other than ASCII")
        }
    }

    /// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
    private static func isAttributeName(_ name: String) -> Bool {
        let dot = UInt8(ascii: ".")
        return (1...256).contains(name.utf8.count) && name.utf8.first != dot && name.utf8.last != dot
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), dot: true
                default: false
                }
            }
    }
}

extension SNS.Attribute {
    var dataType: String {
        switch self {
        case .string: "String"
        case .number: "Number"
        case .binary: "Binary"
        case .strings: "String.Array"
        }
    }

    /// What is sent as text; an array as JSON.
    var text: String {
        switch self {
        case .string(let text), .number(let text): text
        case .binary: ""
        case .strings(let texts): texts.isEmpty ? "" : JSON.array(texts.map { .string($0) }).text
        }
    }

    var size: Int {
        if case .binary(let bytes) = self { bytes.count } else { text.utf8.count }
    }
}
