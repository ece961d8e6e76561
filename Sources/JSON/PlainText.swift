extension Span<UInt8> {
    /// Where the first byte at or after `start` stands that a JSON string cannot say by itself (RFC 8259 §7): a quote, a backslash or a
    /// control character. `count` when there is none.
    func endOfPlainText(from start: Int) -> Int {
        var position = start
        // No way leads out of the loop over a chunk and it has no branch, so the compiler makes it a few vector instructions.
        while count - position >= 32 {
            let chunk = extracting(position..<position + 32)
            var marks: UInt8 = 0
            for index in chunk.indices { marks |= chunk[index].specialMark }
            if marks != 0 { break }
            position += 32
        }
        while position < count, self[position].specialMark == 0 { position += 1 }
        return position
    }
}

extension UInt8 {
    /// 1 when a string says it by an escape, or ends there; else 0.
    fileprivate var specialMark: UInt8 {
        (self < 0x20 ? 1 : 0) | (self == .quote ? 1 : 0) | (self == .backslash ? 1 : 0)
    }
}
