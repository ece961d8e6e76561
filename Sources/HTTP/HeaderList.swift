internal import CCurl

/// Owns a list of header lines as libcurl wants them.
@safe struct HeaderList: ~Copyable {
    private(set) var pointer: UnsafeMutablePointer<curl_slist>?

    /// No lines.
    init() { unsafe pointer = nil }

    deinit { unsafe curl_slist_free_all(pointer) }

    /// libcurl takes `Name:` as "leave it out", so that a field without a value is `Name;`.
    mutating func append(_ name: String, _ value: String) {
        let isBlank = allBytes(of: value, { $0 == 0x20 || $0 == 0x09 })
        append(name, separator: isBlank ? ";" : ": ", isBlank ? "" : value)
    }

    /// A line that is no header's, for options that take a list of their own form.
    mutating func append(line: String) {
        append(line, separator: "", "")
    }

    /// Has libcurl leave out a line that it would write by itself.
    mutating func leaveOut(_ name: String) {
        append(name, separator: ":", "")
    }

    /// Puts the line together where libcurl copies it from: a string for it would be an allocation more.
    private mutating func append(_ name: String, separator: String, _ value: String) {
        let count = name.utf8.count + separator.utf8.count + value.utf8.count + 1
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: count) { line in
            var end = 0
            for part in [name, separator, value] {
                for byte in part.utf8 {
                    unsafe line.initializeElement(at: end, to: CChar(bitPattern: byte))
                    end += 1
                }
            }
            unsafe line.initializeElement(at: end, to: 0)
            // nil for want of memory, and the list is as it was.
            if let longer = unsafe curl_slist_append(pointer, line.baseAddress) {
                unsafe pointer = unsafe longer
            }
        }
    }
}
