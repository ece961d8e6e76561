import HTTP
import JSON
import LambdaRuntime
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct GatewayIdentityTests {
    @Test(arguments: [
        // HTTP API, JWT authorizer; REST API, Cognito authorizer.
        (
            #"{"jwt": {"claims": {"iss": "https://issuer.example", "sub": "alice"}, "scopes": null}}"#,
            "u-94053cbd8e9c56478611febdb4e1e513"
        ),
        (
            #"{"claims": {"iss": "https://issuer.example", "sub": "alice"}}"#,
            "u-94053cbd8e9c56478611febdb4e1e513"
        ),
        // A Lambda authorizer that passes the claims on, nested or not.
        (
            #"{"lambda": {"iss": "https://issuer.example", "sub": "alice"}}"#,
            "u-94053cbd8e9c56478611febdb4e1e513"
        ),
        (#"{"principalId": "admin", "clientId": 1}"#, "u-d646be0a26add29dd5737d2b582d8bcc"),
        // REST API with IAM.
        (
            #"{"accountId": "1234567890", "user": "AROA2ZJZYVRE7Y3TUXHH6", "userArn": "arn:x", "cognitoIdentityId": null}"#,
            "u-808c3a4a0965bec4be2f5ee738f1a667"
        ),
        (
            #"{"userArn": "arn:x", "cognitoIdentityId": "us-east-1:3f291106-8703-466b-8f2b-3ecee1ca56ce"}"#,
            "u-c5d63c307b9ac0cfe40e54b57bc2afd5"
        ),
        // IAM: a user, and a person of a Cognito identity pool, who shares the role with all others of it.
        (
            #"{"iam": {"accountId": "1234567890", "userId": "AROA2ZJZYVRE7Y3TUXHH6", "userArn": "arn:x"}}"#,
            "u-808c3a4a0965bec4be2f5ee738f1a667"
        ),
        (
            #"{"iam": {"accountId": "1234567890", "userId": "AROA2ZJZYVRE7Y3TUXHH6", "cognitoIdentity": null}}"#,
            "u-808c3a4a0965bec4be2f5ee738f1a667"
        ),
        (
            #"{"iam": {"accountId": "1234567890", "userId": "AROA2ZJZYVRE7Y3TUXHH6", "cognitoIdentity": {"identityId": "us-east-1:3f291106-8703-466b-8f2b-3ecee1ca56ce"}}}"#,
            "u-c5d63c307b9ac0cfe40e54b57bc2afd5"
        ),
    ])
    func isWhomTheGatewayVouchesFor(_ authorizer: String, _ id: String) throws {
        #expect(GatewayIdentity.user(vouchedForBy: try JSON(parsing: authorizer))?.id == id)
    }

    @Test(arguments: [
        "{}", "null", "[]", #""alice""#, #"{"jwt": {"claims": {"iss": "https://issuer.example"}}}"#,
        #"{"jwt": {"claims": {"sub": ""}}}"#, #"{"jwt": {"claims": {"sub": 7}}}"#, #"{"jwt": null}"#,
        #"{"claims": "sub=alice"}"#, #"{"lambda": {"key": "value"}}"#, #"{"iam": {}}"#,
    ])
    func isNobodyOtherwise(_ authorizer: String) throws {
        let authorizer = try JSON(parsing: authorizer)
        #expect(GatewayIdentity.user(vouchedForBy: authorizer) == nil)
    }

    /// A list comes as a text, in two ways; of what is not the configured claim nothing counts.
    @Test(
        arguments: [
            (#"{"jwt": {"claims": {"sub": "alice", "tier": "pro"}}}"#, "tier", .pro),
            (#"{"jwt": {"claims": {"sub": "alice", "groups": "[beta pro]"}}}"#, "groups", .pro),
            (#"{"claims": {"sub": "alice", "groups": "beta,admin"}}"#, "groups", .admin),
            (#"{"lambda": {"sub": "alice", "tier": "pro"}}"#, "tier", .pro),
            (#"{"lambda": {"sub": "alice", "tier": ["pro"]}}"#, "tier", .pro),
            (#"{"jwt": {"claims": {"sub": "alice", "tier": "pro"}}}"#, nil, .free),
            (#"{"jwt": {"claims": {"sub": "alice", "tier": "admin"}}}"#, "groups", .free),
            (#"{"jwt": {"claims": {"sub": "alice", "tier": "administrator"}}}"#, "tier", .free),
            (#"{"jwt": {"claims": {"sub": "alice", "tier": 7}}}"#, "tier", .free),
            (#"{"iam": {"accountId": "1", "userId": "A", "tier": "admin"}}"#, "tier", .free),
        ] as [(String, String?, Tier)])
    func aTierIsWhatTheConfiguredClaimSays(_ authorizer: String, _ claim: String?, _ tier: Tier) throws {
        let user = try #require(
            GatewayIdentity.user(vouchedForBy: try JSON(parsing: authorizer), tierClaim: claim))
        #expect(user.tier == tier)
        #expect(user.scopes == Scope.ofPeople(tier))
    }

    /// Only where the deployment says that there is an authorizer, and then with the tier.
    @Test(arguments: [("true", 200, "600"), ("false", 401, nil)])
    func anAuthorizersWordCountsWhenItIsConfigured(_ isTrusted: String, _ status: Int, _ limit: String?)
        async throws
    {
        let bench = try await AccessBench.start(["GATEWAY_AUTHORIZER": isTrusted])
        let claims: JSON = ["iss": "https://issuer.example", "sub": "alice", "tier": "pro"]
        let answer = await bench.send(.get, "/v1/jobs", authorizer: ["jwt": ["claims": claims]])
        #expect(answer.status == status)
        #expect(answer.headers["X-RateLimit-Limit"] == limit)
    }

    @Test func lengthsKeepPairsApart() {
        #expect(User(issuer: "a", subject: "b1:c") != User(issuer: "a1:b", subject: "c"))
        #expect(User(issuer: "", subject: "ab") != User(issuer: "a", subject: "b"))
    }
}
