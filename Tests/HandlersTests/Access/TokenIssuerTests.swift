import Crypto
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct TokenIssuerTests {
    private static let now = Timestamp(milliseconds: TokenWorkshop.now * 1000)

    private static func issuer(_ keys: TokenKeySet, tierClaim: String? = nil) -> TokenIssuer {
        TokenIssuer(
            name: TokenWorkshop.issuer, audiences: [TokenWorkshop.audience], keys: .fixed(keys),
            tierClaim: tierClaim)
    }

    private static func rsa(tierClaim: String? = nil) async throws -> TokenIssuer {
        issuer(
            try #require(TokenKeySet(pem: try await TokenWorkshop.shared().publicPEM)), tierClaim: tierClaim)
    }

    private static var hmac: TokenIssuer {
        let key = Secret(TokenWorkshop.secret).withBytes { HMACKey($0) }
        return issuer(TokenKeySet([.init(id: nil, key: .secret(key))]))
    }

    /// What came of a token: the fault, or nil.
    private static func fault(_ token: String, _ issuer: TokenIssuer) async -> WebToken.Fault? {
        do {
            _ = try await issuer.verify(try WebToken(token), at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func aTokenOfEachAlgorithmIsBelieved() async throws {
        let workshop = try await TokenWorkshop.shared()
        let rsa = try await Self.rsa().verify(try WebToken(workshop.rs256()), at: Self.now)
        #expect(rsa?.subject == "alice")
        #expect(rsa?.tier == .free)
        #expect(rsa?.expires == Timestamp(milliseconds: (TokenWorkshop.now + 600) * 1000))
        let hmac = try await Self.hmac.verify(try WebToken(TokenWorkshop.hs256()), at: Self.now)
        #expect(hmac?.subject == "alice")
        // Made with Python's cryptography and the key of RFC 7515 appendix A.3.
        let jwks = """
            {"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"ec-1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
            """
        let es256 =
            "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjLTEifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLyIsImF1ZCI6ImFwcCIsInN1YiI6ImFsaWNlIiwiZXhwIjoxOTAwMDAwMDAwLCJ0aWVyIjoicHJvIn0.6Mwbs7I-2w8OIbUujXHFopPd-p3UtVi4kkyMHYPx1po1ZsmujUPwXlLVsVfe44y8plWcX8hudgJWYyFI7fDzzg"
        let keys = try #require(TokenKeySet(jwks: Array(jwks.utf8)))
        let issuer = Self.issuer(keys, tierClaim: "tier")
        let claims = try await issuer.verify(try WebToken(es256), at: Self.now)
        #expect(claims?.subject == "alice")
        #expect(claims?.tier == .pro)
    }

    /// Claims and headers changed one at a time in a token that is otherwise in order, and signed as it is.
    @Test(
        arguments: [
            (#"{"alg":"RS256","typ":"JWT"}"#, ["exp": nil], .noExpiry),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["exp": "1767226200"], .malformed),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["exp": 1e300], .malformed),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["exp": .number(TokenWorkshop.now - 60)], .expired),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["exp": .number(TokenWorkshop.now - 59)], nil),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["nbf": .number(TokenWorkshop.now + 61)], .notYetValid),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["nbf": .number(TokenWorkshop.now + 60)], nil),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["nbf": "soon"], .malformed),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["iat": .number(TokenWorkshop.now + 61)], .notYetValid),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["aud": "another"], .audience),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["aud": ["another", "more"]], .audience),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["aud": ["another", "app"]], nil),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["aud": nil], .audience),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["aud": ["app": true]], .audience),
            // Cognito's access tokens.
            (#"{"alg":"RS256","kid":"any"}"#, ["aud": nil, "client_id": "app"], nil),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["aud": "another", "client_id": "app"], .audience),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["iss": "https://issuer.example"], .issuer),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["iss": nil], .issuer),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["sub": nil], .subject),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["sub": ""], .subject),
            (#"{"alg":"RS256","typ":"JWT"}"#, ["sub": 7], .subject),
            (#"{"alg":"RS256","typ":"application/at+JWT"}"#, [:], nil),
            (#"{"alg":"RS256","typ":"logout+jwt"}"#, [:], .type),
            (#"{"alg":"RS256","typ":7}"#, [:], .type),
            (#"{"alg":"RS256","crit":["b64"],"b64":false}"#, [:], .critical),
            (#"{"alg":"RS256","kid":7}"#, [:], .malformed),
            (#"{"alg":"none"}"#, [:], .algorithm),
            (#"{"alg":"None"}"#, [:], .algorithm),
            (#"{"alg":"rs256"}"#, [:], .algorithm),
            (#"{"alg":"RS512"}"#, [:], .algorithm),
            (#"{"alg":"PS256"}"#, [:], .algorithm),
            (#"{"typ":"JWT"}"#, [:], .malformed),
            (#"{"alg":["RS256"]}"#, [:], .malformed),
            // The key is RSA's, whatever the token calls itself.
            (#"{"alg":"HS256"}"#, [:], .unknownKey),
            (#"{"alg":"ES256"}"#, [:], .unknownKey),
            (#"{"alg":"RS256","alg":"RS256"}"#, [:], .malformed),
        ] as [(String, JSON.Object, WebToken.Fault?)])
    func claimsAndHeadersAreHeldToTheirRules(
        _ header: String, _ claims: JSON.Object, _ fault: WebToken.Fault?
    )
        async throws
    {
        let token = try await TokenWorkshop.shared().rs256(header: header, claims)
        #expect(await Self.fault(token, try Self.rsa()) == fault)
    }

    @Test func aTokenWithoutASignatureIsNone() async throws {
        let claims = TokenWorkshop.part(TokenWorkshop.claims)
        for header in [#"{"alg":"none","typ":"JWT"}"#, #"{"alg":"NONE"}"#, #"{"alg":""}"#] {
            let token = "\(TokenWorkshop.part(header)).\(claims)."
            #expect(await Self.fault(token, try Self.rsa()) == .algorithm)
            #expect(await Self.fault(token, Self.hmac) == .algorithm)
        }
        let empty = "\(TokenWorkshop.part(#"{"alg":"RS256"}"#)).\(claims)."
        #expect(await Self.fault(empty, try Self.rsa()) == .signature)
        let hmac = "\(TokenWorkshop.part(#"{"alg":"HS256"}"#)).\(claims)."
        #expect(await Self.fault(hmac, Self.hmac) == .signature)
    }

    /// The classic confusion: the public key's text is everybody's, and would verify as an HMAC secret.
    @Test func aPublicKeyIsNoSecret() async throws {
        let pem = try await TokenWorkshop.shared().publicPEM
        for text in [pem, pem.filter { $0 != "\n" }, String(pem.dropLast())] {
            let token = TokenWorkshop.hs256(key: text)
            #expect(await Self.fault(token, try Self.rsa()) == .unknownKey)
        }
        var environment = ConfigurationTests.required
        environment["JWT_ISSUER"] = TokenWorkshop.issuer
        environment["JWT_AUDIENCE"] = "app"
        environment["JWT_HMAC_SECRET"] = pem
        #expect {
            try Configuration(environment: environment)
        } throws: { ($0 as? Configuration.Invalid)?.variable == "JWT_HMAC_SECRET" }
    }

    @Test func whatWasSignedMayNotChange() async throws {
        let token = try await TokenWorkshop.shared().rs256()
        let parts = token.split(separator: ".")
        let other = TokenWorkshop.part(TokenWorkshop.changed(["sub": "mallory"]))
        #expect(await Self.fault("\(parts[0]).\(other).\(parts[2])", try Self.rsa()) == .signature)
        #expect(await Self.fault(TokenWorkshop.hs256(key: "another"), Self.hmac) == .signature)
    }

    /// Two readers would read two issuers, or two subjects.
    @Test(arguments: [
        #"{"iss":"https://issuer.example/","aud":"app","sub":"alice","exp":1767226200,"sub":"admin"}"#,
        #"{"iss":"https://evil.example/","aud":"app","sub":"alice","exp":1767226200,"iss":"https://issuer.example/"}"#,
        #"{"iss":"https://issuer.example/","aud":"app","sub":"alice","exp":1767226200,"\u0073ub":"admin"}"#,
    ])
    func aClaimThatComesTwiceIsRefused(_ payload: String) async throws {
        let token = try await TokenWorkshop.shared().rs256(payload: payload)
        #expect(await Self.fault(token, try Self.rsa()) == .malformed)
    }

    @Test func aHugeTokenIsNotLookedInto() async throws {
        let token = try await TokenWorkshop.shared().rs256([
            "filler": .string(String(repeating: "x", count: 100_000))
        ])
        #expect(token.utf8.count > 100_000)
        #expect(await Self.fault(token, try Self.rsa()) == .tooLong)
    }

    @Test(arguments: [
        "", ".", "..", "a.b", "a.b.c.d", "e30.e30.", "e30.e30.e30=", "é.é.é", "W10.W10.", "e30.bnVsbA.",
    ])
    func whatIsNoTokenIsRefused(_ text: String) async throws {
        #expect(await Self.fault(text, Self.hmac) == .malformed)
    }

    @Test(
        arguments: [
            ("pro", .pro), ("admin", .admin), ("platinum", .free), (7, .free), (nil, .free),
            (["users", "pro", "free"], .pro), ([], .free), (["pro": true], .free),
        ] as [(JSON, Tier)])
    func theTierIsTheConfiguredClaims(_ value: JSON, _ tier: Tier) async throws {
        let workshop = try await TokenWorkshop.shared()
        let token = try WebToken(workshop.rs256(["cognito:groups": value, "tier": "admin"]))
        #expect(try await Self.rsa(tierClaim: "cognito:groups").verify(token, at: Self.now)?.tier == tier)
        #expect(try await Self.rsa().verify(token, at: Self.now)?.tier == .free)
    }

    @Test func aTokenOfOursIsNothingElse() async throws {
        let key = Secret(TokenWorkshop.secret).withBytes { HMACKey($0) }
        let own = TokenIssuer(own: [key])
        let session = UUID.v4()
        let made = AccessToken.make(for: "a-1", session: session, at: Self.now, with: key)
        let claims = try #require(try await own.verify(try WebToken(made), at: Self.now))
        #expect(claims.subject == "a-1")
        #expect(claims.session == session)
        #expect(claims.issuedAt == Self.now)
        #expect(claims.expires == Self.now + .seconds(3600))
        // Signed with the right key, and of another type.
        let other = WebToken.sign(
            [
                "iss": "comfy-lambda", "aud": "comfy-lambda", "sub": "a-1",
                "exp": .number(TokenWorkshop.now + 60),
            ], type: "JWT", with: key)
        #expect(await Self.fault(other, own) == .type)
        #expect(await Self.fault(made, Self.hmac) == .issuer)
    }

    /// A secret that is being replaced: the old one verifies for as long as it is listed.
    @Test func severalSecretsVerify() async throws {
        let old = Secret("the old secret, thirty-two bytes and more").withBytes { HMACKey($0) }
        let new = Secret("the new secret, thirty-two bytes and more").withBytes { HMACKey($0) }
        let token = AccessToken.make(for: "a-1", session: .v4(), at: Self.now, with: old)
        #expect(await Self.fault(token, TokenIssuer(own: [new, old])) == nil)
        #expect(await Self.fault(token, TokenIssuer(own: [new])) == .signature)
    }
}
