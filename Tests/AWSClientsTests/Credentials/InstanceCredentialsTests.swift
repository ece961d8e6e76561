import HTTP
import TestSupport
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct InstanceCredentialsTests {
    private static let answer = """
        {"Code":"Success","LastUpdated":"2026-01-01T00:00:00Z","Type":"AWS-HMAC","AccessKeyId":"id",
         "SecretAccessKey":"hush","Token":"token","Expiration":"2026-01-02T03:04:05Z"}
        """

    /// An instance: asks for the token on every request but the first, as version 2 does.
    private static func instance(
        _ asked: Locked<[String]> = Locked([]), role: String = "my role\n", document: String = answer,
        tokenStatus: [Int] = []
    ) throws -> ScriptedServer {
        let statuses = Locked(tokenStatus)
        return try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                asked.withLock { $0.append(request.line) }
                let token = request.header("x-aws-ec2-metadata-token")
                switch request.line {
                case "PUT /latest/api/token HTTP/1.1":
                    let status = statuses.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
                    let isLong = request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
                    try connection.respond(isLong ? status : 400, body: "secret-token==")
                case _ where token != "secret-token==": try connection.respond(401)
                case "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1":
                    try connection.respond(role.isEmpty ? 404 : 200, body: role)
                case "GET /latest/meta-data/iam/security-credentials/my%20role HTTP/1.1":
                    try connection.respond(body: document)
                default: try connection.respond(404)
                }
            }
        }
    }

    private func look(_ server: ScriptedServer) async throws(AWSError) -> CredentialLookup {
        try await look(["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url("/").description])
    }

    private func look(_ environment: [String: String]) async throws(AWSError) -> CredentialLookup {
        try await InstanceCredentials(environment: environment, http: TestLoop.http).look()
    }

    @Test func asksWithATokenForTheRolesCredentials() async throws {
        let asked = Locked<[String]>([])
        guard case .found(let credentials) = try await look(Self.instance(asked)) else {
            Issue.record("nothing found")
            return
        }
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "id", secretAccessKey: "hush", sessionToken: "token",
                    expiration: Timestamp(rfc3339: "2026-01-02T03:04:05Z")))
        #expect(
            asked.withLock { $0 } == [
                "PUT /latest/api/token HTTP/1.1",
                "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1",
                "GET /latest/meta-data/iam/security-credentials/my%20role HTTP/1.1",
            ])
    }

    @Test func aServerErrorIsTriedThreeTimes() async throws {
        let asked = Locked<[String]>([])
        guard case .found = try await look(Self.instance(asked, tokenStatus: [503, 500])) else {
            Issue.record("nothing found")
            return
        }
        #expect(asked.withLock { $0.count } == 5)
        let server = try Self.instance(tokenStatus: [503, 503, 503])
        let error = await #expect(throws: AWSError.self) { try await look(server) }
        #expect(error?.message == "http://127.0.0.1:\(server.port)/ gave no token: HTTP 503")
    }

    @Test func aTokenThatIsRefusedIsNotReplacedByTheOldWayWithoutOne() async throws {
        let asked = Locked<[String]>([])
        let server = try Self.instance(asked, tokenStatus: [403])
        let error = await #expect(throws: AWSError.self) { try await look(server) }
        #expect(error?.message == "http://127.0.0.1:\(server.port)/ gave no token: HTTP 403")
        #expect(asked.withLock { $0 } == ["PUT /latest/api/token HTTP/1.1"])
    }

    /// A hop limit of 1 drops the answer on its way into a container: the connection stands and nothing comes.
    @Test func anAnswerThatNeverComesIsPassedAfterThreeTries() async throws {
        let server = try ScriptedServer { $0.waitForHangUp() }
        guard case .passed(let reason) = try await look(server) else {
            Issue.record("something was found")
            return
        }
        #expect(reason.hasPrefix("http://127.0.0.1:\(server.port)/ did not answer: "))
        #expect(
            reason.hasSuffix("; this is no EC2 instance, or a container on one whose hop limit is 1"))
        #expect(server.connectionCount == 3)
    }

    @Test func nobodyThereIsPassed() async throws {
        guard case .passed = try await look(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"])
        else {
            Issue.record("something was found")
            return
        }
    }

    @Test(arguments: ["true", "TRUE"])
    func itCanBeDisabled(_ value: String) async throws {
        let asked = Locked<[String]>([])
        let server = try Self.instance(asked)
        let lookup = try await look([
            "AWS_EC2_METADATA_DISABLED": value,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url("/").description,
        ])
        guard case .passed("AWS_EC2_METADATA_DISABLED is true") = lookup else {
            Issue.record("\(lookup)")
            return
        }
        #expect(asked.withLock { $0 } == [])
    }

    @Test func anInstanceWithoutARoleIsPassed() async throws {
        guard case .passed("the instance has no role") = try await look(Self.instance(role: "")) else {
            Issue.record("something was found")
            return
        }
    }

    @Test(arguments: ["", "<html>", #"{"Code":"Failed","Message":"hush"}"#, #"{"AccessKeyId":"id"}"#])
    func anAnswerWithoutKeysIsAnErrorWithoutSecrets(_ document: String) async throws {
        let server = try Self.instance(document: document)
        let error = await #expect(throws: AWSError.self) { try await look(server) }
        #expect(
            error?.message
                == "http://127.0.0.1:\(server.port)/ answered without AccessKeyId and SecretAccessKey")
    }

    @Test func aMalformedAddressIsNamed() async {
        let error = await #expect(throws: AWSError.self) {
            try await look(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "somewhere"])
        }
        #expect(
            error?.message
                == "AWS_EC2_METADATA_SERVICE_ENDPOINT is \"somewhere\"; expected an http or https address without a query"
        )
    }
}
