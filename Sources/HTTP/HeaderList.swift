internal import CCurl

/// Owns a list of header lines as libcurl wants them.
@safe struct HeaderList: ~Copyable {
    private(set) var pointer: UnsafeMutablePointer<curl_slist>?
    private var line: [UInt8] = []

    /// No lines.
    init() { unsafe pointer = nil }

    deinit { unsafe curl_slist_free_all(pointer) }

    /// libcurl takes `Name:` as "leave it out", so that a field without a value is `Name;`.
    mutating func append(_ name: String, _ value: String) {
        line.append(contentsOf: name.utf8)
        if allBytes(of: value, { $0 == 0x20 || $0 == 0x09 }) {
            line.append(UInt8(ascii: ";"))
        } else {
            line.append(UInt8(ascii: ":"))
            line.append(0x20)
            line.append(contentsOf: value.utf8)
        }
        appendLine()
    }

    /// Has libcurl leave out a line that it would write by itself.
    mutating func leaveOut(_ name: String) {
        line.append(contentsOf: name.utf8)
        line.append(UInt8(ascii: ":"))
        appendLine()
    }

    private mutating func appendLine() {
        line.append(0)
        unsafe line.withUnsafeBytes { bytes in
            let text = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress
            // nil for want of memory, and the list is as it was.
            if let longer = unsafe curl_slist_append(pointer, text) { unsafe pointer = unsafe longer }
        }
        line.removeAll(keepingCapacity: true)
    }
}
