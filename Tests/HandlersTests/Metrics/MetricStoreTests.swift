import AWSClients
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

/// The counters of several environments in one table, and who may read them.
@Suite(.timeLimit(.minutes(2))) struct MetricStoreTests {
    @Test func allEnvironmentsAddUp() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let services = deployment.services
        for _ in 0..<6 {
            let store = MetricStore(
                dynamoDB: deployment.dynamoDB, table: services.configuration.table, loop: testLoop,
                tallies: MetricTallies(interval: .seconds(10)))
            store.tallies.count(.requests, "GET", "/health", "200", by: 2)
            store.tallies.observe(.requestDuration, "GET", "/health", value: 0.02)
            store.tallies.observe(.requestDuration, "GET", "/health", value: 60)
            await store.flushIfDue()
        }
        let read = try await services.metrics.read()
        #expect(
            read.tallies == [
                .init(family: "api_requests_total", values: ["GET", "/health", "200"]): .init(count: 12),
                .init(family: "api_request_duration_seconds", values: ["GET", "/health"]): .init(
                    count: 12, sum: 360_120_000, buckets: [1: 6]),
            ])
        #expect(read.gauges == nil)
    }

    @Test func whatTheTableDoesNotTakeIsKept() async throws {
        let bench = try APIBench.offline(on: testLoop)
        let metrics = bench.services.metrics
        metrics.tallies.count(.requests, "GET", "/health", "200")
        await metrics.flushIfDue()
        #expect(metrics.tallies.takeDue(at: .now + .seconds(20)).values.map(\.count) == [1])
    }

    @Test func requestsAreCountedByPatternAndNotByPath() async throws {
        let bench = try APIBench.offline(on: testLoop)
        _ = await bench.get("/health")
        _ = await bench.get("/v1/jobs/no-such-id-1")
        _ = await bench.get("/v1/jobs/no-such-id-2/")
        _ = await bench.get("/whatever/somebody/sends")
        _ = await bench.send(HTTPRequest(HTTPMethod(rawValue: "BREW"), "/health"))
        let requests = bench.services.metrics.tallies.takeDue().filter {
            $0.key.family == "api_requests_total"
        }
        #expect(
            Dictionary(uniqueKeysWithValues: requests.map { ($0.key.values, $0.value.count) }) == [
                ["GET", "/health", "200"]: 1, ["GET", "/v1/jobs/{id}", "404"]: 2, ["GET", "none", "404"]: 1,
                ["other", "none", "405"]: 1,
            ])
    }

    /// Before the answer: an environment that has answered may be frozen.
    @Test func anInvocationEndsWithWhatItCountedInTheTable() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let services = deployment.services
        let handler = MeteredHandler(handler: APIHandler(services: services), metrics: services.metrics)
        _ = try await handler.handle(
            try Fixtures.bytes("api/http-api.json"),
            InvocationContext(requestID: "1", deadline: .now + .seconds(30)))
        let counted = try await services.metrics.read().tallies
        #expect(
            counted.keys.map(\.family).sorted() == ["api_request_duration_seconds", "api_requests_total"])
    }

    @Test func onlyTheScopeMetricsReadsThem() async throws {
        let bench = try await AccessBench.start()
        #expect(await bench.send(.get, "/metrics").status == 401)
        let person = try await bench.register()
        #expect(await bench.send(.get, "/metrics", token: person.access).status == 403)
        await bench.services.metrics.flushIfDue()
        let admin = try await bench.admin()
        let key = try await bench.makeKey(admin.access, ["scopes": ["metrics"]])
        let answer = await bench.send(.get, "/metrics", key: key.text)
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(
            text.contains(
                #"api_requests_total{method="GET",endpoint="/metrics",status_code="403"} 1"# + "\n"))
        #expect(await bench.send(.get, "/v1/jobs", key: key.text).status == 403)
    }
}
