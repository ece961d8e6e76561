import HTTP
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct STSTests {
    private static let role = "arn:aws:iam::123456789012:role/demo"

    @Test func saysWhoSigns() async throws {
        let server = try StrictServer { request, _ in
            // As in STS's documentation.
            .answer(
                200, [:],
                CredentialSetting.envelope(
                    request.form["Action"] ?? "?",
                    "<Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>"
                        + "<Account>123456789012</Account>"))
        }
        let identity = try await STS(server.client()).callerIdentity()
        #expect(
            identity
                == STS.Identity(
                    account: "123456789012", arn: "arn:aws:iam::123456789012:user/Alice",
                    userID: "AIDACKCEVSQ6C2EXAMPLE"))
        #expect(server.requests[0].form == ["Action": "GetCallerIdentity", "Version": "2011-06-15"])
    }

    @Test(arguments: [
        "", "<Credentials/>", "<Credentials><AccessKeyId>A</AccessKeyId></Credentials>",
        "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>"
            + "<SessionToken>hush</SessionToken><Expiration>soon</Expiration></Credentials>",
    ])
    func anAnswerWithoutWholeCredentialsIsAnErrorWithoutSecrets(_ result: String) async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], CredentialSetting.envelope("AssumeRole", result))
        }
        let sts = STS(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await sts.assumeRole(Self.role, sessionName: "me")
        }
        #expect(error?.code == .malformedResponse)
        #expect(error?.message == "the answer has no whole Credentials")
        #expect(server.requests.count == 3)
    }

    @Test(
        arguments: [
            ("role/demo", "me", nil, "the role \"role/demo\" is no ARN"),
            (role, "m", nil, "a session name of other than 2 to 64 letters, digits or _=,.@-"),
            (role, "me and you", nil, "a session name of other than 2 to 64 letters, digits or _=,.@-"),
            (role, "me", 899, "a duration of 899.0 seconds; 900 to 43,200 s are allowed"),
            (role, "me", 43_201, "a duration of 43201.0 seconds; 900 to 43,200 s are allowed"),
        ] as [(String, String, Int?, String)])
    func whatSTSWouldRefuseIsNotSent(
        _ role: String, _ session: String, _ seconds: Int?, _ message: String
    ) async throws {
        let server = try StrictServer()
        let sts = STS(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await sts.assumeRole(role, sessionName: session, duration: seconds.map { .seconds($0) })
        }
        #expect(error?.code == .invalidInput)
        #expect(error?.message == message)
        #expect(server.requests.isEmpty)
    }

    @Test func aProviderThatIsBusyIsAskedAgain() async throws {
        let busy = try StrictServer(acceptsUnsigned: true) { _, _ in
            .answer(
                400, [:],
                "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>")
        }
        let sts = STS(try busy.client())
        let error = await #expect(throws: AWSError.self) {
            try await sts.assumeRole(Self.role, sessionName: "me", webIdentityToken: "t")
        }
        #expect(error?.attempts == 3)
    }
}
