import HTTP

/// The query's part of a canonical request: every name and value encoded the one way SigV4 knows, sorted by encoded
/// name, then by encoded value.
enum CanonicalQuery {
    static func encode(_ items: [(name: String, value: String)]) -> String {
        sorted(items.map { (URL.percentEncode($0.name), URL.percentEncode($0.value)) })
    }

    /// From a query as it is sent, however it is encoded. Bytes that are no escapes stand for themselves.
    static func canonicalize(_ query: String) -> String {
        sorted(
            query.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (reencode(parts[0]), parts.count > 1 ? reencode(parts[1]) : "")
            })
    }

    private static func reencode(_ text: Substring) -> String {
        let text = String(text)
        return URL.percentEncode(URL.percentDecode(text) ?? text)
    }

    private static func sorted(_ encoded: [(name: String, value: String)]) -> String {
        // Encoded text is ASCII, where Swift's order of strings is the order of bytes.
        encoded.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }
}
