/// A certificate authority made for one test, and a server's certificate from it, by `openssl`.
public struct CertificateAuthority: Sendable {
    /// `openssl` refused.
    public struct Failure: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    private let folder: TemporaryFolder
    /// The authority's own certificate, PEM.
    public var certificate: String { folder.path + "/ca.pem" }
    /// The server's certificate, PEM.
    public var serverCertificate: String { folder.path + "/server.pem" }
    /// The server's key, PEM.
    public var serverKey: String { folder.path + "/server.key" }

    /// Makes both, valid for two days; the server is `localhost`.
    public init() async throws {
        folder = try TemporaryFolder()
        try folder.write("server.ext", Array("subjectAltName=DNS:localhost\n".utf8))
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try await openssl(
            ["req", "-x509", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"]
                + key)
        try await openssl(
            ["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"] + key)
        try await openssl([
            "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "server.ext", "-out", "server.pem",
        ])
    }

    private func openssl(_ arguments: [String]) async throws {
        let process = try ChildProcess("env", ["-C", folder.path, "openssl"] + arguments)
        guard await process.exit() == 0 else { throw Failure(description: process.standardError) }
    }
}
