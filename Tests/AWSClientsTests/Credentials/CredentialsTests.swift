import HTTP
import TestSupport
import Testing
import Time

@testable import AWSClients

/// A source that answers as told.
private struct FixedSource: CredentialSource {
    let name: String
    let lookup: CredentialLookup
    func look() async throws(AWSError) -> CredentialLookup { lookup }
}

@Suite struct EnvironmentCredentialsTests {
    @Test func takesThemFromTheVariables() async throws {
        let source = EnvironmentCredentials(environment: [
            "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
        ])
        guard case .found(let credentials) = try await source.look() else {
            Issue.record("nothing found")
            return
        }
        #expect(credentials == Credentials(accessKeyID: "id", secretAccessKey: "secret"))
    }

    @Test(arguments: [
        ["AWS_ACCESS_KEY_ID": "id"], ["AWS_SECRET_ACCESS_KEY": "hush"],
        ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": ""],
    ])
    func halfAPairIsAMistake(_ environment: [String: String]) async {
        let error = await #expect(throws: AWSError.self) {
            try await EnvironmentCredentials(environment: environment).look()
        }
        #expect(error?.code == .noCredentials)
        #expect(error?.message.contains("hush") == false)
    }
}

@Suite struct ProfileFileTests {
    @Test func readsTheDialect() {
        let file = ProfileFile(
            """
            # comment
            [default]
            aws_access_key_id = AKID
            AWS_SECRET_ACCESS_KEY=a#b;c=d   # trailing comment
            s3 =
              max_concurrent_requests = 20
            [profile  other]
            aws_access_key_id=OTHER\t; comment
            [sso-session corp]
            aws_access_key_id = not a profile's
            broken line
            [unclosed
            x = y
            """)
        #expect(
            file.profiles == [
                "default": ["aws_access_key_id": "AKID", "aws_secret_access_key": "a#b;c=d", "s3": ""],
                "other": ["aws_access_key_id": "OTHER"],
            ])
    }
}

@Suite struct ProfileCredentialsTests {
    private let folder: TemporaryFolder
    private let environment: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "credentials",
            Array(
                "[default]\naws_access_key_id=A\naws_secret_access_key=S\n[half]\naws_access_key_id=B\n".utf8)
        )
        try folder.write(
            "config",
            Array(
                "[profile work]\naws_access_key_id=W\naws_secret_access_key=X\naws_session_token=T\n[default]\nregion=r\n"
                    .utf8))
        environment = [
            "AWS_SHARED_CREDENTIALS_FILE": "\(folder.path)/credentials",
            "AWS_CONFIG_FILE": "\(folder.path)/config",
        ]
    }

    private func look(_ profile: String) async throws -> CredentialLookup {
        try await ProfileCredentials(environment: environment.merging(["AWS_PROFILE": profile]) { $1 }).look()
    }

    @Test(arguments: [
        ("", Credentials(accessKeyID: "A", secretAccessKey: "S")),
        ("work", Credentials(accessKeyID: "W", secretAccessKey: "X", sessionToken: "T")),
    ])
    func takesTheProfilesKeys(_ profile: String, _ expected: Credentials) async throws {
        guard case .found(let credentials) = try await look(profile) else {
            Issue.record("nothing found")
            return
        }
        #expect(credentials == expected)
    }

    @Test func aProfileWithoutKeysIsPassed() async throws {
        guard case .passed(let reason) = try await look("half") else {
            Issue.record("half a pair was taken")
            return
        }
        #expect(reason == "profile half has no aws_access_key_id with aws_secret_access_key")
    }

    @Test func aProfileAskedForAndNotFoundIsAMistake() async {
        let error = await #expect(throws: AWSError.self) { try await look("none") }
        #expect(error?.message == "no profile none in \(folder.path)/credentials or \(folder.path)/config")
    }
}

@Suite struct CredentialChainTests {
    private let credentials = Credentials(accessKeyID: "id", secretAccessKey: "secret")

    @Test func theFirstThatHasThemWins() async throws {
        let chain = CredentialChain(sources: [
            FixedSource(name: "one", lookup: .passed(because: "none")),
            FixedSource(name: "two", lookup: .found(credentials)),
            FixedSource(name: "three", lookup: .found(Credentials(accessKeyID: "x", secretAccessKey: "y"))),
        ])
        #expect(try await chain.credentials() == credentials)
    }

    @Test func whoeverPassedIsNamed() async {
        let chain = CredentialChain(sources: [
            FixedSource(name: "one", lookup: .passed(because: "is not set")),
            FixedSource(name: "two", lookup: .passed(because: "has no file")),
        ])
        let error = await #expect(throws: AWSError.self) { try await chain.credentials() }
        #expect(error?.code == .noCredentials)
        #expect(error?.message == "one: is not set; two: has no file")
    }

    @Test func aBrokenSourceEndsTheChain() async {
        let chain = CredentialChain(sources: [
            FixedSource(name: "one", lookup: .passed(because: "is not set")),
            EnvironmentCredentials(environment: ["AWS_ACCESS_KEY_ID": "id"]),
            FixedSource(name: "three", lookup: .found(credentials)),
        ])
        let error = await #expect(throws: AWSError.self) { try await chain.credentials() }
        #expect(
            error?.message
                == "one: is not set; environment: AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
    }

    @Test func aSecretIsNotPrinted() {
        let credentials = Credentials(accessKeyID: "id", secretAccessKey: "hush", sessionToken: "hush")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
            #expect(!text.contains("hush"))
        }
    }
}
