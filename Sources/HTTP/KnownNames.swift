/// Header names that a server's responses are known to carry. One that stands there as it is written here is this text, not a copy of
/// its bytes, which would be allocated, and checked to be UTF-8, with every response.
struct KnownNames: Sendable {
    private let texts: [String]
    private let bytes: [[UInt8]]

    /// None.
    static let none = KnownNames([])

    init(_ texts: [String]) {
        self.texts = texts
        bytes = texts.map { Array($0.utf8) }
    }

    /// The name that these bytes are, known or not.
    func name(_ name: borrowing Span<UInt8>) -> String {
        for index in bytes.indices where bytes[index].count == name.count && isEqual(bytes[index], name) {
            return texts[index]
        }
        return String(repairing: name)
    }

    /// From the end: the names of one service begin alike.
    private func isEqual(_ known: [UInt8], _ name: borrowing Span<UInt8>) -> Bool {
        var index = known.count - 1
        while index >= 0, known[index] == name[index] { index -= 1 }
        return index < 0
    }
}
