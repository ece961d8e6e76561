import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

/// Nobody reaches what is somebody else's, by any route.
@Suite(.timeLimit(.minutes(2)))
struct IsolationTests {
    /// What a route of this kind needs of a body, so that it is the id that is refused.
    private static func body(_ route: Route) -> JSON? {
        switch route.method {
        case .get, .delete: nil
        default: route.describe().bodyExamples.first?.body
        }
    }

    /// The ids of everything that Ada has, by the collection they stand in.
    private static func belongings(_ bench: AccessBench, _ ada: AccessBench.Person) async throws -> [String:
        String]
    {
        let made = await bench.send(.post, "/v1/generate", ["prompt": "a lighthouse"], token: ada.access)
        let job = try #require(made.json?["job_id"]?.string)
        let announced = await bench.send(
            .post, "/v1/files", ["filename": "lighthouse.png", "content_type": "image/png", "bytes": 9],
            token: ada.access)
        let file = try #require(announced.json?["file_id"]?.string)
        let stored = await bench.send(
            .post, "/v1/workflows", RouteDescription.createTemplate.bodyExamples.first?.body,
            token: ada.access)
        let batch = await bench.send(
            .post, "/v1/generate/batch", ["items": [["prompt": "a lighthouse"]]], token: ada.access)
        return [
            "/v1/batches/": try #require(batch.json?["batch_id"]?.string),
            "/v1/workflows/": try #require(stored.json?["id"]?.string),
            "/v1/jobs/": job, "/v1/files/": file, "/v1/generate/": job,
            "/v1/api-keys/": try await bench.makeKey(ada.access).id,
            "/v1/admin/": ada.id,
            // Models are the deployment's: there is no such folder for anybody.
            "/v1/models/": job,
        ]
    }

    /// Walks the router's own table: a new route with an id in its path is held to it too, or fails here until
    /// `belongings` knows what to try it with.
    @Test func everyRouteWithSomebodyElsesIDIs404() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let mallory = bench.foreignToken("mallory", tier: "pro")
        let own = try await Self.belongings(bench, ada)
        var walked = 0
        for route in API.router(bench.services).routes where route.path.description.contains("{") {
            let pattern = route.path.description
            guard let (prefix, id) = own.first(where: { pattern.hasPrefix($0.key) }) else {
                Issue.record("nothing of another user's is known to try \(pattern) with")
                continue
            }
            let path = pattern.split(separator: "/", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("{") ? id : String($0) }.joined(separator: "/")
            let answer = await bench.send(route.method, path, Self.body(route), token: mallory)
            if case .events = route.endpoint {
                // Told by the address that streams; the API's own leads there, or says that there is none.
                #expect([307, 404].contains(answer.status), "\(route.method.rawValue) \(pattern)")
            } else {
                // Whoever is no administrator is not told what is there at all.
                let expected = prefix == "/v1/admin/" ? 403 : 404
                #expect(answer.status == expected, "\(route.method.rawValue) \(pattern)")
            }
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("lighthouse"))
            walked += 1
        }
        #expect(walked >= 8)
        // All of it is still there, and hers.
        let job = try #require(own["/v1/jobs/"])
        #expect(await bench.send(.get, "/v1/jobs/\(job)", token: ada.access).json?["status"] == "queued")
        let file = try #require(own["/v1/files/"])
        #expect(await bench.send(.get, "/v1/files/\(file)", token: ada.access).json?["status"] == "pending")
        let keys = await bench.send(.get, "/v1/api-keys", token: ada.access)
        #expect(keys.json?["api_keys"]?.array?.count == 1)
    }

    /// The stream's own address answers the routes of events.
    @Test func aStreamOfSomebodyElsesJobIs404() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let job = try #require(try await Self.belongings(bench, ada)["/v1/jobs/"])
        let context = InvocationContext(
            requestID: "invocation-1", deadline: bench.services.now + .seconds(30))
        func status(_ token: String) async -> Int {
            await bench.stack.bench.handler.reply(
                to: HTTPRequest(
                    .get, "/v1/jobs/\(job)/events", headers: ["Authorization": "Bearer \(token)"]),
                context, streams: true
            ).response.status
        }
        #expect(await status(bench.foreignToken("mallory", tier: "pro")) == 404)
        #expect(await status(ada.access) == 200)
    }

    @Test func listsShowOnesOwnAlone() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        _ = try await Self.belongings(bench, ada)
        let mallory = bench.foreignToken("mallory", tier: "pro")
        #expect(await bench.send(.get, "/v1/jobs", token: mallory).json?["jobs"] == [])
        #expect(await bench.send(.get, "/v1/files", token: mallory).json?["files"] == [])
        #expect(await bench.send(.get, "/v1/api-keys", token: mallory).json?["api_keys"] == [])
        for source in ["own", "shared"] {
            let found = await bench.send(
                .get, "/v1/workflows", token: mallory, query: [("source", source)])
            #expect(found.json?["workflows"] == [])
        }
        #expect(
            await bench.send(.get, "/v1/usage", token: mallory).json?["images"]?["used"] == 0)
    }
}
