/// An absolute http, https, ws or wss address (RFC 3986), its path and query still percent-encoded as written.
public struct URL: Sendable, Hashable, CustomStringConvertible {
    public var scheme: String
    /// Without brackets for IPv6, lower case.
    public var host: String
    /// As written; nil when absent.
    public var port: Int?
    /// Begins with `/`, encoded as written.
    public var path: String
    /// Without the `?`; nil when there is none.
    public var query: String?
    /// Refuses other schemes, user info, fragments, control characters and spaces.
    public init?(_ text: String) { fatalError("stub") }
    /// The port, or the scheme's own.
    public var effectivePort: Int { fatalError("stub") }
    /// Host and port as a Host header has them: without the scheme's own port.
    public var authority: String { fatalError("stub") }
    /// The whole address. For logs and errors use `redacted`.
    public var description: String { fatalError("stub") }
    /// Scheme, authority and path; a query is shown as `?…`: presigned queries are secrets.
    public var redacted: String { fatalError("stub") }
    /// Encodes all but `A-Za-z0-9-._~` (and `/` when asked), upper-case hex (RFC 3986 §2.3).
    public static func percentEncode(_ text: String, keepingSlashes: Bool = false) -> String { fatalError("stub") }
    /// nil for a broken escape or bytes that are no UTF-8. `plusIsSpace` for form encoding.
    public static func percentDecode(_ text: String, plusIsSpace: Bool = false) -> String? { fatalError("stub") }
    /// Query pairs in order, decoded with `+` as space; a name without `=` has an empty value; nil for a broken escape.
    public static func queryItems(_ query: String) -> [(name: String, value: String)]? { fatalError("stub") }
}
