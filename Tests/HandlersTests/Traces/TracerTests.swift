import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Synchronization
import Telemetry
import TestSupport
import Testing
import Time

@testable import Handlers

/// What a collector gets to see.
@Suite(.timeLimit(.minutes(2))) struct TracerTests {
    private static let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    private func context(_ id: String = "1") -> InvocationContext {
        InvocationContext(requestID: id, deadline: .now + .seconds(60))
    }

    /// From the request to the announcement one trace: through the job item, as nothing else connects the two functions.
    @Test func aJobIsOneTraceFromTheRequestToItsAnnouncement() async throws {
        let collector = try Collector()
        let bench = try await DispatchBench([], ["OTEL_EXPORTER_OTLP_ENDPOINT": collector.address])
        let services = bench.deployment.services
        let tracer = try #require(services.tracer)
        let api = APIBench(services)
        let answer = await api.send(
            HTTPRequest(
                .post, "/v1/generate",
                headers: ["Content-Type": "application/json", "Traceparent": Self.caller],
                body: Array(#"{"prompt": "a lighthouse", "width": 64, "height": 64, "steps": 1}"#.utf8)))
        #expect(answer.status == 202)
        await tracer.flush()
        let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
        let job = try await bench.job(id)
        #expect(job.traceParent?.hasPrefix("00-\(Self.trace)-") == true)

        let event: JSON = [
            "Records": [
                [
                    "eventSource": "aws:sqs", "messageId": "m-1",
                    "body": .string(Doorbell.Message.work(hint: id).body),
                    "eventSourceARN": "arn:aws:sqs:us-east-1:1:work",
                ]
            ]
        ]
        let handler = TracedHandler(
            handler: DispatchHandler(services: services), tracer: tracer, name: "dispatch")
        let invocation = context()
        try await testLoop.task { _ = try await handler.handle(event.serialized(), invocation) }.value
        #expect(try await bench.job(id).state == .completed)

        let spans = collector.spans
        let own = spans.filter { $0["traceId"]?.string == Self.trace }
        func span(_ name: String) throws -> JSON {
            try #require(own.first { $0["name"]?.string == name }, "no span \(name)")
        }
        let request = try span("POST /v1/generate")
        #expect(request["parentSpanId"] == "00f067aa0ba902b7")
        #expect(request["kind"] == 2)
        for name in ["DynamoDB PutItem", "SQS SendMessage"] {
            #expect(try span(name)["parentSpanId"] == request["spanId"])
        }
        let run = try span("run job")
        #expect(run["parentSpanId"] == request["spanId"])
        for name in ["wait in queue", "node KSampler", "S3 PutObject"] {
            #expect(try span(name)["parentSpanId"] == run["spanId"], "\(name)")
        }
        let announcement = try span("announce")
        #expect(announcement["parentSpanId"] == request["spanId"])
        #expect(try span("SNS Publish")["parentSpanId"] == announcement["spanId"])
        // The invocation is nobody's in particular: it runs many jobs.
        let invoked = try #require(spans.first { $0["name"]?.string == "dispatch" })
        #expect(invoked["traceId"]?.string != Self.trace)
        #expect(invoked["parentSpanId"] == nil)
        // Nothing that a user wrote.
        #expect(!collector.documents.contains { $0.text.contains("lighthouse") })
    }

    @Test func whatIsSentIsOTLP() async throws {
        let collector = try Collector()
        let tracer = Tracer(
            HTTPClient(loop: testLoop), endpoint: try #require(URL(collector.address + "/")),
            function: "stack-api")
        await tracer.root(
            "GET /x", .server, parent: TraceContext(traceparent: Self.caller),
            attributes: ["http.route": "/x"]
        ) {}
        await tracer.flush()
        let document = try #require(collector.documents.first)
        let span = try #require(collector.spans.first)
        let (start, end) = (span["startTimeUnixNano"], span["endTimeUnixNano"])
        #expect(
            document == [
                "resourceSpans": [
                    [
                        "resource": [
                            "attributes": [
                                ["key": "faas.name", "value": ["stringValue": "stack-api"]],
                                ["key": "service.name", "value": ["stringValue": "comfy-lambda"]],
                            ]
                        ],
                        "scopeSpans": [
                            [
                                "scope": ["name": "comfy-lambda"],
                                "spans": [
                                    [
                                        "traceId": .string(Self.trace), "spanId": span["spanId"] ?? .null,
                                        "name": "GET /x", "kind": 2, "startTimeUnixNano": start ?? .null,
                                        "endTimeUnixNano": end ?? .null,
                                        "attributes": [
                                            ["key": "http.route", "value": ["stringValue": "/x"]]
                                        ],
                                        "parentSpanId": "00f067aa0ba902b7",
                                    ]
                                ],
                            ]
                        ],
                    ]
                ]
            ])
        let nanoseconds = try #require(start?.string.flatMap { Int64($0) })
        #expect(abs(nanoseconds / 1_000_000 - Timestamp.now.milliseconds) < 60_000)
    }

    /// A collector that fails is asked again after a pause only.
    @Test func aBrokenCollectorIsLeftAlone() async throws {
        let collector = try Collector(status: 500)
        let tracer = Tracer(
            HTTPClient(loop: testLoop), endpoint: try #require(URL(collector.address)), function: "f")
        for _ in 0..<5 {
            await tracer.root("GET /x", .server, parent: nil) {}
            await tracer.flush()
        }
        #expect(collector.count == 1)
    }

    @Test func nobodyListeningIsNoFault() async throws {
        let bench = try APIBench.offline(
            on: testLoop, ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"])
        let tracer = try #require(bench.services.tracer)
        let handler = TracedHandler(handler: bench.handler, tracer: tracer, name: nil)
        let answer = try JSON(
            parsing: try await handler.handle(try Fixtures.bytes("api/http-api.json"), context()))
        #expect(answer["statusCode"] != nil)
    }

    /// Both headers, for whoever is called; X-Ray's own where Lambda gave one.
    @Test func callsTellWhomTheyBelongTo() async throws {
        let received = Received()
        let server = try HTTPServer(on: testLoop) { request in
            received.add(request.headers)
            return ServerResponse(status: 200)
        }
        let http = HTTPClient(loop: testLoop)
        let tracer = Tracer(http, endpoint: try #require(URL("http://127.0.0.1:9")), function: "f")
        let url = try #require(URL("http://127.0.0.1:\(server.port)/"))
        let parent = try #require(TraceContext(traceparent: Self.caller))
        await tracer.root("GET /x", .server, parent: parent) { _ = try? await http.send(.init(.get, url)) }
        let given = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        await CallContext.$current.withValue(CallContext(traceHeader: given)) {
            await tracer.root("GET /x", .server, parent: parent) {
                _ = try? await http.send(.init(.get, url))
            }
        }
        let headers = received.headers
        try #require(headers.count == 2)
        for one in headers { #expect(one["traceparent"]?.hasPrefix("00-\(Self.trace)-") == true) }
        #expect(headers[0]["X-Amzn-Trace-Id"]?.hasPrefix("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;") == true)
        #expect(headers[1]["X-Amzn-Trace-Id"] == given)
    }

    private final class Received: Sendable {
        private let seen = Mutex<[HTTPHeaders]>([])
        func add(_ headers: HTTPHeaders) { seen.withLock { $0.append(headers) } }
        var headers: [HTTPHeaders] { seen.withLock { $0 } }
    }
}
