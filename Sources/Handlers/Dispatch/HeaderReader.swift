/// Bounded reads of a file's beginning; nil past its end.
struct HeaderReader {
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func starts(with prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }

    func has(_ text: String, at offset: Int) -> Bool {
        bytes.count >= offset + text.utf8.count && bytes[offset...].starts(with: text.utf8)
    }

    func has(_ wanted: [UInt8], at offset: Int) -> Bool {
        bytes.count >= offset + wanted.count && bytes[offset...].starts(with: wanted)
    }

    func contains(_ text: String, within length: Int) -> Bool {
        (0..<length).contains { has(text, at: $0) }
    }

    func byte(_ offset: Int) -> Int? {
        bytes.indices.contains(offset) ? Int(bytes[offset]) : nil
    }

    func big16(_ offset: Int) -> Int? {
        guard let a = byte(offset), let b = byte(offset + 1) else { return nil }
        return a << 8 | b
    }

    func big32(_ offset: Int) -> Int? {
        guard let a = big16(offset), let b = big16(offset + 2) else { return nil }
        return a << 16 | b
    }

    func little16(_ offset: Int) -> Int? {
        guard let a = byte(offset), let b = byte(offset + 1) else { return nil }
        return b << 8 | a
    }

    func little32(_ offset: Int) -> Int? {
        guard let low = little16(offset), let high = little16(offset + 2) else { return nil }
        return high << 16 | low
    }

    func little24(_ offset: Int) -> Int? {
        guard let low = little16(offset), let high = byte(offset + 2) else { return nil }
        return high << 16 | low
    }

    /// An MPEG audio frame header without an ID3 tag: eleven set bits, layer III.
    var isMPEGAudioFrame: Bool {
        guard let first = byte(0), let second = byte(1) else { return false }
        return first == 0xFF && second & 0xE6 == 0xE2
    }

    /// UTF-8 without control characters; the head may end in the middle of a character.
    var isText: Bool {
        guard !bytes.isEmpty, !bytes.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) })
        else { return false }
        return (0...3).contains { cut in
            cut < bytes.count && String(validating: bytes.dropLast(cut), as: UTF8.self) != nil
        }
    }
}
