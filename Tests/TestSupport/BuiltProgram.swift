import Glibc

/// The programs that were built together with the running tests.
public enum BuiltProgram {
    /// The path of an executable target's program.
    public static func path(_ target: String) -> String { folder + "/" + target }

    /// The path of the tests' own program.
    public static let running: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe path.withUnsafeMutableBufferPointer {
            guard let start = $0.baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", start, $0.count)
        }
        return String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    private static let folder = running.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast().joined(separator: "/")
}
