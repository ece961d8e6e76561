import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

/// A deployment in which one has to sign in, and what a test asks of it.
struct AccessBench: Sendable {
    let stack: LocalStack
    var services: Services { stack.services }
    var table: String { services.configuration.table }
    var dynamoDB: DynamoDB { services.store.dynamoDB }

    static let environment = [
        "AUTH_MODE": "both", "TOKEN_SECRET": tokenSecret,
        "KEY_PEPPER": "a key pepper of thirty-two bytes and some more", "REGISTRATION": "open",
        "JWT_ISSUER": TokenWorkshop.issuer, "JWT_AUDIENCE": TokenWorkshop.audience,
        "JWT_HMAC_SECRET": TokenWorkshop.secret, "JWT_TIER_CLAIM": "tier",
    ]

    static func start(_ changes: [String: String] = [:]) async throws -> AccessBench {
        AccessBench(stack: try await LocalStack.start(environment.merging(changes) { $1 }))
    }

    typealias Answer = APIBench.Answer

    func send(
        _ method: HTTPMethod, _ path: String, _ body: JSON? = nil, token: String? = nil, key: String? = nil,
        query: [(name: String, value: String)] = [], from address: String? = "192.0.2.1",
        authorizer: JSON? = nil
    ) async -> Answer {
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let token { headers["Authorization"] = "Bearer \(token)" }
        if let key { headers["X-API-Key"] = key }
        return await stack.bench.send(
            HTTPRequest(
                method, path, query: query, headers: headers, body: body?.serialized() ?? [],
                sourceAddress: address, authorizer: authorizer))
    }

    static let tokenSecret = "a token secret of thirty-two bytes and more"
    static let password = "correct horse battery"

    /// Somebody who is signed in.
    struct Person: Sendable {
        let id: String
        let email: String
        let access: String
        let refresh: String
    }

    func register(_ email: String = "ada-\(UUID.v4())@example.org") async throws -> Person {
        let answer = await send(
            .post, "/v1/auth/register", ["email": .string(email), "password": .string(Self.password)],
            from: nil)
        #expect(answer.status == 201)
        return Person(
            id: try #require(answer.json?["user"]?["user_id"]?.string), email: email,
            access: try #require(answer.json?["access_token"]?.string),
            refresh: try #require(answer.json?["refresh_token"]?.string))
    }

    func login(_ email: String, _ password: String = password, from address: String = "192.0.2.1") async
        -> Answer
    {
        await send(
            .post, "/v1/auth/login", ["email": .string(email), "password": .string(password)], from: address)
    }

    /// The tier as an administrator, or time, would have set it.
    func setTier(_ tier: Tier, of person: Person) async throws {
        let account = try #require(try await stack.bench.access.accounts.account(person.id))
        var changed = account
        changed.tier = tier
        #expect(try await stack.bench.access.accounts.replace(account, with: changed))
    }

    /// An administrator.
    func admin() async throws -> Person {
        let person = try await register()
        try await setTier(.admin, of: person)
        return person
    }

    func makeKey(_ token: String, _ fields: JSON.Object = [:]) async throws -> (id: String, text: String) {
        var body: JSON.Object = ["name": "test"]
        for name in fields.keys { body[name] = fields[name] }
        let answer = await send(.post, "/v1/api-keys", .object(body), token: token)
        #expect(answer.status == 201)
        return (
            try #require(answer.json?["id"]?.string), try #require(answer.json?["key"]?.string)
        )
    }

    /// A token of the foreign issuer.
    func foreignToken(_ subject: String, tier: String? = nil) -> String {
        var claims: JSON.Object = [
            "iss": .string(TokenWorkshop.issuer), "aud": .string(TokenWorkshop.audience),
            "sub": .string(subject), "exp": .number(services.now.seconds + 600),
        ]
        if let tier { claims["tier"] = .string(tier) }
        return TokenWorkshop.hs256(claims)
    }

    /// Everything in the table, as text.
    func wholeTable() async throws -> String {
        try await dynamoDB.call("Scan", ["TableName": .string(table)]).text
    }

    /// As if so much had been counted, in this minute and in all that a test may last (two minutes), by one look at the clock.
    func setCounters(_ subject: String, _ counters: [String: Int]) async throws {
        let first = services.now.seconds / 60 * 60
        for start in [first, first + 60, first + 120] {
            var item: Item = ["pk": .s("LIMIT#\(subject)"), "sk": .s("\(start)")]
            for (name, value) in counters { item[name] = .n(value) }
            try await dynamoDB.put(item, into: table)
        }
    }
}
