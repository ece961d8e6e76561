/// Where each format keeps a picture's size. nil where it is not found in the bytes that are there; each search moves
/// forward only, so that no content makes it long.
extension HeaderReader {
    /// ISO/IEC 10918-1: segments of marker, length, content; the frame header (SOFn) has height and width. Any number
    /// of 0xFF may stand before a marker.
    func jpegSize() -> (Int?, Int?)? {
        var offset = 2
        while let first = byte(offset), first == 0xFF, let marker = byte(offset + 1) {
            switch marker {
            case 0xFF: offset += 1
            // Without a length: TEM and the restarts.
            case 0x01, 0xD0...0xD7: offset += 2
            case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker):
                return (big16(offset + 7), big16(offset + 5))
            // Behind these are the picture's own data.
            case 0xD9, 0xDA: return nil
            default:
                guard let length = big16(offset + 2), length >= 2 else { return nil }
                offset += 2 + length
            }
        }
        return nil
    }

    /// Whether there is exactly one frame header before a JPEG's own data, and nothing on the way that one reader steps over
    /// and another looks into: only segments that have a length (ISO/IEC 10918-1 table B.1).
    var hasOneJPEGFrame: Bool {
        var offset = 2
        var frames = 0
        while let first = byte(offset), first == 0xFF, let marker = byte(offset + 1) {
            switch marker {
            case 0xFF:
                offset += 1
                continue
            case 0xDA: return frames == 1
            // Tables, restart interval, applications' own, comment.
            case 0xC4, 0xCC, 0xDB, 0xDD, 0xE0...0xEF, 0xFE: break
            case 0xC0...0xCF where marker != 0xC8: frames += 1
            default: return false
            }
            guard let length = big16(offset + 2), length >= 2 else { return false }
            offset += 2 + length
        }
        return false
    }

    /// Windows' BITMAPINFOHEADER and its followers; a height below zero counts from the top. The oldest header, of
    /// 12 bytes, has 16 bits for each.
    func bmpSize() -> (Int?, Int?)? {
        guard let length = little32(14) else { return nil }
        if length == 12 { return (little16(18), little16(20)) }
        let height = little32(22).map { Int(Int32(truncatingIfNeeded: $0).magnitude) }
        return (little32(18), height)
    }

    /// TIFF 6.0: the first directory's entries 256 and 257, each a short or a long.
    func tiffSize() -> (Int?, Int?)? {
        let isLittle = byte(0) == 0x49
        func short(_ offset: Int) -> Int? { isLittle ? little16(offset) : big16(offset) }
        func long(_ offset: Int) -> Int? { isLittle ? little32(offset) : big32(offset) }
        guard let directory = long(4), let count = short(directory) else { return nil }
        var size: (width: Int?, height: Int?) = (nil, nil)
        for index in 0..<count {
            let entry = directory + 2 + 12 * index
            guard let tag = short(entry), tag <= 257 else { break }
            let value = short(entry + 2) == 3 ? short(entry + 8) : long(entry + 8)
            if tag == 256 { size.width = value }
            if tag == 257 { size.height = value }
        }
        return size
    }

    /// ISO/IEC 23008-12: the largest `ispe` among the properties; a picture made of tiles has theirs beside its own.
    func isoImageSize() -> (Int?, Int?)? {
        // `meta` has a version before its boxes.
        guard let meta = box("meta", in: 0..<count), let properties = box("iprp", in: meta.dropFirst(4)),
            let container = box("ipco", in: properties)
        else { return nil }
        var largest: (width: Int, height: Int)?
        var rest = container
        while let found = box("ispe", in: rest) {
            if let width = big32(found.lowerBound + 4), let height = big32(found.lowerBound + 8),
                max(width, height) <= MediaType.maximumSide,
                width * height > (largest.map { $0.width * $0.height } ?? 0)
            {
                largest = (width, height)
            }
            rest = found.upperBound..<max(found.upperBound, rest.upperBound)
        }
        return largest.map { ($0.width, $0.height) }
    }

    /// The content of the first box of a type in a row of boxes: length, type, content; clipped to the row.
    private func box(_ type: String, in row: Range<Int>) -> Range<Int>? {
        var offset = row.lowerBound
        while offset + 8 <= row.upperBound, let length = big32(offset) {
            // Longer lengths than 32 bits are for media data only; a box of length 0 goes on to the end.
            guard length >= 8 || length == 0 else { return nil }
            let end = length == 0 ? row.upperBound : min(row.upperBound, offset + length)
            if has(type, at: offset + 4) { return offset + 8..<end }
            offset = end
        }
        return nil
    }

    /// RFC 9649: the simple lossy, the lossless and the extended form keep the size in three different ways.
    func webpSize() -> (Int?, Int?)? {
        if has("VP8X", at: 12) {
            return (little24(24).map { $0 + 1 }, little24(27).map { $0 + 1 })
        }
        if has("VP8L", at: 12), let low = little16(21), let high = little16(23) {
            let bits = high << 16 | low
            return (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        }
        if has("VP8 ", at: 12) {
            return (little16(26).map { $0 & 0x3FFF }, little16(28).map { $0 & 0x3FFF })
        }
        return nil
    }
}
