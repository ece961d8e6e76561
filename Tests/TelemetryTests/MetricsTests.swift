import JSON
import Synchronization
import Telemetry
import Testing

@Suite struct MetricsTests {
    private let lines = Lines()

    /// Takes what `body` writes with metrics on.
    private func measuring(
        _ namespace: String = "test", _ dimensions: [String: String] = ["FunctionName": "f"],
        _ body: () async -> Void
    ) async throws {
        try await Log.withSink(lines.add) {
            try Metrics.configure(namespace: namespace, dimensions: dimensions)
            await body()
        }
    }

    /// The lines as objects, without their time.
    private func documents() throws -> [JSON] {
        try lines.bytes.map { line in
            #expect(line.last == 0x0A)
            #expect(line.count { $0 == 0x0A } == 1)
            #expect(line.count <= 262_144)
            var root = try #require(try JSON(parsing: line).object)
            guard var metadata = root["_aws"]?.object else { return .object(root) }
            let time = try #require(metadata["Timestamp"]?.int)
            #expect(time > 1_700_000_000_000)
            metadata["Timestamp"] = nil
            root["_aws"] = .object(metadata)
            return .object(root)
        }
    }

    /// The names that a document defines.
    private func names(_ document: JSON) -> [String] {
        document["_aws"]?["CloudWatchMetrics"]?[0]?["Metrics"]?.array?.compactMap { $0["Name"]?.string } ?? []
    }

