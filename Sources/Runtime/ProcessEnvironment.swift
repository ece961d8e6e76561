import Glibc

/// The environment variables of this process.
public enum ProcessEnvironment {
    /// A copy; of a name that stands there twice, the first value, as `getenv` has it.
    public static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            if let mark = unsafe strchr(text, Int32(UInt8(ascii: "="))) {
                let name = unsafe UnsafeRawBufferPointer(start: text, count: mark - text)
                let key = unsafe String(decoding: name, as: UTF8.self)
                if variables[key] == nil { variables[key] = unsafe String(cString: mark + 1) }
            }
            unsafe entry += 1
        }
        return variables
    }
}
