import HTTP
import TestSupport
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct ContainerCredentialsTests {
    private static let answer = """
        {"AccessKeyId":"id","SecretAccessKey":"hush","Token":"token","Expiration":"2026-01-02T03:04:05Z"}
        """

    private func look(_ server: ScriptedServer, _ more: [String: String] = [:]) async throws(AWSError)
        -> Credentials?
    {
        let environment = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url("/creds?x=1").description]
        let source = ContainerCredentials(environment: environment.merging(more) { $1 }, http: TestLoop.http)
        guard case .found(let credentials) = try await source.look() else { return nil }
        return credentials
    }

    @Test func asksWithTheTokenAndReadsTheAnswer() async throws {
        let asked = Locked<[String?]>([])
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            asked.withLock { $0 += [request.line, request.header("authorization")] }
            try connection.respond(body: Self.answer)
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("token", Array("from file".utf8))
        let credentials = try await look(
            server,
            [
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "from variable",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
            ])
        #expect(
            credentials
                == Credentials(
                    accessKeyID: "id", secretAccessKey: "hush", sessionToken: "token",
                    expiration: Timestamp(rfc3339: "2026-01-02T03:04:05Z")))
        #expect(asked.withLock { $0 } == ["GET /creds?x=1 HTTP/1.1", "from file"])
    }

    @Test func aServerErrorIsTriedThreeTimes() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(503)
            }
        }
        let error = await #expect(throws: AWSError.self) { try await look(server) }
        #expect(error?.message == "http://127.0.0.1:\(server.port)/creds?… gave no credentials: HTTP 503")
    }

    @Test(arguments: [
        "", "no JSON", "{}", #"{"AccessKeyId":"id"}"#, #"{"AccessKeyId":"","SecretAccessKey":"hush"}"#,
        #"{"AccessKeyId":"id","SecretAccessKey":"hush","Expiration":"soon"}"#,
    ])
    func anAnswerWithoutKeysIsAnErrorWithoutSecrets(_ body: String) async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: body)
        }
        let error = await #expect(throws: AWSError.self) { try await look(server) }
        #expect(error?.code == .noCredentials)
        #expect(error?.description.contains("hush") == false)
    }

    @Test(arguments: [
        "https://anywhere.example/creds", "http://localhost/", "http://127.0.0.1:80/", "http://127.1.2.3/",
        "http://[::1]/",
        "http://169.254.170.2/", "http://169.254.170.23/v1", "http://[fd00:ec2::23]/",
    ])
    func theseHostsMayBeAsked(_ address: String) throws {
        #expect(ContainerCredentials.mayAsk(try #require(URL(address))))
    }

    @Test(arguments: [
        "http://example.com/", "http://127.0.0.1.example.com/", "http://127.evil/", "http://169.254.169.254/",
        "http://10.0.0.1/",
        "http://[fd00:ec2::24]/", "http://127.0.0.256/", "ws://127.0.0.1/",
    ])
    func othersMayNot(_ address: String) throws {
        #expect(!ContainerCredentials.mayAsk(try #require(URL(address))))
    }

    @Test(arguments: [
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/"],
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "nonsense"],
        ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.example/"],
        [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nx-injected: b",
        ],
        [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nonexistent/token",
        ],
    ])
    func aMalformedSettingIsRefusedUnasked(_ environment: [String: String]) async {
        let error = await #expect(throws: AWSError.self) {
            try await ContainerCredentials(environment: environment, http: TestLoop.http).look()
        }
        #expect(error?.code == .noCredentials)
        #expect(error?.message.contains("gave no credentials") == false)
    }

    @Test func emptyVariablesAreUnset() async throws {
        let source = ContainerCredentials(
            environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
            ],
            http: TestLoop.http)
        guard case .passed = try await source.look() else {
            Issue.record("something was asked")
            return
        }
    }
}
