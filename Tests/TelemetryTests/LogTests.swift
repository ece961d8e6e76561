import JSON
import Telemetry
import Testing

@Suite struct LogTests {
    private let lines = Lines()

    /// Takes what `body` logs: the process's log belongs to other tests too.
    private func taking(
        _ level: Log.Level = .info, _ format: Log.Format = .json, _ body: () -> Void
    ) async {
        await Log.withSink(lines.add, level: level, format: format) { body() }
    }

    /// The only line, without its time.
    private func onlyLine() throws -> JSON.Object {
        #expect(lines.bytes.count == 1)
        let line = try #require(lines.bytes.first)
        #expect(line.last == 0x0A)
        #expect(line.count { $0 == 0x0A } == 1)
        #expect(line.count <= 262_144)
        var object = try #require(try JSON(parsing: line).object)
        #expect(object["timestamp"]?.string?.utf8.count == 24)
        #expect(object.keys.first == "timestamp")
        object["timestamp"] = nil
        return object
    }

    @Test func `a line has its keys in order`() async throws {
        await taking {
            Log.$context.withValue(Log.Context(requestID: "r-1", tenantID: "t-1", traceID: "Root=1")) {
                Log.info("job done", ["jobId": "j", "seconds": 1.5])
            }
        }
        let object = try onlyLine()
        #expect(object.keys == ["level", "message", "requestId", "tenantId", "traceId", "jobId", "seconds"])
        #expect(
            JSON.object(object).text
                == #"{"level":"INFO","message":"job done","requestId":"r-1","tenantId":"t-1","traceId":"Root=1","jobId":"j","seconds":1.5}"#
        )
    }

    @Test func `outside an invocation there are no ids`() async throws {
        await taking { Log.error("broken") }
        #expect(JSON.object(try onlyLine()).text == #"{"level":"ERROR","message":"broken"}"#)
    }

    @Test func `lines below the level are not even made`() async {
        func never() -> String {
            Issue.record("evaluated")
            return ""
        }
        await taking(.warn) {
            Log.info(never())
            Log.debug(never())
            Log.log(.trace, never(), ["a": .string(never())])
            Log.warn("seen")
            Log.log(.fatal, "seen too")
        }
        #expect(lines.bytes.count == 2)
    }

    @Test func `a field cannot pass for one of the log's own`() async throws {
        await taking { Log.info("m", ["level": "FATAL", "message": "forged", "requestId": "forged"]) }
        let object = try onlyLine()
        #expect(object["level"] == "INFO")
        #expect(object["message"] == "m")
        #expect(object["message_"] == "forged")
        #expect(object["requestId"] == nil)
    }

    @Test func `a line break in a message does not begin a line`() async throws {
        await taking { Log.info("a\nb\r\u{0}", ["k\n": "v\n"]) }
        let object = try onlyLine()
        #expect(object["message"] == "a\nb\r\u{0}")
        await taking(.info, .text) { Log.info("a\nb\r\u{0}", ["k\n": "v\n"]) }
        #expect(lines.text.last?.hasSuffix(" INFO a\\nb\\r? k\\n=v\\n\n") == true)
    }

    @Test func `text has the time, the level, the request and the fields`() async {
        await taking(.info, .text) {
            Log.$context.withValue(Log.Context(requestID: "r-1")) {
                Log.warn("slow", ["seconds": 3, "node": "KSampler", "token": "abc"])
            }
        }
        let line = lines.text.first ?? ""
        #expect(line.dropFirst(24) == " WARN r-1 slow seconds=3 node=KSampler token=[redacted]\n")
    }

    @Test func `secrets are hidden in message and fields`() async throws {
        await taking {
            Log.info(
                "fetching https://b/k?X-Amz-Signature=abc123",
                ["headers": ["authorization": "Bearer abcdefghijk"], "note": "token=abc"])
        }
        let text = lines.text.first ?? ""
        #expect(!text.contains("abc"))
        #expect(try onlyLine()["note"] == "token=[redacted]")
    }

    @Test(arguments: ["\u{1}", "é", "\""])
    func `a line is never longer than 256 KiB`(piece: String) async throws {
        let long = String(repeating: piece, count: 300_000 / piece.utf8.count)
        await taking {
            Log.$context.withValue(Log.Context(requestID: String(long.prefix(9000)))) {
                Log.info(long, ["first": 1, "big": .string(long), "list": [.string(long)], "last": 2])
            }
        }
        let object = try onlyLine()
        #expect(object["first"] == 1)
        #expect(object["truncated"] == true)
        #expect((object["message"]?.string?.utf8.count ?? 0) > 10_000)
        #expect((object["big"]?.string?.utf8.count ?? 0) > 10_000)

        await taking(.info, .text) { Log.info(long) }
        let line = lines.bytes.last ?? []
        #expect(line.count <= 262_144)
        #expect(line.last == 0x0A)
        #expect(String(validating: line, as: UTF8.self)?.hasSuffix(" [truncated]\n") == true)
    }

    @Test func `as many fields as there is room for`() async throws {
        var fields = JSON.Object()
        for number in 0..<20_000 { fields["field\(number)"] = .number(number) }
        await taking { Log.info("many", fields) }
        let object = try onlyLine()
        #expect(object["field0"] == 0)
        #expect(object["truncated"] == true)
    }

    @Test func `a task started inside logs there too, and configuring changes only that log`() async {
        await Log.withSink(lines.add) {
            Log.configure(level: .error, format: .text)
            await withTaskGroup { group in
                group.addTask {
                    Log.info("no more")
                    Log.error("yes")
                }
            }
        }
        #expect(lines.text.map { $0.dropFirst(24) } == [" ERROR yes\n"])
    }

    @Test func `levels are read in any case`() {
        #expect(Log.Level(name: "info") == .info)
        #expect(Log.Level(name: "WARN") == .warn)
        #expect(Log.Level(name: "Fatal") == .fatal)
        #expect(Log.Level(name: "verbose") == nil)
        #expect(Log.Level.trace < .debug)
        #expect(Log.Format(rawValue: "Text") == .text)
    }
}
