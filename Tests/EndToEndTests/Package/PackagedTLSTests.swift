import HTTP
import JSON
import TestSupport
import Testing

/// The packaged program's own TLS, against a server whose authority was made for the test: `GET /health/ready` asks
/// DynamoDB and S3.
@Suite(.timeLimit(.minutes(1))) struct PackagedTLSTests {
    private let authority: CertificateAuthority
    private let server: ChildProcess
    private let port: Int

    init() async throws {
        authority = try await CertificateAuthority()
        server = try ChildProcess(
            "python3",
            [
                Fixtures.folder + "/network/https_server.py", authority.serverCertificate,
                authority.serverKey,
            ])
        try #require(await server.hasPrinted("\n"), "\(server.standardError)")
        port = try #require(Int(server.standardOutput.split(separator: "\n")[0]))
    }

    /// What `/health/ready` answered, and the function's log.
    private func ready(
        _ program: String, host: String = "localhost", environment: [String: String] = [:]
    ) async throws -> (status: Int?, log: String) {
        let state = try TemporaryFolder()
        let variables = environment.merging([
            "AWS_ENDPOINT_URL": "https://\(host):\(port)", "AWS_MAX_ATTEMPTS": "1",
        ]) { $1 }.merging(Program.exampleVariables) { given, _ in given }
        let run = try await Program.run(
            [
                "invoke", "--handler", "api", "--event",
                Program.project + "/dev/events/session/01-api-ready.json",
                "--bootstrap", program, "--state", state.path, "--verbose",
            ] + variables.flatMap { ["--env", "\($0.key)=\($0.value)"] })
        let log = (try? Fixtures.text(state.path + "/logs/api.log")) ?? ""
        return (try? JSON(parsing: run.output)["statusCode"]?.int, run.errors + log)
    }

    @Test func aServerOfATrustedAuthorityIsBelieved() async throws {
        let answer = try await ready(
            Program.bootstrap, environment: ["AWS_CA_BUNDLE": authority.certificate])
        #expect(answer.status == 200, "\(answer.log)")
        #expect(server.standardOutput.split(separator: "\n").count > 2)
    }

    @Test func aServerOfAnotherAuthorityIsRefused() async throws {
        let other = try await CertificateAuthority()
        let answer = try await ready(Program.bootstrap, environment: ["AWS_CA_BUNDLE": other.certificate])
        #expect(answer.status == 503)
        #expect(answer.log.contains("certificate"), "\(answer.log)")
        #expect(server.standardOutput.split(separator: "\n").count == 1)
    }

    @Test func aCertificateForAnotherNameIsRefused() async throws {
        let answer = try await ready(
            Program.bootstrap, host: "127.0.0.1", environment: ["AWS_CA_BUNDLE": authority.certificate])
        #expect(answer.status == 503)
        #expect(server.standardOutput.split(separator: "\n").count == 1)
    }

    /// Debian's, Amazon Linux's, and the others that `CertificateBundle` knows.
    @Test(
        .ifMountingIsPermitted,
        arguments: [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        ])
    func whereMountingIsPermittedTheSystemsAuthoritiesAreFound(path: String) async throws {
        let root = try EmptyRoot(files: [path: try Fixtures.bytes(authority.certificate)])
        let answer = try await ready(root.program)
        #expect(answer.status == 200, "\(answer.log)")
    }

    @Test(.ifMountingIsPermitted)
    func whereMountingIsPermittedNobodyIsTrustedWithoutAuthorities() async throws {
        let root = try EmptyRoot()
        let answer = try await ready(root.program)
        #expect(answer.status == 503)
        #expect(server.standardOutput.split(separator: "\n").count == 1)
    }
}
