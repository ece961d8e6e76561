import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct AccountTests {
    @Test func whoRegistersIsSignedInAndCanSignInAgain() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register("Ada@Example.org")
        let account = await bench.send(.get, "/v1/auth/account", token: ada.access)
        #expect(account.status == 200)
        #expect(account.json?["email"] == "Ada@Example.org")
        #expect(account.json?["tier"] == "free")
        let again = await bench.login("ada@example.ORG")
        #expect(again.status == 200)
        #expect(again.json?["token_type"] == "Bearer")
        #expect(again.json?["expires_in"] == 3600)
        let token = try #require(again.json?["access_token"]?.string)
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 200)
        let taken = await bench.send(
            .post, "/v1/auth/register", ["email": "ADA@example.org", "password": "another password"])
        #expect(taken.status == 409)
    }

    @Test func neitherPasswordNorTokenNorKeyStandsInTheTable() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access).text
        let table = try await bench.wholeTable()
        #expect(!table.contains(AccessBench.password))
        #expect(!table.contains(key.suffix(43)))
        #expect(!table.contains(ada.refresh.suffix(40)))
        #expect(!table.contains(ada.access.suffix(40)))
        #expect(table.contains("$scrypt$ln=15,r=8,p=1$"))
    }

    @Test func anUnknownAddressAndAWrongPasswordAreAnsweredAlike() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let wrong = await bench.login(ada.email, "not her password")
        let unknown = await bench.login("nobody@example.org", "not her password")
        #expect(wrong.status == 401)
        #expect(wrong.status == unknown.status)
        #expect(wrong.body == unknown.body)
        #expect(wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"])
    }

    @Test func attemptsAreLimitedByAccountAndAddress() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let email = try #require(EmailAddress(ada.email))
        let window = bench.services.now.seconds / 900 * 900
        for start in [window, window + 900] {
            try await bench.dynamoDB.put(
                [
                    "pk": .s("LIMIT#LOGIN#\(email.hash)#192.0.2.1"), "sk": .s("\(start)"),
                    "requests": .n(10),
                ], into: bench.table)
        }
        let refused = await bench.login(ada.email)
        #expect(refused.status == 429)
        #expect(refused.code == "RATE_LIMITED")
        #expect(try #require(refused.headers["Retry-After"].flatMap { Int($0) }) <= 900)
        // From elsewhere she still gets in, and what was right does not count.
        for _ in 0..<12 { #expect(await bench.login(ada.email, from: "192.0.2.2").status == 200) }
        #expect(await bench.login("bob@example.org", from: "192.0.2.1").status == 401)
    }

    @Test func registrationIsClosedUnlessItIsOpened() async throws {
        let configuration = try Configuration(environment: ConfigurationTests.required)
        #expect(configuration.access.registration == .closed)
        let bench = try await AccessBench.start(["REGISTRATION": "closed"])
        let answer = await bench.send(
            .post, "/v1/auth/register", ["email": "a@example.org", "password": "long enough it is"])
        #expect(answer.status == 403)
        #expect(answer.code == "FORBIDDEN")
    }

    @Test func anInvitationIsGoodForOneAccount() async throws {
        let bench = try await AccessBench.start(["REGISTRATION": "invite"])
        let invites = try #require(bench.stack.bench.access.invites)
        let code = try await invites.make(tier: .pro, expires: bench.services.now + .seconds(60))
        func register(_ name: String, _ code: String?) async -> APIBench.Answer {
            var body: JSON.Object = [
                "email": .string("\(name)@example.org"), "password": "long enough it is",
            ]
            if let code { body["invite"] = .string(code) }
            return await bench.send(.post, "/v1/auth/register", .object(body))
        }
        #expect(await register("a", nil).status == 403)
        #expect(await register("a", "comfyi_\(String(repeating: "A", count: 43))").status == 403)
        let invited = await register("a", code)
        #expect(invited.status == 201)
        #expect(invited.json?["user"]?["tier"] == "pro")
        #expect(await register("b", code).status == 403)
        // Without a good one nobody learns whose address is taken; with one it is told, and not spent on it.
        #expect(await register("a", nil).status == 403)
        #expect(await register("a", code).status == 403)
        let second = try await invites.make(tier: .free, expires: bench.services.now + .seconds(60))
        #expect(await register("a", second).status == 409)
        #expect(await register("c", second).status == 201)
        let old = try await invites.make(tier: .pro, expires: bench.services.now - .seconds(1))
        #expect(await register("b", old).status == 403)
    }

    @Test(arguments: [
        ("ada", "long enough it is", "email"), ("a@b", "long enough it is", "email"),
        ("a b@example.org", "long enough it is", "email"), ("a@example.org", "too short", "password"),
        ("a@example.org", String(repeating: "x", count: 257), "password"),
    ])
    func whatIsNoAddressOrPasswordIsRefused(_ email: String, _ password: String, _ field: String) async throws
    {
        let bench = try await AccessBench.start()
        let answer = await bench.send(
            .post, "/v1/auth/register", ["email": .string(email), "password": .string(password)])
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?["details"]?["errors"]?[0]?["field"]?.string == field)
        #expect(!String(decoding: answer.body, as: UTF8.self).contains(password))
    }

    @Test func aNewPasswordEndsEverySessionAndNoKey() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access).text
        let wrong = await bench.send(
            .post, "/v1/auth/password",
            ["current_password": "not her password", "new_password": "another horse battery"],
            token: ada.access)
        #expect(wrong.status == 403)
        let changed = await bench.send(
            .post, "/v1/auth/password",
            ["current_password": .string(AccessBench.password), "new_password": "another horse battery"],
            token: ada.access)
        #expect(changed.status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 401)
        let refreshed = await bench.send(
            .post, "/v1/auth/refresh", ["refresh_token": .string(ada.refresh)])
        #expect(refreshed.status == 401)
        let token = try #require(changed.json?["access_token"]?.string)
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", key: key).status == 200)
        #expect(await bench.login(ada.email).status == 401)
        #expect(await bench.login(ada.email, "another horse battery").status == 200)
    }

    @Test func aShutAccountIsNobodys() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access).text
        let shut = await bench.send(
            .post, "/v1/auth/deactivate", ["password": .string(AccessBench.password)], token: ada.access)
        #expect(shut.status == 204)
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 401)
        #expect(await bench.send(.get, "/v1/jobs", key: key).status == 401)
        #expect(await bench.login(ada.email).status == 401)
        let refreshed = await bench.send(
            .post, "/v1/auth/refresh", ["refresh_token": .string(ada.refresh)])
        #expect(refreshed.status == 401)
    }

    @Test func withoutASecretThereAreNoAccounts() async throws {
        let bench = try await AccessBench.start(["TOKEN_SECRET": "", "KEY_PEPPER": ""])
        #expect(await bench.login("a@example.org").status == 403)
        let answer = await bench.send(
            .post, "/v1/api-keys", ["name": "x"], token: bench.foreignToken("alice"))
        #expect(answer.status == 403)
    }
}
