import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct AccountEraserTests {
    private func sweep(_ bench: AccessBench) async throws -> Sweeper.Findings {
        let dispatcher = Dispatcher(services: bench.services)
        return try await Sweeper(
            services: bench.services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer
        ).sweep(until: .now + .seconds(30))
    }

    /// As if the account had been closed that long ago, and were due.
    private func age(_ bench: AccessBench, _ id: String, _ age: Duration = AccountEraser.grace) async throws {
        let now = bench.services.now
        try await bench.dynamoDB.update(
            Account.key(id), in: bench.table,
            [
                .set("open_sk", .s(JobItem.sortable(now - .seconds(1)))),
                .set("sessions_from", .n((now - age).milliseconds)),
            ])
    }

    private func delete(_ bench: AccessBench, _ person: AccessBench.Person, _ password: String) async
        -> APIBench.Answer
    {
        await bench.send(
            .delete, "/v1/auth/account", ["password": .string(password)], token: person.access)
    }

    /// Ada with jobs in every state, a key, a file and objects, and Bob with some of it too.
    private func belongings(_ bench: AccessBench, _ person: AccessBench.Person) async throws -> [Job.ID] {
        let services = bench.services
        var ids: [Job.ID] = []
        for _ in 0..<3 {
            let made = await bench.send(
                .post, "/v1/generate", ["prompt": "a lighthouse", "metadata": ["of": .string(person.id)]],
                token: person.access)
            ids.append(try #require((made.json?["job_id"]?.string).flatMap { Job.ID($0) }))
        }
        for visibility in ["private", "public"] as [JSON] {
            var workflow = BuiltInTemplates.textToImage.json
            workflow["visibility"] = visibility
            let stored = await bench.send(
                .post, "/v1/workflows", .object(workflow), token: person.access)
            #expect(stored.status == 201)
        }
        try await bench.stack.complete(ids[0], [])
        _ = try await bench.stack.claim(ids[1])
        for folder in [
            "outputs/\(person.id)/\(ids[0])/1/0.png", "inputs/\(person.id)/x.png",
            "previews/\(person.id)/\(ids[1])/newest",
        ] {
            try await services.s3.put([1], bucket: services.configuration.bucket, key: folder)
        }
        try await bench.dynamoDB.put(
            ["pk": .s(Account.partition(person.id)), "sk": .s("FILE#1"), "name": .s("x.png")],
            into: bench.table)
        return ids
    }

    private func objects(_ bench: AccessBench) async throws -> [String] {
        var keys: [String] = []
        for try await object in bench.services.s3.list(bench.services.configuration.bucket).objects {
            keys.append(object.key)
        }
        return keys
    }

    @Test func everythingOfAnAccountGoesAndTheAddressIsFreeAgain() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register("ada@example.org")
        let bob = try await bench.register("bob@example.org")
        let key = try await bench.makeKey(ada.access).text
        let jobs = try await belongings(bench, ada)
        let bobsJobs = try await belongings(bench, bob)
        #expect(await delete(bench, ada, "not her password").status == 403)
        let answer = await delete(bench, ada, AccessBench.password)
        #expect(answer.status == 202)
        #expect(answer.json?["status"] == "deleting")

        // Signed out at once.
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 401)
        #expect(await bench.send(.get, "/v1/jobs", key: key).status == 401)
        #expect(await bench.login(ada.email).status == 401)
        #expect(
            await bench.send(.post, "/v1/auth/refresh", ["refresh_token": .string(ada.refresh)]).status
                == 401)
        // Not free yet.
        let taken = await bench.send(
            .post, "/v1/auth/register",
            ["email": .string(ada.email), "password": .string(AccessBench.password)])
        #expect(taken.status == 409)

        // What runs is asked to stop, the rest goes.
        #expect(try await sweep(bench).accounts == 0)
        #expect(try await bench.services.store.job(jobs[0])?.deletedAt != nil)
        #expect(try await bench.services.store.job(jobs[2])?.state == .cancelled)
        let running = try #require(try await bench.services.store.job(jobs[1]))
        #expect(running.state == .running)
        #expect(running.cancelRequestedAt != nil)
        // A pass at the same time finds that it is not due.
        #expect(try await sweep(bench).accounts == 0)
        _ = try await bench.services.store.applyLatest(.cancelled, to: running.id, heldBy: "t")
        await Announcer(services: bench.services).announce(
            try #require(try await bench.services.store.job(running.id)))

        try await age(bench, ada.id)
        #expect(try await sweep(bench).accounts == 0)
        try await age(bench, ada.id)
        #expect(try await sweep(bench).accounts == 1)
        #expect(try await sweep(bench).accounts == 0)

        // What is left names no address, has no content, and ends by itself.
        let items = try await bench.dynamoDB.scan(.init(table: bench.table)).items
        let hers = items.filter { item in
            item.values.contains { value in
                value.string?.contains(ada.id) == true || value.string == ada.email
            }
        }
        for item in hers {
            let kind = item["pk"]?.string?.split(separator: "#").first ?? ""
            #expect(["AUDIT", "JOB", "LIMIT", "SESSION"].contains(kind), "\(item)")
            #expect(item[TableDefinition.timeToLiveAttribute] != nil, "\(item)")
        }
        #expect(!items.contains { $0["pk"]?.string?.hasPrefix("KEY#") == true })
        // Bob's two are left, and the one of them that is public.
        #expect(items.count { $0["pk"]?.string?.hasPrefix("TEMPLATE") == true } == 3)
        #expect(try await objects(bench).allSatisfy { $0.contains(bob.id) })
        #expect(try await objects(bench).count == 3)
        // Bob has what he had.
        #expect(await bench.send(.get, "/v1/jobs/\(bobsJobs[0])", token: bob.access).status == 200)
        #expect(await bench.send(.get, "/v1/usage", token: bob.access).json?["images"]?["used"] == 3)

        let again = try await bench.register(ada.email)
        #expect(again.id != ada.id)
        #expect(await bench.send(.get, "/v1/jobs", token: again.access).json?["jobs"] == [])
    }

    @Test func whatComesWithinTheGraceIsFoundToo() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        #expect(await delete(bench, ada, AccessBench.password).status == 202)
        try await age(bench, ada.id, .seconds(100))
        #expect(try await sweep(bench).accounts == 0)
        #expect(try await bench.stack.bench.access.accounts.account(ada.id)?.status == .deleting)
        // Another environment still let her in.
        let now = bench.services.now
        let job = Job(id: Job.ID(.v7(milliseconds: now.milliseconds)), user: ada.id, createdAt: now)
        #expect(try await bench.services.store.create(job))
        try await age(bench, ada.id)
        #expect(try await sweep(bench).accounts == 0)
        #expect(try await bench.services.store.job(job.id)?.deletedAt != nil)
        try await age(bench, ada.id)
        #expect(try await sweep(bench).accounts == 1)
    }

    @Test func anAdministratorDeletesSomebodyElse() async throws {
        let bench = try await AccessBench.start()
        let admin = try await bench.admin()
        let ada = try await bench.register()
        func delete(_ id: String) async -> APIBench.Answer {
            await bench.send(.delete, "/v1/admin/users/\(id)", token: admin.access)
        }
        #expect(await delete(admin.id).status == 409)
        #expect(await delete("a-00000000-0000-0000-0000-000000000000").status == 404)
        for _ in 0..<2 { #expect(await delete(ada.id).status == 202) }
        #expect(await bench.send(.get, "/v1/jobs", token: ada.access).status == 401)
        let opened = await bench.send(
            .put, "/v1/admin/users/\(ada.id)", ["status": "active"], token: admin.access)
        #expect(opened.status == 409)
        try await age(bench, ada.id)
        #expect(try await sweep(bench).accounts == 1)
        #expect(await delete(ada.id).status == 404)
        // Who did it stays known.
        let log = await bench.send(
            .get, "/v1/admin/audit", token: admin.access, query: [("user", admin.id)])
        let operations = (log.json?["entries"]?.array ?? []).compactMap { $0["operation"]?.string }
        #expect(operations.contains("deleteUser"))
    }

    @Test func aForeignIdentityMayComeAgainAsSomebodyNew() async throws {
        let bench = try await AccessBench.start()
        let admin = try await bench.admin()
        let token = bench.foreignToken("alice")
        let made = await bench.send(.post, "/v1/generate", ["prompt": "p"], token: token)
        #expect(made.status == 202)
        let id = User(issuer: TokenWorkshop.issuer, subject: "alice").id
        let refused = await bench.send(
            .delete, "/v1/auth/account", ["password": "any password"], token: token)
        #expect(refused.status == 409)
        #expect(await bench.send(.delete, "/v1/admin/users/\(id)", token: admin.access).status == 202)
        #expect(await bench.send(.get, "/v1/jobs", token: token).status == 401)
        #expect(try await sweep(bench).accounts == 0)
        try await age(bench, id)
        #expect(try await sweep(bench).accounts == 1)
        let access = bench.stack.bench.access
        await access.accounts.recent.forget(Account.partition(id), Account.sortKey)
        #expect(await bench.send(.get, "/v1/jobs", token: token).json?["jobs"] == [])
    }
}
