import JSON
import Telemetry

/// Spans as an OTLP/HTTP request has them, in JSON: ids in hexadecimal, 64-bit numbers as text.
///
/// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
enum OTLPDocument {
    /// An `ExportTraceServiceRequest`.
    static func json(_ spans: [Span], resource: [String: String]) -> JSON {
        [
            "resourceSpans": [
                [
                    "resource": ["attributes": attributes(resource)],
                    "scopeSpans": [
                        ["scope": ["name": "comfy-lambda"], "spans": .array(spans.map(span))]
                    ],
                ]
            ]
        ]
    }

    private static func span(_ span: Span) -> JSON {
        var json: JSON.Object = [
            "traceId": .string(span.traceText), "spanId": .string(span.spanText),
            "name": .string(span.name), "kind": .number(span.kind.rawValue),
            "startTimeUnixNano": .string("\(span.start)"), "endTimeUnixNano": .string("\(span.end)"),
            "attributes": attributes(span.attributes),
        ]
        json["parentSpanId"] = span.parentText.map { .string($0) }
        // STATUS_CODE_ERROR
        if span.hasFailed { json["status"] = ["code": 2] }
        return .object(json)
    }

    private static func attributes(_ values: [String: String]) -> JSON {
        .array(
            values.sorted { $0.key < $1.key }
                .map { ["key": .string($0.key), "value": ["stringValue": .string($0.value)]] })
    }
}
