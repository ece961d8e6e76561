import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct AdministratorsTests {
    @Test func whoIsMadeInTheTableSignsInAtTheAPI() async throws {
        let bench = try await AccessBench.start(["REGISTRATION": "closed"])
        let administrators = Administrators(bench.services.aws, table: bench.table)
        let made = try await administrators.create(email: "Root@example.org", password: AccessBench.password)
        let login = await bench.login("root@example.org")
        let token = try #require(login.json?["access_token"]?.string)
        let users = await bench.send(.get, "/v1/admin/users", token: token)
        #expect(users.json?["users"]?[0]?["user_id"]?.string == made.userID)
        #expect(users.json?["users"]?[0]?["tier"] == "admin")
        let log = await bench.send(
            .get, "/v1/admin/audit", token: token, query: [("user", made.userID)])
        #expect(
            (log.json?["entries"]?.array ?? []).contains { $0["operation"] == "createAdministrator" })
        #expect(try await administrators.list() == [made])
    }

    @Test func anInvitationLetsOnePersonRegister() async throws {
        let bench = try await AccessBench.start(["REGISTRATION": "invite"])
        let administrators = Administrators(bench.services.aws, table: bench.table)
        let variables = ["TOKEN_SECRET": AccessBench.tokenSecret, "KEY_PEPPER": "secret:of-no-interest"]
        let made = try await administrators.invite(tier: "pro", days: 2, variables: variables)
        func register(_ email: String) async -> APIBench.Answer {
            await bench.send(
                .post, "/v1/auth/register",
                [
                    "email": .string(email), "password": .string(AccessBench.password),
                    "invite": .string(made.code),
                ])
        }
        let ada = await register("ada@example.org")
        #expect(ada.status == 201)
        #expect(ada.json?["user"]?["tier"] == "pro")
        #expect(await register("bob@example.org").status == 403)
        _ = try await administrators.create(email: "root@example.org", password: AccessBench.password)
        let token = try #require(await bench.login("root@example.org").json?["access_token"]?.string)
        let log = await bench.send(.get, "/v1/admin/audit", token: token)
        let entry = log.json?["entries"]?.array?.first { $0["operation"] == "createInvite" }
        #expect(entry?["path"] == "comfy-lambda admin invite")
        #expect(!String(decoding: log.body, as: UTF8.self).contains(made.code))
    }

    @Test(arguments: [
        ("gold", 7, "x", "tier or number of days must be one of free, pro, admin"),
        ("free", 91, "x", "from 1 to 90"),
        ("free", 7, "short", "TOKEN_SECRET is 'a value of 5 bytes'"),
        ("free", 7, "", "An invitation takes TOKEN_SECRET"),
        ("free", 7, "secret:nobodys", "TOKEN_SECRET is 'secret:nobodys'; expected a value that can be read"),
    ])
    func aWrongInvitationIsRefused(_ tier: String, _ days: Int, _ secret: String, _ words: String)
        async throws
    {
        let bench = try await AccessBench.start()
        let administrators = Administrators(bench.services.aws, table: bench.table)
        let refusal = await #expect(throws: Administrators.Refusal.self) {
            try await administrators.invite(tier: tier, days: days, variables: ["TOKEN_SECRET": secret])
        }
        #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
    }

    @Test(arguments: [
        ("root", AccessBench.password, "'root' is no e-mail address."),
        ("root@example.org", "too short", "The password must have at least 10 characters."),
    ])
    func whatTheAPIWouldRefuseIsRefused(_ email: String, _ password: String, _ words: String) async throws {
        let bench = try await AccessBench.start()
        let administrators = Administrators(bench.services.aws, table: bench.table)
        let refusal = await #expect(throws: Administrators.Refusal.self) {
            try await administrators.create(email: email, password: password)
        }
        #expect(refusal?.description == words)
        #expect(try await administrators.list().isEmpty)
    }
}
