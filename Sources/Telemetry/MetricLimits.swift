/// What CloudWatch takes, checked before anything is written: a line that breaks one rule loses all of its metrics.
///
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
enum MetricLimits {
    /// Of a document.
    static let metrics = 100
    /// Of one metric in a document.
    static let values = 100
    static let dimensions = 30
    /// Of a value, in either direction.
    static let magnitude = 0x1p360

    static func check(namespace: String) throws(Metrics.Invalid) {
        let isAllowed = namespace.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-_/#: ".utf8.contains(byte)
            }
        }
        guard isAllowed, isVisible(namespace, upTo: 255), !namespace.hasPrefix(":"),
            !namespace.hasPrefix("AWS/")
        else {
            throw Metrics.Invalid(
                description:
                    "the namespace is '\(namespace.prefix(300))'; expected 1 to 255 letters, digits and .-_/#: or spaces, "
                    + "not beginning with ':' or 'AWS/'")
        }
    }

    static func check(dimensions: [String: String]) throws(Metrics.Invalid) {
        guard dimensions.count <= Self.dimensions else { throw tooMany(dimensions.count) }
        for (name, value) in dimensions {
            guard isVisible(name, upTo: 255), !name.hasPrefix(":"), !isReserved(name) else {
                throw Metrics.Invalid(
                    description:
                        "a dimension is named '\(name.prefix(300))'; expected 1 to 255 ASCII characters, "
                        + "not beginning with ':', not _aws, requestId or tenantId")
            }
            guard isVisible(value, upTo: 1024) else {
                throw Metrics.Invalid(
                    description:
                        "the dimension \(name) is '\(value.prefix(300))'; expected 1 to 1024 ASCII characters"
                )
            }
        }
    }

    /// `dimensions` are the metric's own, `all` those that were checked once and for all too.
    static func check(
        name: String, value: Double, dimensions: [String: String], all: [String: String]
    ) throws(Metrics.Invalid) {
        guard isVisible(name, upTo: 255), !isReserved(name), all[name] == nil else {
            throw Metrics.Invalid(
                description: "a metric is named '\(name.prefix(300))'; expected 1 to 255 ASCII characters, "
                    + "not the name of one of its dimensions, not _aws, requestId or tenantId")
        }
        guard value.isFinite, value.magnitude <= magnitude else {
            throw Metrics.Invalid(description: "a value is \(value); expected a number within ±2^360")
        }
        guard all.count <= Self.dimensions else { throw tooMany(all.count) }
        try check(dimensions: dimensions)
    }

    private static func tooMany(_ count: Int) -> Metrics.Invalid {
        Metrics.Invalid(description: "there are \(count) dimensions; \(dimensions) are the most")
    }

    /// The document's own members.
    private static func isReserved(_ name: String) -> Bool {
        name == "_aws" || name == "requestId" || name == "tenantId"
    }

    /// ASCII without control characters, and not spaces alone.
    private static func isVisible(_ text: String, upTo limit: Int) -> Bool {
        let bytes = text.utf8
        return bytes.count <= limit && bytes.allSatisfy { (0x20...0x7E).contains($0) }
            && bytes.contains { $0 != 0x20 }
    }
}
