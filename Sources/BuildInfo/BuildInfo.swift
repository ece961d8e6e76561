import AWSClients
internal import CBuildInfo
import Crypto
import HTTP

/// What a program says of itself: version, commit, and the C libraries it is linked with.
public enum BuildInfo {
    /// Of this project, by https://semver.org.
    public static let version = "0.1.0"

    /// A C library, as the running program has it.
    public struct Library: Sendable, Hashable {
        /// As its authors write it.
        public let name: String
        /// What the library itself reports.
        public let version: String
        /// The Debian version that was linked, security fixes included; nil in a program that was not packaged.
        public let debianVersion: String?
    }

    /// The commit that was packaged, and whether there were changes beside it; nil in a program that was not packaged.
    public static var commit: String? { stamp["commit"] }

    /// All of them, in the order in which they matter for security.
    public static var libraries: [Library] {
        let stamp = stamp
        let found: [(String, String?)] = [
            ("OpenSSL", OpenSSL.version), ("curl", Curl.version), ("c-ares", Curl.resolverVersion),
            ("zlib", Gzip.zlibVersion), ("expat", Expat.version),
            ("glibc", unsafe String(cString: gnu_get_libc_version())),
        ]
        return found.compactMap { name, version in
            version.map { Library(name: name, version: $0, debianVersion: stamp[name]) }
        }
    }

    /// As `--version` prints it: a line for each fact, the name first.
    public static func report(_ program: String) -> String {
        var lines = [
            "\(program) \(version)", "commit \(commit ?? "unknown: not built by 'make package'")",
        ]
        for library in libraries {
            let debian = library.debianVersion.map { " (Debian \($0))" } ?? ""
            lines.append("\(library.name) \(library.version)\(debian)")
        }
        // Linked too, but they do not report themselves.
        for name in ["GCC", "Swift"] {
            if let version = stamp[name] { lines.append("\(name) \(version)") }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The lines that packaging wrote, by their first word.
    private static var stamp: [String: String] {
        let size = Int(comfy_build_stamp_size)
        let bytes = unsafe [CChar](unsafeUninitializedCapacity: size) { buffer, count in
            unsafe comfy_build_stamp_copy(buffer.baseAddress)
            count = size
        }
        let text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        return values
    }
}
