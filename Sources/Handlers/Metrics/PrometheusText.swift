/// Metrics in Prometheus' text format, version 0.0.4.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
struct PrometheusText: Sendable {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// A counter or a histogram with all of its series, in the order of their labels. A family without a series is not there yet.
    mutating func add(_ family: MetricFamily, _ tallies: [MetricSeries: MetricTally]) {
        let own = tallies.filter { $0.key.family == family.name }
            .sorted { $0.key.values.lexicographicallyPrecedes($1.key.values) }
        if own.isEmpty { return }
        begin(family.name, family.help, family.isHistogram ? "histogram" : "counter")
        for (series, tally) in own {
            let labels = Array(zip(family.labels, series.values))
            if !family.isHistogram {
                line(family.name, labels, "\(tally.count)")
                continue
            }
            var sum = 0
            for (index, bound) in family.bounds.enumerated() {
                sum += tally.buckets[index] ?? 0
                line("\(family.name)_bucket", labels + [("le", bound)], "\(sum)")
            }
            line("\(family.name)_bucket", labels + [("le", "+Inf")], "\(tally.count)")
            line("\(family.name)_sum", labels, Self.millionths(tally.sum))
            line("\(family.name)_count", labels, "\(tally.count)")
        }
    }

    /// A gauge with its samples, in their order; without any it is left out.
    mutating func addGauge(
        _ name: String, _ help: String, _ samples: [(labels: [(String, String)], value: String)]
    ) {
        if samples.isEmpty { return }
        begin(name, help, "gauge")
        for sample in samples { line(name, sample.labels, sample.value) }
    }

    private mutating func begin(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        let list = labels.map { "\($0.0)=\"\(Self.escape($0.1))\"" }.joined(separator: ",")
        text += "\(name){\(list)} \(value)\n"
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += #"\\"#
            case "\"": escaped += #"\""#
            case "\n": escaped += #"\n"#
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// `1.5` of 1500000.
    private static func millionths(_ value: Int) -> String {
        let digits = "\(value % 1_000_000)"
        return "\(value / 1_000_000)." + String(repeating: "0", count: 6 - digits.count) + digits
    }
}
