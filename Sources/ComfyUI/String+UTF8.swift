/// Text compared as ComfyUI compares it, byte for byte. Swift compares characters: it finds no `[output]` behind a
/// mark that joins the bracket, and takes the Kelvin sign for a K.
extension String {
    /// Whether the bytes of `part` stand in it.
    func hasBytes(of part: String) -> Bool {
        let part = Array(part.utf8)
        guard let first = part.first else { return true }
        var rest = utf8[...]
        while let start = rest.firstIndex(of: first) {
            if rest[start...].starts(with: part) { return true }
            rest = rest[rest.index(after: start)...]
        }
        return false
    }

    /// Whether it ends in the bytes of `part`.
    func endsInBytes(of part: String) -> Bool {
        utf8.reversed().starts(with: part.utf8.reversed())
    }

    /// Whether its bytes are those of `other`.
    func hasSameBytes(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
