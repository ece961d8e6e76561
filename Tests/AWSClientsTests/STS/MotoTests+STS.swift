import HTTP
import TestSupport
import Testing

@testable import AWSClients

extension MotoTests {
    @Test func aRoleIsAssumedAndSigns() async throws {
        let sts = STS(try await Self.client())
        let user = try await sts.callerIdentity()
        #expect(user.arn.hasPrefix("arn:aws:iam::\(user.account):user/"))
        let role = "arn:aws:iam::\(user.account):role/demo"
        let session = try await sts.assumeRole(role, sessionName: "me", duration: .seconds(900))
        #expect(session.sessionToken?.isEmpty == false)
        #expect(session.expiration != nil)
        // moto knows whose the session's key is, if nothing else of it.
        var environment = try await LocalAWS.shared().environment
        environment["AWS_ACCESS_KEY_ID"] = session.accessKeyID
        environment["AWS_SECRET_ACCESS_KEY"] = text(session.secretAccessKey)
        environment["AWS_SESSION_TOKEN"] = session.sessionToken
        let client = AWSClient(http: TestLoop.http, configuration: try .init(environment: environment))
        #expect(
            try await STS(client).callerIdentity().arn == "arn:aws:sts::\(user.account):assumed-role/demo/me")
    }

    @Test func aWebIdentityIsAssumedUnsigned() async throws {
        var configuration = try AWSClient.Configuration(
            environment: try await LocalAWS.sharedWithoutSignatures().environment)
        configuration.environment = ["AWS_EC2_METADATA_DISABLED": "true"]
        let sts = STS(AWSClient(http: TestLoop.http, configuration: configuration))
        let session = try await sts.assumeRole(
            "arn:aws:iam::123456789012:role/pod", sessionName: "me", webIdentityToken: "ey.J.x")
        #expect(session.sessionToken?.isEmpty == false)
    }
}