    @Test func `an invocation is one line in the embedded metric format`() async throws {
        try await measuring {
            await Log.$context.withValue(Log.Context(requestID: "r-1", tenantID: "t-1")) {
                await Metrics.ofInvocation { Metrics.add("Pictures", 2, .count) }
            }
        }
        let only = try #require(try documents().first)
        #expect(
            only.text
                == #"{"_aws":{"CloudWatchMetrics":[{"Namespace":"test","Dimensions":[["FunctionName"]],"Metrics":["#
                + #"{"Name":"Pictures","Unit":"Count"},{"Name":"ColdStart","Unit":"Count"},{"Name":"Errors","Unit":"Count"}]}]},"#
                + #""FunctionName":"f","Pictures":2,"ColdStart":1,"Errors":0,"requestId":"r-1","tenantId":"t-1"}"#
        )
        #expect(lines.bytes.count == 1)
    }

    @Test func `only the first invocation is a cold start, and a failed one is an error`() async throws {
        try await measuring {
            await Metrics.ofInvocation { Metrics.handlerEnded(begun: .now - .milliseconds(5)) }
            await Metrics.ofInvocation { Metrics.invocationFailed() }
        }
        let documents = try documents()
        #expect(documents.map(names) == [["HandlerDuration", "ColdStart", "Errors"], ["Errors"]])
        #expect(documents.map { $0["Errors"]?.int } == [0, 1])
        #expect(try #require(documents[0]["HandlerDuration"]?.double) >= 5)
    }

    @Test func `without a namespace nothing is written`() async {
        await Log.withSink(lines.add) {
            await Metrics.ofInvocation {
                Metrics.add("Pictures", 1)
                Metrics.handlerEnded(begun: .now)
                Metrics.invocationFailed()
            }
            Metrics.add("Pictures", 1)
            #expect(!Metrics.isEnabled)
        }
        #expect(lines.bytes.isEmpty)
    }

    @Test func `values of one name are gathered, sets of dimensions stand apart`() async throws {
        try await measuring {
            await Metrics.ofInvocation {
                Metrics.add("Seconds", 1.5, .seconds, dimensions: ["Worker": "a"])
                Metrics.add("Seconds", 2, .seconds, dimensions: ["Worker": "b"])
                Metrics.add("Seconds", 3, .seconds, dimensions: ["Worker": "a"])
            }
        }
        let documents = try documents()
        #expect(documents.map { $0["Worker"] } == ["a", "b", nil])
        #expect(documents.map { $0["Seconds"] } == [[1.5, 3], 2, nil])
        #expect(
            documents[0]["_aws"]?["CloudWatchMetrics"]?[0]?["Dimensions"] == [["FunctionName", "Worker"]])
    }

    @Test func `outside an invocation a value is written at once`() async throws {
        try await measuring("a/b", [:]) { Metrics.add("Depth", 7, .count) }
        #expect(
            try documents().map(\.text) == [
                #"{"_aws":{"CloudWatchMetrics":[{"Namespace":"a/b","Dimensions":[[]],"Metrics":[{"Name":"Depth","Unit":"Count"}]}]},"Depth":7}"#
            ])
    }

    /// 250 values: 100 + 100 + 50. 205 names: 100 + 100 + 5. The specification's limits for one document.
    @Test func `what is too much for one document goes into several`() async throws {
        try await measuring("test", [:]) {
            await Metrics.ofInvocation {
                for number in 0..<250 { Metrics.add("Many", Double(number)) }
            }
            await Metrics.ofInvocation {
                for number in 0..<204 { Metrics.add("Metric\(number)", 1) }
            }
        }
        let all = try documents()
        for document in all { #expect(names(document).count <= 100) }
        let values = all.compactMap { document -> [Double]? in
            document["Many"].map { many in many.array?.compactMap(\.double) ?? [many.double ?? -1] }
        }
        #expect(values.map(\.count) == [100, 100, 50])
        #expect(values.flatMap { $0 } == (0..<250).map(Double.init))
        #expect(all.dropFirst(3).map { names($0).count } == [100, 100, 5])
    }

    @Test func `the longest names and values stay below the limit of a line`() async throws {
        let dimensions = (0..<30).map { number in
            let name = "\(number)" + String(repeating: "\"", count: 255 - "\(number)".count)
            return (name, String(repeating: "\\", count: 1024))
        }
        try await measuring("test", Dictionary(uniqueKeysWithValues: dimensions)) {
            await Metrics.ofInvocation {
                for number in 0..<99 {
                    let name = "m\(number)" + String(repeating: "\"", count: 255 - "m\(number)".count)
                    for _ in 0..<100 { Metrics.add(name, -1.234_567_890_123_456_7e-100, .kilobytesPerSecond) }
                }
            }
        }
        let all = try documents()
        #expect(all.count > 1)
        #expect(all.map { names($0).count }.reduce(0, +) == 101)
    }

    @Test func `a loop that measures without end is written in between`() async throws {
        try await measuring("test", [:]) {
            await Metrics.ofInvocation { for _ in 0..<25_000 { Metrics.add("Step", 1) } }
        }
        let counts = try documents().map { $0["Step"]?.array?.count ?? 0 }
        #expect(counts.reduce(0, +) == 25_000)
    }

    @Test(
        arguments: [
            ("", 1, [:]), (" ", 1, [:]), (String(repeating: "x", count: 256), 1, [:]), ("é", 1, [:]),
            ("a\n", 1, [:]), ("_aws", 1, [:]), ("requestId", 1, [:]), ("FunctionName", 1, [:]),
            ("m", .nan, [:]), ("m", .infinity, [:]), ("m", 0x1p361, [:]),
            ("m", 1, ["": "v"]), ("m", 1, ["d": ""]), ("m", 1, ["d": " "]), ("m", 1, [":d": "v"]),
            ("m", 1, ["m": "v"]), ("m", 1, ["d": String(repeating: "v", count: 1025)]), ("m", 1, ["d": "ü"]),
            ("m", 1, Dictionary(uniqueKeysWithValues: (0..<30).map { ("d\($0)", "v") })),
        ] as [(String, Double, [String: String])])
    func `what CloudWatch would not take is left out, and the log says so`(
        name: String, value: Double, dimensions: [String: String]
    ) async throws {
        try await measuring { Metrics.add(name, value, dimensions: dimensions) }
        let only = try #require(try documents().first)
        #expect(lines.bytes.count == 1)
        #expect(only["_aws"] == nil)
        #expect(only["level"] == "WARN")
        #expect(only["message"] == "metric left out")
        #expect(only["reason"]?.string?.isEmpty == false)
    }

    @Test(arguments: ["", " ", "AWS/Lambda", ":a", "a\n", "é", "a\"b", String(repeating: "x", count: 256)])
    func `a namespace that CloudWatch would not take is refused`(namespace: String) {
        #expect(throws: Metrics.Invalid.self) { try Metrics.configure(namespace: namespace) }
    }

    @Test func `a secret in a dimension is hidden`() async throws {
        try await measuring {
            Metrics.add("m", 1, dimensions: ["Address": "https://user:hunter2@example.com/"])
        }
        #expect(!(lines.text.first ?? "hunter2").contains("hunter2"))
    }

    /// The list of https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    @Test func `units are CloudWatch's`() {
        let sizes = ["", "Kilo", "Mega", "Giga", "Tera"]
        let bytes = sizes.map { $0.isEmpty ? "Bytes" : $0 + "bytes" }
        let bits = sizes.map { $0.isEmpty ? "Bits" : $0 + "bits" }
        let plain = ["Seconds", "Microseconds", "Milliseconds"] + bytes + bits + ["Percent", "Count"]
        let rates = (bytes + bits + ["Count"]).map { $0 + "/Second" }
        #expect(Set(Metrics.Unit.allCases.map(\.rawValue)) == Set(plain + rates + ["None"]))
    }
}
