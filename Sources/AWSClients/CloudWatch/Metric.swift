import JSON
public import Time

extension CloudWatch {
    /// One metric's data for one moment.
    public struct Metric: Sendable {
        /// What was measured.
        public enum Value: Sendable {
            /// One value.
            case single(Double)
            /// 1 to 150 different values, each with how often it occurred.
            case counted([(value: Double, count: Double)])
            /// What is known of many values; percentiles cannot be had of it.
            case statistics(count: Double, sum: Double, minimum: Double, maximum: Double)
        }

        /// 1 to 255 bytes.
        public var name: String
        /// What was measured.
        public var value: Value
        /// As CloudWatch names it (`Seconds`, `Bytes`, `Count`); nil is none.
        public var unit: String?
        /// At most 30: each set of them is a metric of its own.
        public var dimensions: [String: String]
        /// From two weeks ago to two hours ahead; nil is when it arrives.
        public var time: Timestamp?
        /// Kept by the second and not by the minute.
        public var isHighResolution: Bool

        /// A metric to send.
        public init(
            _ name: String, _ value: Value, unit: String? = nil, dimensions: [String: String] = [:],
            time: Timestamp? = nil, isHighResolution: Bool = false
        ) {
            self.name = name
            self.value = value
            self.unit = unit
            self.dimensions = dimensions
            self.time = time
            self.isHighResolution = isHighResolution
        }

        var json: JSON {
            var object: JSON.Object = ["MetricName": .string(name)]
            switch value {
            case .single(let value): object["Value"] = Self.number(value)
            case .counted(let values):
                object["Values"] = .array(values.map { Self.number($0.value) })
                object["Counts"] = .array(values.map { Self.number($0.count) })
            case .statistics(let count, let sum, let minimum, let maximum):
                object["StatisticValues"] = [
                    "SampleCount": Self.number(count), "Sum": Self.number(sum),
                    "Minimum": Self.number(minimum), "Maximum": Self.number(maximum),
                ]
            }
            if let unit { object["Unit"] = .string(unit) }
            if !dimensions.isEmpty {
                object["Dimensions"] = .array(
                    dimensions.sorted { $0.key < $1.key }.map {
                        ["Name": .string($0.key), "Value": .string($0.value)]
                    })
            }
            if let time { object["Timestamp"] = Self.number(Double(time.milliseconds) / 1000) }
            if isHighResolution { object["StorageResolution"] = 1 }
            return .object(object)
        }

        func check(_ operation: Operation) throws(AWSError) {
            if !(1...255).contains(name.utf8.count) {
                throw operation.invalid("a metric's name of \(name.utf8.count) bytes; 1 to 255 are allowed")
            }
            if dimensions.count > 30 {
                throw operation.invalid("\(dimensions.count) dimensions of \(name); at most 30 are allowed")
            }
            let numbers: [Double]
            switch value {
            case .single(let value): numbers = [value]
            case .counted(let values):
                guard (1...150).contains(values.count) else {
                    throw operation.invalid("\(values.count) values of \(name); 1 to 150 are allowed")
                }
                numbers = values.flatMap { [$0.value, $0.count] }
            case .statistics(let count, let sum, let minimum, let maximum):
                numbers = [count, sum, minimum, maximum]
            }
            let limit = Double(sign: .plus, exponent: 360, significand: 1)
            if let number = numbers.first(where: { !(-limit...limit).contains($0) }) {
                throw operation.invalid("the value \(number) of \(name); -2^360 to 2^360 are allowed")
            }
        }

        /// Checked to be finite.
        private static func number(_ value: Double) -> JSON { JSON.Number(value).map(JSON.number) ?? .null }
    }
}
