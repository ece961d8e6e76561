/// The path's part of a canonical request.
enum CanonicalPath {
    /// RFC 3986 §5.2.4 and no empty segments: `/a/../b//c/` is `/b/c/`.
    static func normalize(_ path: String) -> String {
        var kept: [Substring.UTF8View] = []
        var endsInDirectory = true
        for segment in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            switch String(Substring(segment)) {
            case "":
                endsInDirectory = true
            case ".":
                endsInDirectory = true
            case "..":
                _ = kept.popLast()
                endsInDirectory = true
            default:
                kept.append(segment)
                endsInDirectory = false
            }
        }
        let joined = kept.map { "/" + String(Substring($0)) }.joined()
        return endsInDirectory ? joined + "/" : joined
    }
}
