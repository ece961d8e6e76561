import Glibc

/// Header names and values that a server's responses are known to carry. One that stands there as it is written here is this text, not a copy of
/// its bytes, which would be allocated, and checked to be UTF-8, with every response.
struct KnownTexts: Sendable {
    private typealias Entry = (text: String, bytes: [UInt8])

    /// By their lengths.
    private let entries: [[Entry]]

    /// None.
    static let none = KnownTexts([])

    init(_ texts: [String]) {
        let longest = texts.map(\.utf8.count).max() ?? 0
        var entries = [[Entry]](repeating: [], count: texts.isEmpty ? 0 : longest + 1)
        for text in texts { entries[text.utf8.count].append((text, Array(text.utf8))) }
        self.entries = entries
    }

    /// The text that these bytes are, known or not.
    func text(_ text: borrowing Span<UInt8>) -> String {
        if text.count < entries.count {
            for entry in entries[text.count] where isEqual(entry.bytes, text) { return entry.text }
        }
        return String(repairing: text)
    }

    /// Of equal lengths.
    private func isEqual(_ known: [UInt8], _ text: borrowing Span<UInt8>) -> Bool {
        unsafe known.withUnsafeBytes { known in
            unsafe text.withUnsafeBytes { text in
                guard let a = known.baseAddress, let b = text.baseAddress else { return true }
                return unsafe memcmp(a, b, known.count) == 0
            }
        }
    }
}
