import Glibc

/// The few file operations that the commands need; each failure is a sentence with the path and the system's reason.
enum FileSystem {
    /// The whole file, at most `limit` bytes.
    static func read(_ path: String, limit: Int = 64 << 20) throws(CommandFailure) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read", path) }
        defer { close(descriptor) }
        return try readAll(descriptor, path, limit: limit)
    }

    /// Everything on standard input.
    static func readStandardInput(limit: Int = 64 << 20) throws(CommandFailure) -> [UInt8] {
        try readAll(0, "standard input", limit: limit)
    }

    private static func readAll(_ descriptor: Int32, _ name: String, limit: Int) throws(CommandFailure)
        -> [UInt8]
    {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot read", name)
            }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            if bytes.count > limit { throw CommandFailure("\(name) is larger than \(limit >> 20) MB") }
        }
    }

    /// A file of its owner's alone, new or replaced.
    static func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        defer { close(descriptor) }
        guard writeAll(bytes, to: descriptor) else { throw failure("cannot write", path) }
    }

    /// False when the system refused, with the reason in `errno`.
    @discardableResult
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// A descriptor that appends to a new, empty file.
    static func createLog(_ path: String) throws(CommandFailure) -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        return descriptor
    }

    /// The folder and those above it.
    static func createFolder(_ path: String) throws(CommandFailure) {
        if unsafe mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("cannot create", path)
        }
        try createFolder(String(path[..<slash]))
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure("cannot create", path) }
    }

    /// The names in a folder, sorted, without those that begin with a dot.
    static func names(in folder: String) throws(CommandFailure) -> [String] {
        guard let directory = unsafe opendir(folder) else { throw failure("cannot read", folder) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    /// Removes a file if it is there.
    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Where the running program lies; nil without /proc.
    static var executable: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe $0.baseAddress.map { unsafe readlink("/proc/self/exe", $0, Int(PATH_MAX)) } ?? -1
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static var currentFolder: String {
        guard let path = unsafe getcwd(nil, 0) else { return "/" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// A path as the system has it, links resolved; the path itself when there is nothing.
    static func absolute(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func failure(_ attempt: String, _ path: String) -> CommandFailure {
        unsafe CommandFailure("\(attempt) \(path): \(String(cString: strerror(errno)))")
    }
}
