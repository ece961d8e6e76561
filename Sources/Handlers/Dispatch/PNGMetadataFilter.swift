/// Takes out of a PNG what is not the picture: ComfyUI writes the whole workflow into its pictures, as text (`tEXt`), and
/// into its animated ones as chunks of its own (`comf`).
///
/// Works on pieces of any size and keeps at most eight bytes of them. Chunks are kept or dropped whole, so that their
/// checksums stay right. Kept are those that a decoder needs and those that say how the picture is to be shown; what is
/// behind the picture's end, or behind a chunk that cannot be one, is dropped: no decoder reads it.
/// (https://www.w3.org/TR/png-3/#5DataRep)
struct PNGMetadataFilter {
    private enum Part {
        /// The next `left` bytes are kept; behind those of the last chunk is nothing.
        case kept(left: Int, isLast: Bool = false)
        case dropped(left: Int)
        /// The length and the type of a chunk, as far as they have come.
        case head([UInt8])
        /// Nothing is kept any more.
        case behind
    }

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Chunks that no decoder needs (their first letter is small) and that say how the picture looks, an animation's
    /// among them.
    private static let shown: Set<String> = [
        "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "hIST", "pHYs",
        "sPLT",
        "acTL", "fcTL", "fdAT",
    ]

    private var part = Part.kept(left: PNGMetadataFilter.signature.count)

    /// For bytes that begin with the signature.
    init() {}

    /// What is left of the next bytes; often less, and sometimes nothing.
    mutating func filter(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            switch part {
            case .kept(let left, let isLast):
                let taken = rest.prefix(left)
                kept += taken
                rest = rest.dropFirst(taken.count)
                part =
                    left > taken.count
                    ? .kept(left: left - taken.count, isLast: isLast) : isLast ? .behind : .head([])
            case .dropped(let left):
                let skipped = min(left, rest.count)
                rest = rest.dropFirst(skipped)
                part = left > skipped ? .dropped(left: left - skipped) : .head([])
            case .head(var head):
                let taken = rest.prefix(8 - head.count)
                head += taken
                rest = rest.dropFirst(taken.count)
                part = head.count < 8 ? .head(head) : begin(head, &kept)
            case .behind:
                rest = []
            }
        }
        return kept
    }

    /// A chunk: four bytes of length (below 2^31), four of type, the data, four of checksum.
    private func begin(_ head: [UInt8], _ kept: inout [UInt8]) -> Part {
        let length = head[..<4].reduce(0) { $0 << 8 | Int($1) }
        let type = head[4...]
        guard length < 1 << 31,
            type.allSatisfy({ (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) })
        else { return .behind }
        let name = String(decoding: type, as: UTF8.self)
        let isCritical = head[4] & 0x20 == 0
        guard isCritical || Self.shown.contains(name) else { return .dropped(left: length + 4) }
        let isLast = name == "IEND"
        // The last chunk is empty.
        guard !isLast || length == 0 else { return .behind }
        kept += head
        return .kept(left: length + 4, isLast: isLast)
    }
}
