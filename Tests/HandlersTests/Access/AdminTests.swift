import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct AdminTests {
    @Test func onlyAdministratorsAreServed() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let pro = bench.foreignToken("bob", tier: "pro")
        for route in API.router(bench.services).routes where route.path.description.hasPrefix("/v1/admin") {
            let path = route.path.description.split(separator: "{id}", omittingEmptySubsequences: false)
                .joined(separator: ada.id)
            #expect(await bench.send(route.method, path, [:], token: ada.access).status == 403)
            #expect(await bench.send(route.method, path, [:], token: pro).status == 403)
            #expect(await bench.send(route.method, path, [:]).status == 401)
        }
    }

    @Test func anAdministratorMakesAndChangesAccounts() async throws {
        let bench = try await AccessBench.start(["REGISTRATION": "closed"])
        let root = bench.foreignToken("root", tier: "admin")
        let made = await bench.send(
            .post, "/v1/admin/users", ["email": "ada@example.org", "password": "correct horse battery"],
            token: root)
        #expect(made.status == 201)
        let path = try #require(made.headers["Location"])
        #expect(await bench.send(.get, path, token: root).json?["tier"] == "free")
        let ada = try #require(await bench.login("ada@example.org").json?["access_token"]?.string)
        #expect(
            await bench.send(.put, path, ["tier": "pro"], token: root).json?["tier"] == "pro")
        #expect(await bench.send(.get, "/v1/auth/account", token: ada).json?["tier"] == "pro")
        #expect(await bench.send(.put, path, ["status": "deactivated"], token: root).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: ada).status == 401)
        #expect(await bench.send(.put, path, ["status": "active"], token: root).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: ada).status == 401)
        #expect(await bench.login("ada@example.org").status == 200)
        #expect(await bench.send(.put, path, ["status": "deleting"], token: root).status == 400)
        #expect(await bench.send(.get, "/v1/admin/users/a-none", token: root).status == 404)
        #expect(await bench.send(.put, "/v1/admin/users/a-none", ["tier": "pro"], token: root).status == 404)
    }

    @Test func aForeignIdentityCanBeShutOut() async throws {
        let bench = try await AccessBench.start()
        let root = bench.foreignToken("root", tier: "admin")
        let token = bench.foreignToken("mallory")
        let id = User(issuer: TokenWorkshop.issuer, subject: "mallory").id
        let path = "/v1/admin/users/\(id)"
        #expect(await bench.send(.put, path, ["status": "deactivated"], token: root).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 401)
        #expect(await bench.send(.put, path, ["status": "active"], token: root).status == 200)
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 200)
        let tier = await bench.send(.put, path, ["tier": "admin"], token: root)
        #expect(tier.status == 409)
    }

    @Test func nobodyLocksThemselvesOut() async throws {
        let bench = try await AccessBench.start()
        let root = try await bench.admin()
        let answer = await bench.send(
            .put, "/v1/admin/users/\(root.id)", ["tier": "free"], token: root.access)
        #expect(answer.status == 409)
    }

    @Test func accountsAreListedInPages() async throws {
        let bench = try await AccessBench.start()
        let root = bench.foreignToken("root", tier: "admin")
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try await bench.register().id) }
        var found: [String] = []
        var cursor: String?
        repeat {
            var query = [(name: "limit", value: "2")]
            if let cursor { query.append(("cursor", cursor)) }
            let page = await bench.send(.get, "/v1/admin/users", token: root, query: query)
            #expect(page.status == 200)
            found += page.json?["users"]?.array?.compactMap { $0["user_id"]?.string } ?? []
            cursor = page.json?["next_cursor"]?.string
        } while cursor != nil
        #expect(found == ids)
    }

    @Test func anInvitationComesFromAnAdministrator() async throws {
        let bench = try await AccessBench.start(["REGISTRATION": "invite"])
        let root = bench.foreignToken("root", tier: "admin")
        let made = await bench.send(.post, "/v1/admin/invites", ["tier": "pro"], token: root)
        #expect(made.status == 201)
        let code = try #require(made.json?["invite"]?.string)
        #expect(!(try await bench.wholeTable()).contains(code.suffix(43)))
        let registered = await bench.send(
            .post, "/v1/auth/register",
            ["email": "a@example.org", "password": "long enough it is", "invite": .string(code)])
        #expect(registered.json?["user"]?["tier"] == "pro")
    }

    // The audit log.

    @Test func everyChangeIsToldWithItsResult() async throws {
        let bench = try await AccessBench.start()
        let root = bench.foreignToken("root", tier: "admin")
        let ada = try await bench.register()
        let key = try await bench.makeKey(ada.access)
        #expect(
            await bench.send(
                .post, "/v1/generate", ["prompt": "a lighthouse"], key: key.text, from: "198.51.100.7"
            ).status == 202)
        #expect(await bench.send(.post, "/v1/generate", ["prompt": 7], token: ada.access).status == 400)
        #expect(await bench.login(ada.email, "not her password").status == 401)
        // Reading is no change.
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 200)
        let page = await bench.send(
            .get, "/v1/admin/audit", token: root, query: [("user", ada.id)])
        #expect(page.status == 200)
        let entries = page.json?["entries"]?.array ?? []
        #expect(
            entries.map { "\($0["operation"]?.string ?? "") \($0["status"]?.int ?? 0)" } == [
                "login 401", "generate 400", "generate 202", "createAPIKey 201", "register 201",
            ])
        #expect(entries[2]["address"] == "198.51.100.7")
        #expect(entries[2]["key_id"]?.string == key.id)
        #expect(entries[1]["key_id"] == nil || entries[1]["key_id"]?.isNull == true)
        #expect(entries.allSatisfy { $0["request_id"] == "invocation-1" })
        #expect(!String(decoding: page.body, as: UTF8.self).contains("lighthouse"))
    }

    /// Walks the router's own table: whatever may change something is told of, by the route's name.
    @Test func everyRouteThatMayChangeSomethingIsToldOf() async throws {
        let bench = try await AccessBench.start()
        let log = bench.stack.bench.access.audit
        let first = bench.services.now
        var asked: Set<String> = []
        for route in API.router(bench.services).routes where route.method != .get {
            let path = route.path.description.split(separator: "/", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("{") ? "00000000-0000-7000-8000-000000000000" : String($0) }
                .joined(separator: "/")
            // Somebody new each time: one of the routes signs out.
            let token = bench.foreignToken(route.name, tier: "admin")
            _ = await bench.send(route.method, path, route.describe().bodyExamples.first?.body, token: token)
            asked.insert(route.name)
        }
        var told: Set<String> = []
        for day in Set([first, bench.services.now].map(QuotaStore.day)) {
            var last: String?
            repeat {
                let page = try await log.page(day: day, user: nil, limit: 100, after: last)
                told.formUnion(page.entries.map(\.operation))
                last = page.next
            } while last != nil
        }
        // It is asked by POST for its body's sake, and changes nothing.
        #expect(asked.subtracting(told) == ["validateWorkflow"])
    }

    @Test func aDaysEntriesComeInPagesNewestFirst() async throws {
        let bench = try await AccessBench.start()
        let root = bench.foreignToken("root", tier: "admin")
        let log = bench.stack.bench.access.audit
        let day = Timestamp(milliseconds: TokenWorkshop.now * 1000)
        for (index, user) in ["a-1", "a-2", "a-1", "a-2", "a-1"].enumerated() {
            await log.record(
                AuditEntry(
                    at: day + .seconds(index), user: User(id: user), operation: "generate",
                    request: .init(.post, "/v1/generate"), requestID: "r-\(index)", status: 202))
        }
        func pages(_ query: [(name: String, value: String)]) async -> [[String]] {
            var all: [[String]] = []
            var cursor: String?
            repeat {
                var query = query + [("limit", "2")]
                if let cursor { query.append(("cursor", cursor)) }
                let page = await bench.send(.get, "/v1/admin/audit", token: root, query: query)
                #expect(page.status == 200)
                all.append(page.json?["entries"]?.array?.compactMap { $0["request_id"]?.string } ?? [])
                cursor = page.json?["next_cursor"]?.string
            } while cursor != nil
            return all
        }
        #expect(await pages([("day", "2026-01-01")]) == [["r-4", "r-3"], ["r-2", "r-1"], ["r-0"]])
        #expect(
            await pages([("day", "2026-01-01"), ("user", "a-1")]) == [["r-4", "r-2"], ["r-0"]])
        #expect(await pages([("day", "2026-01-02")]) == [[]])
        let bad = await bench.send(.get, "/v1/admin/audit", token: root, query: [("day", "2026-02-30")])
        #expect(bad.status == 400)
    }

    @Test func anEntryIsKeptForNinetyDays() {
        let at = Timestamp(milliseconds: TokenWorkshop.now * 1000)
        let entry = AuditEntry(
            at: at, user: nil, operation: "login", request: .init(.post, "/"), requestID: "r", status: 401)
        #expect(entry.item["expires_at"] == .n(TokenWorkshop.now + 90 * 86_400))
        #expect(AuditEntry(entry.item) == entry)
    }
}
