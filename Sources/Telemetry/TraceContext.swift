/// Where in a trace something happens: the trace, and the span that is at work.
///
/// Both ids are never all zeros. https://www.w3.org/TR/trace-context/
public struct TraceContext: Sendable, Hashable {
    /// 128 bits.
    public let traceID: (high: UInt64, low: UInt64)
    /// 64 bits.
    public let spanID: UInt64
    /// Whether anybody records the trace.
    public let isSampled: Bool

    init(traceID: (high: UInt64, low: UInt64), spanID: UInt64, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// A trace of its own.
    static func new() -> TraceContext {
        TraceContext(
            traceID: (.random(in: 1 ... .max), .random(in: 0 ... .max)), spanID: newSpanID(), isSampled: true)
    }

    /// Another span of the same trace.
    func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: Self.newSpanID(), isSampled: isSampled)
    }

    static func newSpanID() -> UInt64 { .random(in: 1 ... .max) }

    /// Of a header `traceparent`; nil for what is none. A later version's first four fields mean the same.
    public init?(traceparent: String) {
        let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0] != "ff", fields[0] != "00" || fields.count == 4,
            Self.hex(fields[0], digits: 2) != nil, let flags = Self.hex(fields[3], digits: 2),
            let context = Self(trace: fields[1], span: fields[2], isSampled: flags & 1 == 1)
        else { return nil }
        self = context
    }

    /// Of X-Ray's tracing header, `Root=1-…;Parent=…;Sampled=1`; nil for what is none. A trace nobody has decided about is recorded.
    public init?(xRay: String) {
        var fields: [Substring: Substring] = [:]
        for part in xRay.prefix(1024).split(separator: ";") {
            guard let equals = part.firstIndex(of: "=") else { continue }
            fields[part[..<equals]] = part[part.index(after: equals)...]
        }
        let root = (fields["Root"] ?? "").split(separator: "-", omittingEmptySubsequences: false)
        guard root.count == 3, root[0] == "1", root[1].utf8.count == 8, let parent = fields["Parent"],
            let context = Self(trace: root[1] + root[2], span: parent, isSampled: fields["Sampled"] != "0")
        else { return nil }
        self = context
    }

    /// Of the header that Lambda gives an invocation: `Sampled=0` there says that X-Ray does not record it, and nothing of us.
    public init?(invocation header: String) {
        guard let context = Self(xRay: header) else { return nil }
        self.init(traceID: context.traceID, spanID: context.spanID, isSampled: true)
    }

    private init?(trace: some StringProtocol, span: some StringProtocol, isSampled: Bool) {
        guard trace.utf8.count == 32, let high = Self.hex(trace.prefix(16), digits: 16),
            let low = Self.hex(trace.suffix(16), digits: 16), high != 0 || low != 0,
            let span = Self.hex(span, digits: 16), span != 0
        else { return nil }
        self.init(traceID: (high, low), spanID: span, isSampled: isSampled)
    }

    /// As a header `traceparent`.
    public var traceparent: String { "00-\(traceText)-\(Self.text(spanID))-\(isSampled ? "01" : "00")" }

    /// As X-Ray's tracing header.
    public var xRay: String {
        let trace = traceText
        return "Root=1-\(trace.prefix(8))-\(trace.dropFirst(8));Parent=\(Self.text(spanID));Sampled="
            + (isSampled ? "1" : "0")
    }

    var traceText: String { Self.text(traceID.high) + Self.text(traceID.low) }

    /// 16 lower-case digits.
    static func text(_ id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Lower-case digits only, as both headers want them.
    private static func hex(_ text: some StringProtocol, digits: Int) -> UInt64? {
        let isHex = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        return isHex && text.utf8.count == digits ? UInt64(text, radix: 16) : nil
    }

    /// Whether all three are the same.
    public static func == (a: TraceContext, b: TraceContext) -> Bool {
        a.traceID == b.traceID && a.spanID == b.spanID && a.isSampled == b.isSampled
    }

    /// As `==` has it.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(traceID.low)
        hasher.combine(spanID)
    }
}
