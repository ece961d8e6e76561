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
