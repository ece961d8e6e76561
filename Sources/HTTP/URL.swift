/// An absolute http, https, ws or wss address (RFC 3986), its path and query still percent-encoded as written.
public struct URL: Sendable, Hashable, CustomStringConvertible {
    /// `http`, `https`, `ws` or `wss`.
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
    public init?(_ text: String) {
        // Bytes, not characters: this is on the path of every request.
        let bytes = text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            let scheme = Self.knownScheme(text[..<colon])
        else { return nil }
        let rest = text[bytes.index(colon, offsetBy: 3)...]
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard let authority = Self.splitAuthority(rest[..<end]) else { return nil }
        let target = rest[end...]
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        let path = target[..<(mark ?? target.endIndex)]
        self.scheme = scheme
        host = authority.host
        port = authority.port
        self.path = path.isEmpty ? "/" : String(path)
        query = mark.map { String(target[target.utf8.index(after: $0)...]) }
        guard isWellFormed else { return nil }
    }

    private static func knownScheme(_ text: Substring) -> String? {
        let scheme = text.lowercased()
        return scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss" ? scheme : nil
    }

    private static func splitAuthority(_ text: Substring) -> (host: String, port: Int?)? {
        let bytes = text.utf8
        var host = text
        var port: Substring?
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = text[bytes.index(after: bytes.startIndex)..<end]
            let rest = text[bytes.index(after: end)...]
            guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ":") else { return nil }
            // Only an address may stand in brackets, and it has a colon.
            guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            host = text[..<colon]
            port = text[bytes.index(after: colon)...]
            guard !host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        }
        guard let port, !port.isEmpty else { return (host.lowercased(), nil) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port) else { return nil }
        return (host.lowercased(), number)
    }

    /// Whether the parts, which can be set to anything, still make one address and nothing more: no byte of theirs can
    /// end a line, a host or a path early.
    var isWellFormed: Bool {
        guard !host.isEmpty, port.map({ (1...65535).contains($0) }) ?? true else { return false }
        if isAddressInBrackets {
            guard
                allBytes(
                    of: host,
                    { hexValue($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return false }
        } else if !allBytes(of: host, isHostByte) {
            return false
        }
        guard path.utf8.first == UInt8(ascii: "/"),
            allBytes(of: path, { Self.isTargetByte($0) && $0 != UInt8(ascii: "?") })
        else { return false }
        return query.map { allBytes(of: $0, Self.isTargetByte) } ?? true
    }

    /// Visible, and no `#`, which would end the address.
    static func isTargetByte(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#")
    }

    /// The port, or the scheme's own.
    public var effectivePort: Int { port ?? ownPort }

    private var ownPort: Int { isSecure ? 443 : 80 }

    /// Whether the scheme is one over TLS.
    public var isSecure: Bool { scheme == "https" || scheme == "wss" }

    var bracketedHost: String { isAddressInBrackets ? "[\(host)]" : host }

    private var isAddressInBrackets: Bool { !allBytes(of: host, { $0 != UInt8(ascii: ":") }) }

    /// Host and port as a Host header has them: without the scheme's own port.
    public var authority: String {
        effectivePort == ownPort ? bracketedHost : "\(bracketedHost):\(effectivePort)"
    }

    /// Path and query as they stand in a request line.
    public var target: String { query.map { path + "?" + $0 } ?? path }

    /// The whole address. For logs and errors use `redacted`.
    public var description: String {
        let port = port.map { ":\($0)" } ?? ""
        return "\(scheme)://\(bracketedHost)\(port)\(target)"
    }

    /// Scheme, authority and path; a query is shown as `?…`: presigned queries are secrets.
    public var redacted: String {
        "\(scheme)://\(authority)\(path)\(query == nil ? "" : "?…")"
    }

    /// Whether the host is this machine by its very name: `localhost`, a name under it, 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || isIPv4(withPrefix: "127.")
    }

    /// Whether the host is link-local by its address, as the metadata services of EC2 and ECS are.
    var isLinkLocal: Bool {
        isIPv4(withPrefix: "169.254.") || host.hasPrefix("fe80:") || host == "fd00:ec2::254"
            || host == "fd00:ec2::23"
    }

    /// Whether the host is an address and no name.
    var isNumeric: Bool { isAddressInBrackets || isIPv4(withPrefix: "") }

    private func isIPv4(withPrefix prefix: String) -> Bool {
        guard host.utf8.starts(with: prefix.utf8) else { return false }
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8(Substring($0)) != nil }
    }
}

/// Whether every byte of `text` is allowed: a loop over its bytes where they lie, without a way out of it, so that the compiler may look
/// at many at once.
@inline(__always)
func allBytes(of text: String, _ isAllowed: (UInt8) -> Bool) -> Bool {
    let bytes = text.utf8Span.span
    var refused: UInt8 = 0
    for index in bytes.indices { refused |= isAllowed(bytes[index]) ? 0 : 1 }
    return refused == 0
}

/// Letters, digits, `-`, `.`, `_` and `~`: RFC 3986's unreserved characters, and all that a host name needs.
func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        true
    default:
        false
    }
}

/// The value of a hexadecimal digit of either case.
func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
}
