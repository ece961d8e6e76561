import Testing

@testable import Telemetry

/// Spans, and the headers that carry a trace from one process to the next.
@Suite struct TraceTests {
    private static let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func aTraceparentReadsBackTheSame() throws {
        let context = try #require(TraceContext(traceparent: Self.text))
        #expect(context.isSampled)
        #expect(context.traceparent == Self.text)
        #expect(
            context.xRay == "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1")
        #expect(TraceContext(xRay: context.xRay) == context)
    }

    @Test func aLaterVersionIsReadByItsFirstFields() throws {
        let context = try #require(
            TraceContext(traceparent: "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more"))
        #expect(!context.isSampled)
    }

    /// https://www.w3.org/TR/trace-context/#traceparent-header-field-values
    @Test(arguments: [
        "", "00", "00-0-0-0", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
    ])
    func whatIsNoTraceparentIsNone(_ text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test(arguments: [
        "", "Root=1-5759e988-bd862e3fe1be46a994272793", "Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
        "Root=1-5759e98-8bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
        "Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8",
        "Root;Parent=;=", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=xyz",
    ])
    func whatIsNoXRayHeaderIsNone(_ text: String) { #expect(TraceContext(xRay: text) == nil) }

    @Test func anXRayHeaderWithoutAParentsDecisionIsRecorded() throws {
        let context = try #require(
            TraceContext(
                xRay: "Self=1-a-b;Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"))
        #expect(context.isSampled)
        #expect(context.traceparent == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
    }

    private struct Failure: Error {}

    @Test func spansStandUnderEachOther() async throws {
        let buffer = SpanBuffer()
        let parent = try #require(TraceContext(traceparent: Self.text))
        await Trace.root("request", .server, into: buffer, parent: parent) {
            await Trace.span("call", .client, attributes: ["a": "b"]) {
                Trace.record("moment", from: .now - .milliseconds(5))
            }
            try? await Trace.span("broken") { () async throws(Failure) in throw Failure() }
        }
        let (spans, dropped) = buffer.take()
        #expect(dropped == 0)
        #expect(spans.map(\.name) == ["moment", "call", "broken", "request"])
        #expect(Set(spans.map(\.traceText)) == ["4bf92f3577b34da6a3ce929d0e0e4736"])
        #expect(spans[0].parent == spans[1].context.spanID)
        #expect(spans[1].parent == spans[3].context.spanID)
        #expect(spans[2].parent == spans[3].context.spanID)
        #expect(spans[3].parent == parent.spanID)
        #expect(spans.map(\.hasFailed) == [false, false, true, false])
        #expect(spans[0].end - spans[0].start >= 5_000_000)
        #expect(spans[3].start <= spans[1].start && spans[1].end <= spans[3].end)
        #expect(buffer.take().spans.isEmpty)
    }

    @Test func aSpanMayGoOnWithAnothersTrace() async throws {
        let buffer = SpanBuffer()
        let other = try #require(TraceContext(traceparent: Self.text))
        await Trace.root("invocation", .consumer, into: buffer, parent: nil) {
            await Trace.span("run", parent: other) {}
        }
        let spans = buffer.take().spans
        #expect(spans[0].parentText == "00f067aa0ba902b7")
        #expect(spans[0].traceText != spans[1].traceText)
        #expect(spans[1].parent == nil)
    }

    @Test func whatIsNotSampledIsPassedOnAndNotRecorded() async throws {
        let buffer = SpanBuffer()
        let parent = try #require(
            TraceContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"))
        let inside = await Trace.root("request", .server, into: buffer, parent: parent) {
            await Trace.span("call") { Trace.context?.traceparent }
        }
        #expect(inside?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
        #expect(inside?.hasSuffix("-00") == true)
        #expect(buffer.take().spans.isEmpty)
    }

    @Test func withoutATraceNothingIsRecorded() async {
        let context = await Trace.span("call") { Trace.context }
        #expect(context == nil)
    }

    @Test func aFullBufferDropsWhatComes() async {
        let buffer = SpanBuffer(limit: 2)
        await Trace.root("request", .server, into: buffer, parent: nil) {
            for _ in 0..<5 { await Trace.span("call") {} }
        }
        let (spans, dropped) = buffer.take()
        #expect(spans.count == 2)
        #expect(dropped == 4)
    }
}
