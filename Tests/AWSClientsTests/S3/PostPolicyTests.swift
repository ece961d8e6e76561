import HTTP
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct PostPolicyTests {
    private static let secret = "strict/secret+key="

    private func form(
        _ policy: S3.PostPolicy, expiresIn: Duration = .seconds(60), _ credentials: Credentials? = nil
    ) async throws -> S3.PresignedPost {
        let server = try StrictServer()
        return try await S3(server.client(credentials: credentials ?? StrictServer.credentials)).presignPost(
            bucket: "bucket", policy, expiresIn: expiresIn)
    }

    private func fault(
        _ post: S3.PresignedPost, adding fields: [String: String] = [:], size: Int = 3,
        at time: Timestamp = .now
    ) -> String? {
        PostVerifier(now: time, secret: Self.secret, bucket: "bucket").fault(
            fields: post.fields.merging(fields) { $1 }, file: [UInt8](repeating: 0, count: size))
    }

    /// The example of the S3 API reference, "Example: Browser-Based Upload using HTTP POST".
    @Test func thePublishedSignatureIsMade() throws {
        let policy =
            "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
        let signature = try PublishedCase.signer().signature(
            ofPolicy: policy, at: try #require(Timestamp(basicISO8601: "20151229T000000Z")))
        #expect(signature == "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e")
    }

    @Test func aFormTakesWhatThePolicyAllowsAndNothingElse() async throws {
        var policy = S3.PostPolicy(key: .startsWith("user/ü\"/"))
        policy.contentLength = 1...10
        policy.fields = ["Content-Type": .startsWith("image/"), "x-amz-meta-seed": .exactly("42")]
        let post = try await form(policy)
        let good = ["key": "user/ü\"/a.png", "Content-Type": "image/png"]
        #expect(fault(post, adding: good) == nil)
        #expect(fault(post, adding: good, size: 11) == "the file's length is not as the policy says")
        #expect(fault(post, adding: good, size: 0) == "the file's length is not as the policy says")
        #expect(
            fault(post, adding: good.merging(["key": "other"]) { $1 }) == "$key is not as the policy says")
        #expect(
            fault(post, adding: good.merging(["Content-Type": "text/html"]) { $1 })
                == "$Content-Type is not as the policy says")
        #expect(
            fault(post, adding: good.merging(["x-amz-meta-seed": "1"]) { $1 })
                == "$x-amz-meta-seed is not as the policy says")
        #expect(
            fault(post, adding: good.merging(["acl": "public"]) { $1 })
                == "the policy says nothing of [\"acl\"]")
        #expect(
            fault(post, adding: good.merging(["policy": "e30="]) { $1 }) == "the form is incomplete")
        #expect(fault(post, adding: good, at: .now + .seconds(61)) == "the policy has expired")
        #expect(post.fields["x-amz-security-token"] == StrictServer.credentials.sessionToken)
    }

    @Test func itDiesWithTheSessionTokenThatSignedIt() async throws {
        var credentials = StrictServer.credentials
        let end = Timestamp.now + .seconds(30)
        credentials.expiration = end
        let post = try await form(.init(key: .exactly("k")), expiresIn: .seconds(3600), credentials)
        #expect(post.expires == end)
        #expect(fault(post) == nil)
        #expect(fault(post, at: end) == "the policy has expired")
    }
}
