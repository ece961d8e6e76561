import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Synchronization
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct APIKeyTests {
    @Test func aKeyHasItsFormAndIsShownOnce() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access, ["scopes": ["jobs:read"], "expires_in_days": 1])
        #expect(key.text.hasPrefix("comfy_free_"))
        #expect(Base64.decodeURL(String(key.text.dropFirst(11)))?.count == 32)
        let list = await bench.send(.get, "/v1/api-keys", token: ada.access)
        #expect(list.json?["api_keys"]?[0]?["id"]?.string == key.id)
        #expect(list.json?["api_keys"]?[0]?["scopes"] == ["jobs:read"])
        #expect(list.json?["api_keys"]?[0]?["expires_at"]?.string != nil)
        #expect(!String(decoding: list.body, as: UTF8.self).contains(key.text.suffix(43)))
    }

    @Test func eitherHeaderCarriesAKeyAndNotBoth() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access).text
        #expect(await bench.send(.get, "/v1/jobs", key: key).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: key).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access, key: key).status == 401)
    }

    @Test func aKeyIsGoodForItsScopesAlone() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let reader = try await bench.makeKey(ada.access, ["scopes": ["jobs:read"]]).text
        let writer = try await bench.makeKey(ada.access, ["scopes": ["jobs:write"]]).text
        let prompt: JSON = ["prompt": "a lighthouse"]
        let refused = await bench.send(.post, "/v1/generate", prompt, key: reader)
        #expect(refused.status == 403)
        #expect(refused.headers["WWW-Authenticate"]?.contains(#"scope="jobs:write""#) == true)
        #expect(await bench.send(.get, "/v1/jobs", key: writer).status == 403)
        #expect(await bench.send(.post, "/v1/generate", prompt, key: writer).status == 202)
        #expect(await bench.send(.get, "/v1/jobs", key: reader).json?["jobs"]?.array?.count == 1)
        // A key that leaks makes no more of its kind.
        #expect(await bench.send(.post, "/v1/api-keys", ["name": "x"], key: writer).status == 403)
    }

    @Test(
        arguments: [
            (["admin"], "not_allowed"), (["metrics"], "not_allowed"), (["account"], "not_a_choice"),
            ([], "too_short"), (["everything"], "not_a_choice"),
        ] as [(JSON, String)])
    func nobodyGivesWhatIsNotTheirs(_ scopes: JSON, _ fault: String) async throws {
        let bench = try await AccessBench.start()
        let answer = await bench.send(
            .post, "/v1/api-keys", ["name": "x", "scopes": scopes], token: bench.foreignToken("alice"))
        #expect(answer.status == 400)
        #expect(answer.faults == [fault])
    }

    @Test func anAdministratorsKeyLosesWhatItsOwnerLoses() async throws {
        let bench = try await AccessBench.start()
        let root = try await bench.admin()
        let key = try await bench.makeKey(root.access, ["scopes": ["admin", "jobs:read"]]).text
        #expect(key.hasPrefix("comfy_admin_"))
        #expect(try await user(bench, key).scopes == [.admin, .jobsRead])
        try await bench.setTier(.free, of: root)
        #expect(try await user(bench, key).scopes == [.jobsRead])
        #expect(try await user(bench, key).tier == .free)
    }

    private func user(_ bench: AccessBench, _ key: String) async throws -> User {
        try await bench.stack.bench.access.authenticator.user(
            of: .init(.get, "/", headers: ["X-API-Key": key]))
    }

    @Test(arguments: [
        "", "comfy", "comfy_free_", "comfy_gold_\(String(repeating: "A", count: 43))",
        "comfy_free_\(String(repeating: "A", count: 42))", "comfy_free_\(String(repeating: "A", count: 43))",
        "comfy_free_\(String(repeating: "=", count: 43))", "sk-1234",
    ])
    func whatIsNoKeyIsRefused(_ key: String) async throws {
        let bench = try await AccessBench.start()
        let answer = await bench.send(.get, "/v1/jobs", key: key)
        #expect(answer.status == 401)
        #expect(answer.code == "UNAUTHENTICATED")
    }

    @Test func aRevokedKeyIsGoodForNothing() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access)
        #expect(await bench.send(.get, "/v1/jobs", key: key.text).status == 200)
        let bob = try await bench.register()
        #expect(await bench.send(.delete, "/v1/api-keys/\(key.id)", token: bob.access).status == 404)
        #expect(await bench.send(.delete, "/v1/api-keys/\(key.id)", token: ada.access).status == 204)
        #expect(await bench.send(.get, "/v1/jobs", key: key.text).status == 401)
        #expect(await bench.send(.delete, "/v1/api-keys/\(key.id)", token: ada.access).status == 404)
    }

    @Test func anOldKeyIsGoodForNothing() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let store = try #require(bench.stack.bench.access.keys)
        let text = APIKeyText(tier: .free)
        let now = bench.services.now
        let key = APIKey(
            id: .v7(milliseconds: now.milliseconds), userID: ada.id, tier: .free, name: "old",
            scopes: [.jobsRead], requestsPerMinute: nil, createdAt: now, expires: now - .seconds(1),
            hash: text.hash(store.pepper), lastUsed: nil)
        // TTL deletes up to days late.
        try await store.add(key)
        #expect(await bench.send(.get, "/v1/jobs", key: text.text).status == 401)
    }

    @Test func itsUseIsNotedOnceAMinute() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access)
        #expect(await bench.send(.get, "/v1/jobs", key: key.text).status == 200)
        func lastUsed() async throws -> Timestamp? {
            let keys = try #require(bench.stack.bench.access.keys)
            return try await keys.list(ada.id, at: bench.services.now).first?.lastUsed
        }
        let first = try #require(try await lastUsed())
        let store = try #require(bench.stack.bench.access.keys)
        let listed = try #require(try await store.list(ada.id, at: bench.services.now).first)
        await store.noteUse(of: listed, at: first + .seconds(59))
        #expect(try await lastUsed() == first)
        await store.noteUse(of: listed, at: first + .seconds(61))
        #expect(try await lastUsed() == first + .seconds(61))
    }

    /// Where only keys count, there is a way to one: people sign in to make it, and get no further than that.
    @Test func withKeysOnlyPeopleSignInToMakeThem() async throws {
        let bench = try await AccessBench.start(["AUTH_MODE": "api_key"])
        let ada = try await bench.register()
        #expect(await bench.login(ada.email).status == 200)
        let account = await bench.send(.get, "/v1/auth/account", token: ada.access)
        #expect(account.json?["scopes"] == ["account"])
        let key = try await bench.makeKey(ada.access).text
        #expect(await bench.send(.get, "/v1/jobs", key: key).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 403)
        let generated = await bench.send(
            .post, "/v1/generate", ["prompt": "a lighthouse"], token: ada.access)
        #expect(generated.status == 403)
        // A foreign issuer's tokens do not count at all.
        #expect(await bench.send(.get, "/v1/auth/account", token: bench.foreignToken("bob")).status == 401)
    }

    @Test func withTokensOnlyThereAreNoKeys() async throws {
        let both = try await AccessBench.start()
        let ada = try await both.register()
        let key = try await both.makeKey(ada.access).text
        let bench = try await AccessBench.start(["AUTH_MODE": "jwt"])
        #expect(await bench.send(.get, "/v1/jobs", key: key).status == 401)
        let bob = try await bench.register()
        #expect(await bench.send(.get, "/v1/jobs", token: bob.access).status == 200)
        #expect(await bench.send(.post, "/v1/api-keys", ["name": "x"], token: bob.access).status == 403)
    }

    /// What another environment changed holds here within a minute.
    @Test func whatIsKeptIsKeptForLessThanAMinute() async throws {
        let bench = try await AccessBench.start()
        let time = SetClock(bench.services.now)
        let recent = RecentItems(bench.dynamoDB, table: bench.table, clock: { time.now })
        let key: Item = ["pk": .s("REVOKED#x"), "sk": .s("REVOKED")]
        #expect(try await recent.item("REVOKED#x", "REVOKED") == nil)
        try await bench.dynamoDB.put(key, into: bench.table)
        #expect(try await recent.item("REVOKED#x", "REVOKED") == nil)
        time.pass(.seconds(50))
        #expect(try await recent.item("REVOKED#x", "REVOKED") == key)
        try await bench.dynamoDB.delete(key, from: bench.table)
        #expect(try await recent.item("REVOKED#x", "REVOKED") == key)
        await recent.forget("REVOKED#x", "REVOKED")
        #expect(try await recent.item("REVOKED#x", "REVOKED") == nil)
    }
}

/// A clock that a test sets.
final class SetClock: Sendable {
    private let time: Mutex<Timestamp>
    init(_ now: Timestamp) { time = Mutex(now) }
    var now: Timestamp { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
