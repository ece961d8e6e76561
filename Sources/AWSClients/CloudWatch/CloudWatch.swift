import HTTP
import JSON

/// CloudWatch (awsJson1_0, version 2010-08-01), for what the embedded metric format cannot do: metrics from outside
/// Lambda, with times of their own, or of values counted elsewhere.
///
/// The service speaks CBOR, JSON and the query protocol. JSON is what this module speaks already, and gzip takes away
/// what CBOR would save.
public struct CloudWatch: Sendable {
    static let maximumMetrics = 1000
    static let maximumBytes = 1 << 20

    let client: AWSClient

    /// Calls through a client.
    public init(_ client: AWSClient) { self.client = client }

    /// Sends 1 to 1,000 metrics to a namespace, gzipped: at most 1 MB of that. A retry may count them twice.
    public func putMetricData(_ metrics: [Metric], namespace: String) async throws(AWSError) {
        let operation = Operation(.cloudWatch, "PutMetricData")
        guard (1...Self.maximumMetrics).contains(metrics.count) else {
            throw operation.invalid("\(metrics.count) metrics; 1 to 1,000 are allowed")
        }
        guard (1...255).contains(namespace.utf8.count), !namespace.hasPrefix("AWS/") else {
            throw operation.invalid(
                "the namespace \"\(namespace)\" is not 1 to 255 bytes, or begins with AWS/, which is AWS's own"
            )
        }
        var data: [JSON] = []
        for metric in metrics {
            try metric.check(operation)
            data.append(metric.json)
        }
        let input: JSON = ["Namespace": .string(namespace), "MetricData": .array(data)]
        let body = Gzip.compress(input.serialized())
        if body.count > Self.maximumBytes {
            throw operation.invalid("\(body.count) bytes when compressed; at most 1,048,576 are allowed")
        }
        var call = client.jsonCall(operation, target: "GraniteServiceVersion20100801", body)
        call.headers["content-encoding"] = "gzip"
        try await client.send(call) { _ in }
    }
}
