import HTTP
import TestSupport
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct ProfileCredentialsTests {
    private static let base = """
        [base]
        aws_access_key_id = AKIDSTRICT
        aws_secret_access_key = strict/secret+key=
        aws_session_token = token/with+signs==

        """
    private static let role = "arn:aws:iam::123456789012:role/demo"

    private func look(
        _ setting: CredentialSetting, _ profile: String = "", _ more: [String: String] = [:]
    ) async throws -> CredentialLookup {
        var setting = setting
        setting.environment.merge(["AWS_PROFILE": profile].merging(more) { $1 }) { $1 }
        return try await ProfileCredentials(context: try setting.context).look()
    }

    private func found(
        _ setting: CredentialSetting, _ profile: String = "", _ more: [String: String] = [:]
    ) async throws -> Credentials? {
        guard case .found(let credentials) = try await look(setting, profile, more) else { return nil }
        return credentials
    }

    @Test func takesTheProfilesKeys() async throws {
        let setting = try CredentialSetting(
            config: """
                [profile work]
                aws_access_key_id = W
                aws_secret_access_key = X
                aws_session_token = T
                """,
            credentials: "[default]\naws_access_key_id=A\naws_secret_access_key=S\n")
        #expect(try await found(setting) == Credentials(accessKeyID: "A", secretAccessKey: "S"))
        #expect(
            try await found(setting, "work")
                == Credentials(accessKeyID: "W", secretAccessKey: "X", sessionToken: "T"))
    }

    @Test func aProfileWithoutKeysIsPassed() async throws {
        let setting = try CredentialSetting(config: "[profile half]\naws_access_key_id=B\n")
        guard case .passed(let reason) = try await look(setting, "half") else {
            Issue.record("half a pair was taken")
            return
        }
        #expect(
            reason
                == "profile half has no aws_access_key_id with aws_secret_access_key, no role_arn and no "
                + "credential_process")
    }

    @Test func aRoleIsAssumedWithTheSourcesKeys() async throws {
        let session = Credentials.session("ASIAONE")
        let setting = try CredentialSetting(
            config: """
                [default]
                role_arn = \(Self.role)
                source_profile = base
                role_session_name = me@work
                external_id = 7
                duration_seconds = 1800
                """,
            credentials: Self.base, sts: [session])
        #expect(try await found(setting) == session)
        #expect(
            setting.server.requests.map(\.form) == [
                [
                    "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": Self.role,
                    "RoleSessionName": "me@work", "ExternalId": "7", "DurationSeconds": "1800",
                ]
            ])
        #expect(setting.server.refusals == [])
    }

    @Test func rolesAreAssumedOneWithAnother() async throws {
        let (one, two) = (Credentials.session("ASIAONE"), Credentials.session("ASIATWO"))
        let setting = try CredentialSetting(
            config: """
                [default]
                role_arn = \(Self.role)-two
                source_profile = middle
                [profile middle]
                role_arn = \(Self.role)-one
                source_profile = base
                """,
            credentials: Self.base, sts: [one, two])
        #expect(try await found(setting) == two)
        #expect(
            setting.server.requests.map { $0.form["RoleArn"] } == ["\(Self.role)-one", "\(Self.role)-two"])
        // Each as the one before it: the server has checked the signatures.
        let scopes = setting.server.requests.map { $0.headers["authorization"] ?? "" }
        #expect(scopes[0].contains("AKIDSTRICT/") && scopes[1].contains("ASIAONE/"))
    }

    @Test func aProfileMayBeItsOwnSource() async throws {
        let session = Credentials.session("ASIAONE")
        let setting = try CredentialSetting(
            credentials: Self.base + "role_arn = \(Self.role)\nsource_profile = base\n", sts: [session])
        #expect(try await found(setting, "base") == session)
    }

    @Test func theEnvironmentMayBeTheSource() async throws {
        let session = Credentials.session("ASIAONE")
        let setting = try CredentialSetting(
            config: "[default]\nrole_arn = \(Self.role)\ncredential_source = Environment\n", sts: [session])
        let keys = [
            "AWS_ACCESS_KEY_ID": "AKIDSTRICT", "AWS_SECRET_ACCESS_KEY": "strict/secret+key=",
            "AWS_SESSION_TOKEN": "token/with+signs==",
        ]
        #expect(try await found(setting, "", keys) == session)
        #expect(setting.server.requests.first?.form["RoleSessionName"] == "comfy-lambda")
    }

    @Test func theContainerMayBeTheSource() async throws {
        let session = Credentials.session("ASIAONE")
        let setting = try CredentialSetting(
            config: "[default]\nrole_arn = \(Self.role)\ncredential_source = EcsContainer\n", sts: [session])
        let agent = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(
                body: """
                    {"AccessKeyId":"AKIDSTRICT","SecretAccessKey":"strict/secret+key=","Token":"token/with+signs=="}
                    """)
        }
        let more = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url("/").description]
        #expect(try await found(setting, "", more) == session)
    }

    @Test func aTokenMayBeTheSource() async throws {
        let session = Credentials.session("ASIAONE")
        var setting = try CredentialSetting(sts: [session])
        let token = try setting.folder.write("token", Array("ey.J.x".utf8))
        setting.environment["AWS_CONFIG_FILE"] = try setting.folder.write(
            "roles", Array("[default]\nrole_arn = \(Self.role)\nweb_identity_token_file = \(token)\n".utf8))
        #expect(try await found(setting) == session)
        let request = try #require(setting.server.requests.first)
        #expect(request.form["Action"] == "AssumeRoleWithWebIdentity")
        #expect(request.form["WebIdentityToken"] == "ey.J.x")
        #expect(request.headers["authorization"] == nil)
    }

    @Test func aProgramMayGiveThem() async throws {
        let setting = try CredentialSetting(
            config: """
                [default]
                credential_process = /bin/echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"Q"}'
                """)
        #expect(try await found(setting) == Credentials(accessKeyID: "P", secretAccessKey: "Q"))
    }

    @Test(arguments: [
        ("none", "no profile none in CREDENTIALS or CONFIG"),
        ("gone", "no profile nowhere in CREDENTIALS or CONFIG"),
        ("round", "the source_profile settings go round in a circle: round → trip → round"),
        ("self", "the source_profile settings go round in a circle: self → self"),
        ("both", "profile both has both source_profile and credential_source; expected one"),
        ("neither", "profile neither has role_arn without source_profile or credential_source"),
        ("empty", "profile nothing, the source of empty, has no credentials"),
        (
            "odd",
            "credential_source of profile odd is \"Mars\"; expected Environment, EcsContainer or Ec2InstanceMetadata"
        ),
        (
            "unset",
            "credential_source Ec2InstanceMetadata of profile unset has none: AWS_EC2_METADATA_DISABLED is true"
        ),
        ("mfa", "profile mfa asks for an MFA code, which nobody is here to type"),
        ("short", "duration_seconds of profile short is \"60\"; expected 900 to 43200"),
        (
            "sso",
            "profile sso signs in through SSO, which is not supported; "
                + "`aws configure export-credentials --profile sso --format env` gives variables that are"
        ),
    ])
    func whatCannotWorkIsSaid(_ profile: String, _ message: String) async throws {
        let setting = try CredentialSetting(
            config: """
                [profile gone]
                role_arn = \(Self.role)
                source_profile = nowhere
                [profile round]
                role_arn = \(Self.role)
                source_profile = trip
                [profile trip]
                role_arn = \(Self.role)
                source_profile = round
                [profile self]
                role_arn = \(Self.role)
                source_profile = self
                [profile both]
                role_arn = \(Self.role)
                source_profile = base
                credential_source = Environment
                [profile neither]
                role_arn = \(Self.role)
                [profile empty]
                role_arn = \(Self.role)
                source_profile = nothing
                [profile nothing]
                region = eu-west-1
                [profile odd]
                role_arn = \(Self.role)
                credential_source = Mars
                [profile unset]
                role_arn = \(Self.role)
                credential_source = Ec2InstanceMetadata
                [profile mfa]
                role_arn = \(Self.role)
                source_profile = base
                mfa_serial = arn:aws:iam::1:mfa/me
                [profile short]
                role_arn = \(Self.role)
                source_profile = base
                duration_seconds = 60
                [profile sso]
                sso_session = corp
                sso_account_id = 123456789012
                """, credentials: Self.base)
        let error = await #expect(throws: AWSError.self) { try await look(setting, profile) }
        #expect(error?.code == .noCredentials)
        var expected = message
        for (word, path) in [("CREDENTIALS", "credentials"), ("CONFIG", "config")] {
            expected = expected.split(separator: " ").map {
                $0 == word ? "\(setting.folder.path)/\(path)" : $0
            }
            .joined(separator: " ")
        }
        #expect(error?.message == expected)
        #expect(setting.server.requests.isEmpty)
    }

    @Test func whatSTSRefusesIsSaidInItsWords() async throws {
        var setting = try CredentialSetting(
            config: "[default]\nrole_arn = \(Self.role)\nsource_profile = base\n", credentials: Self.base)
        let server = try StrictServer { _, _ in
            .answer(
                403, [:],
                """
                <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
                <Code>AccessDenied</Code><Message>no</Message></Error><RequestId>r-1</RequestId></ErrorResponse>
                """)
        }
        setting.environment["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:\(server.port)"
        setting.environment["AWS_REGION"] = StrictServer.region
        let context = CredentialContext(
            configuration: try .init(environment: setting.environment), http: TestLoop.http,
            clock: FakeClock().clock)
        let error = await #expect(throws: AWSError.self) {
            try await ProfileCredentials(context: context).look()
        }
        #expect(
            error?.message
                == "the role \(Self.role) was not assumed: STS AssumeRole failed: AccessDenied: no "
                + "(HTTP 403, request r-1)")
    }
}
