/// The path's part of a canonical request.
enum CanonicalPath {
    /// RFC 3986 §5.2.4 and no empty segments: `/a/../b//c/` is `/b/c/`.
    static func normalize(_ path: String) -> String {
        String(decoding: normalized(path.utf8.span), as: UTF8.self)
    }

    /// Normalised, then encoded a second time.
    static func append(_ path: String, to text: inout [UInt8]) {
        // The path of most calls.
        if path.utf8.count <= 1 { return text.append(UInt8(ascii: "/")) }
        PercentEncoding.append(normalized(path.utf8.span).span, keepingSlashes: true, to: &text)
    }

    private static func normalized(_ path: Span<UInt8>) -> [UInt8] {
        let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
        var kept: [UInt8] = []
        kept.reserveCapacity(path.count + 1)
        var endsInDirectory = true
        var position = 0
        while position <= path.count {
            var end = position
            while end < path.count, path[end] != slash { end += 1 }
            let segment = path.extracting(position..<end)
            switch segment.count {
            case 0:
                endsInDirectory = true
            case 1 where segment[0] == dot:
                endsInDirectory = true
            case 2 where segment[0] == dot && segment[1] == dot:
                while let last = kept.popLast(), last != slash {}
                endsInDirectory = true
            default:
                kept.append(slash)
                for index in segment.indices { kept.append(segment[index]) }
                endsInDirectory = false
            }
            position = end + 1
        }
        if endsInDirectory { kept.append(slash) }
        return kept
    }
}
