import Glibc

/// The recorded files in `Tests/Fixtures`.
public enum Fixtures {
    /// `Tests/Fixtures`, found from where this file was compiled.
    public static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/") + "/Fixtures"
    }()

    /// A fixture could not be read.
    public struct Missing: Error, CustomStringConvertible {
        /// The path and the system's reason.
        public let description: String
    }

    /// The bytes of a file, named relative to `folder` (or by an absolute path).
    public static func bytes(_ name: String) throws -> [UInt8] {
        let path = absolute(name)
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return result }
            result += piece[..<count]
        }
    }

    /// A file as text; bytes that are no UTF-8 are repaired.
    public static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    /// The names in a folder, sorted, without those that begin with a dot; with `ending`, only those.
    public static func list(_ name: String, ending: String = "") throws -> [String] {
        let path = absolute(name)
        guard unsafe access(path, R_OK) == 0 else { throw failure(path) }
        return names(in: path).filter { !$0.hasPrefix(".") && $0.hasSuffix(ending) }.sorted()
    }

    private static func absolute(_ name: String) -> String {
        name.hasPrefix("/") ? name : folder + "/" + name
    }

    private static func failure(_ path: String) -> Missing {
        unsafe Missing(description: "\(path): \(String(cString: strerror(errno)))")
    }
}

/// Every entry of a folder, unsorted; none when it cannot be read.
private func names(in folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        names.append(name)
    }
    return names
}

/// A new empty folder for one test, removed with all it holds when the value goes away.
public final class TemporaryFolder: Sendable {
    /// Its absolute path.
    public let path: String

    /// Made under `TMPDIR`, or `/tmp`.
    public init() throws {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/comfy-lambda-test-XXXXXX").utf8CString)
        guard
            unsafe template.withUnsafeMutableBufferPointer({
                unsafe $0.baseAddress.flatMap { unsafe mkdtemp($0) }
            }) != nil
        else { throw Fixtures.Missing(description: "no temporary folder under \(parent)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove(path) }

    private func remove(_ path: String) {
        if unsafe unlink(path) == 0 { return }
        for name in names(in: path) where name != "." && name != ".." { remove(path + "/" + name) }
        unsafe rmdir(path)
    }

    /// Writes a file in it and returns its path.
    @discardableResult
    public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Fixtures.Missing(description: "cannot write \(file)") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw Fixtures.Missing(description: "cannot write \(file)") }
            rest = rest.dropFirst(count)
        }
        return file
    }
}
