/// What was counted of one series: one family under one set of labels' values.
struct MetricTally: Sendable, Hashable {
    var count = 0
    /// Of a histogram's values, in millionths: whole numbers add up the same in any order.
    var sum = 0
    /// By bucket, each value in the lowest that holds it; what is over the last bound stands in `count` alone.
    var buckets: [Int: Int] = [:]

    /// Adds a histogram's value; one that is no number or negative, which only clocks that disagree make, counts as 0.
    mutating func observe(_ value: Double, in family: MetricFamily) {
        let value = value.isFinite ? min(max(value, 0), 1e9) : 0
        count += 1
        sum += Int((value * 1e6).rounded())
        if let bucket = family.limits.firstIndex(where: { value <= $0 }) { buckets[bucket, default: 0] += 1 }
    }

    static func += (a: inout MetricTally, b: MetricTally) {
        a.count += b.count
        a.sum += b.sum
        a.buckets.merge(b.buckets, uniquingKeysWith: +)
    }
}

/// Which series of which family.
struct MetricSeries: Sendable, Hashable {
    let family: String
    /// The labels' values, in the family's order. Of fixed sets: what a client or a worker sends never becomes a label.
    let values: [String]
}
