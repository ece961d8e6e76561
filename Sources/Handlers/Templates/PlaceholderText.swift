import JSON

/// A text with parameters in it: `a photo of {{subject}}, 35 mm`. Braces around anything but a name are braces.
enum PlaceholderText {
    /// A part of such a text.
    enum Piece: Sendable, Hashable {
        case words(String)
        case parameter(String)
    }

    /// nil when no parameter stands in it.
    static func pieces(of text: String) -> [Piece]? {
        var pieces: [Piece] = []
        var words: [UInt8] = []
        func endWords() {
            if !words.isEmpty { pieces.append(.words(String(decoding: words, as: UTF8.self))) }
            words.removeAll()
        }
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if let name = name(at: rest) {
                endWords()
                pieces.append(.parameter(name))
                rest = rest.dropFirst(name.utf8.count + 4)
            } else {
                words.append(byte)
                rest = rest.dropFirst()
            }
        }
        if pieces.isEmpty { return nil }
        endWords()
        return pieces
    }

    /// The name between the two pairs of braces that begin here.
    private static func name(at rest: ArraySlice<UInt8>) -> String? {
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        guard rest.count > 4, rest.prefix(2).elementsEqual([open, open]) else { return nil }
        let bytes = rest.dropFirst(2).prefix(65).prefix { $0 != close }
        let name = String(decoding: bytes, as: UTF8.self)
        guard TemplateParameter.isName(name),
            rest.dropFirst(2 + bytes.count).prefix(2).elementsEqual([close, close])
        else { return nil }
        return name
    }

    /// The text with its parameters' values: numbers as they were written.
    static func joined(_ pieces: [Piece], _ values: [String: JSON]) -> String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .words(let words): text += words
            case .parameter(let name): text += values[name].map { $0.string ?? $0.text } ?? ""
            }
        }
    }
}
