/// The `openssl` program in a folder of a test's own: keys, certificates and signatures that this project's code had no
/// part in.
public enum OpenSSLCommand {
    /// It ended badly; the description has its words.
    public struct Failure: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    /// Runs it with `file:name` standing for a file of the folder.
    public static func run(_ arguments: [String], in folder: TemporaryFolder) async throws {
        let resolved = arguments.map { argument in
            argument.hasPrefix("file:") ? "\(folder.path)/\(argument.dropFirst(5))" : argument
        }
        let process = try ChildProcess("openssl", resolved)
        guard await process.exit() == 0 else {
            throw Failure(description: "openssl \(resolved): \(process.standardError)")
        }
    }

    /// `key.pem` and `cert.pem`: a new RSA key and its own certificate. `options` for `req`.
    public static func makeCertificate(
        named name: String, in folder: TemporaryFolder, key: String = "rsa:2048",
        _ options: [String] = ["-days", "2"]
    ) async throws {
        try await run(
            [
                "req", "-x509", "-newkey", key, "-nodes", "-subj", "/CN=\(name)", "-keyout",
                "file:\(name).key",
                "-out", "file:\(name).pem",
            ] + options, in: folder)
    }
}
