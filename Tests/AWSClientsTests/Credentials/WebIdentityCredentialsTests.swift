import HTTP
import TestSupport
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct WebIdentityCredentialsTests {
    private static let role = "arn:aws:iam::123456789012:role/pod"

    private func look(_ setting: CredentialSetting, _ more: [String: String]) async throws -> CredentialLookup
    {
        var setting = setting
        setting.environment.merge(more) { $1 }
        let context = try setting.context
        return try await WebIdentityCredentials(
            environment: context.environment, sts: context.sts(as: nil)
        ).look()
    }

    @Test func aRoleIsAssumedWithTheFilesToken() async throws {
        let (one, two) = (Credentials.session("ASIAONE"), Credentials.session("ASIATWO"))
        let setting = try CredentialSetting(sts: [one, two])
        let file = try setting.folder.write("token", Array("first.token".utf8))
        let variables = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": Self.role, "AWS_ROLE_SESSION_NAME": "pod-1",
        ]
        guard case .found(one) = try await look(setting, variables) else {
            Issue.record("not the first")
            return
        }
        // Its owner rotates it.
        _ = try setting.folder.write("token", Array("second.token".utf8))
        guard case .found(two) = try await look(setting, variables) else {
            Issue.record("not the second")
            return
        }
        #expect(
            setting.server.requests.map(\.form)
                == ["first.token", "second.token"].map {
                    [
                        "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": Self.role,
                        "RoleSessionName": "pod-1", "WebIdentityToken": $0,
                    ]
                })
        #expect(setting.server.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func withoutAFileItIsPassed() async throws {
        let lookup = try await look(
            CredentialSetting(), ["AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": Self.role])
        guard case .passed("AWS_WEB_IDENTITY_TOKEN_FILE is not set") = lookup else {
            Issue.record("\(lookup)")
            return
        }
    }

    @Test(arguments: [
        (["AWS_WEB_IDENTITY_TOKEN_FILE": "/x"], "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not"),
        (
            ["AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent", "AWS_ROLE_ARN": role],
            "the web identity token file /nonexistent cannot be read or has over 20000 bytes"
        ),
        (
            ["AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/zero", "AWS_ROLE_ARN": role],
            "the web identity token file /dev/zero cannot be read or has over 20000 bytes"
        ),
    ])
    func whatCannotWorkIsSaid(_ variables: [String: String], _ message: String) async throws {
        let setting = try CredentialSetting()
        let error = await #expect(throws: AWSError.self) { try await look(setting, variables) }
        #expect(error?.code == .noCredentials)
        #expect(error?.message == message)
    }
}
