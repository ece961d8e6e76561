import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Synchronization
import Telemetry

/// Records this process's spans and sends them to a collector: OTLP over HTTP, in JSON.
///
/// A collector is never in the way: what does not fit in the buffer is dropped, a request waits `patience` at most, and one that failed
/// is followed by a pause in which spans are thrown away.
final class Tracer: Sendable {
    private let http: HTTPClient
    private let address: URL
    private let resource: [String: String]
    private let buffer = SpanBuffer()
    private let pauseEnd = Mutex<ContinuousClock.Instant?>(nil)

    /// How long an invocation's end waits for the collector.
    private static let patience: Duration = .milliseconds(250)
    /// After a failure.
    private static let pause: Duration = .seconds(30)

    /// `endpoint` is `OTEL_EXPORTER_OTLP_ENDPOINT`: traces go to `/v1/traces` below it.
    init(_ http: HTTPClient, endpoint: URL, function: String) {
        self.http = http
        var address = endpoint
        while address.path.hasSuffix("/") { address.path.removeLast() }
        address.path += "/v1/traces"
        self.address = address
        resource = ["service.name": "comfy-lambda", "faas.name": function]
    }

    /// Runs `body` as the first span here; its calls tell their receivers of it.
    func root<R>(
        _ name: String, _ kind: Span.Kind, parent: TraceContext?, attributes: [String: String] = [:],
        _ body: () async -> R
    ) async -> R {
        var calls = CallContext.current ?? CallContext()
        calls.spanHeaders = {
            guard let context = Trace.context else { return [] }
            // X-Ray's own header, where Lambda gave one, goes on as it is.
            return [("traceparent", context.traceparent), ("X-Amzn-Trace-Id", context.xRay)]
        }
        return await CallContext.$current.withValue(calls) {
            await Trace.root(name, kind, into: buffer, parent: parent, attributes: attributes, body)
        }
    }

    /// Sends what has been recorded; for the end of an invocation, before its answer: who has answered may be frozen.
    func flush() async {
        let (spans, dropped) = buffer.take()
        if spans.isEmpty || isPausing { return }
        var request = HTTPClient.Request(.post, address)
        request.headers["Content-Type"] = "application/json"
        request.body = .bytes(OTLPDocument.json(spans, resource: resource).serialized())
        request.responseLimit = 64 << 10
        do {
            let (http, outgoing) = (http, request)
            let status = try await withDeadline(Self.patience, on: http.loop) {
                try await http.send(outgoing).status
            }
            guard status == 200 else { return fail("status \(status)", spans.count + dropped) }
        } catch {
            fail("\(error)", spans.count + dropped)
        }
    }

    private var isPausing: Bool { pauseEnd.withLock { $0.map { .now < $0 } ?? false } }

    private func fail(_ reason: String, _ spans: Int) {
        pauseEnd.withLock { $0 = .now + Self.pause }
        Log.warn("traces dropped", ["spans": .number(spans), "reason": .string(reason)])
    }
}

extension TraceContext {
    /// The caller's, by what its request says.
    init?(of request: HTTPRequest) {
        let own = request.headers["traceparent"].flatMap { TraceContext(traceparent: $0) }
        guard let found = own ?? request.headers["X-Amzn-Trace-Id"].flatMap({ TraceContext(xRay: $0) }) else {
            return nil
        }
        self = found
    }
}
