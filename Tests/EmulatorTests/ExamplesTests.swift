import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing

/// The functions of `Examples/` under AWS's own emulator: what its README promises.
@Suite(.timeLimit(.minutes(1))) struct ExamplesTests {
    private func start(_ example: String, _ environment: [String: String] = [:]) async throws -> Emulator {
        let program = "\(Fixtures.folder)/../../Examples/.build/debug/\(example)"
        return try await Emulator([program], environment: environment)
    }

    @Test func `Echo gives the event back`() async throws {
        let emulator = try await start("Echo")
        #expect(try await emulator.invoke(#"{"a":1}"#).text == #"{"a":1}"#)
    }

    @Test func `Countdown streams its lines`() async throws {
        let emulator = try await start("Countdown", ["COUNTDOWN_FROM": "1"])
        let text = try await emulator.invoke("{}").text
        #expect(text.hasPrefix("{\"statusCode\":200"))
        #expect(text.hasSuffix("\u{0}1\nlift-off\n"))
    }

    @Test func `Typed adds an order up, and says what is wrong with another`() async throws {
        let emulator = try await start("Typed")
        let order = #"{"items":[{"price":2.5,"count":2},{"price":1,"count":1}]}"#
        let receipt = try JSON(parsing: try await emulator.invoke(order).body)
        #expect(receipt["total"]?.double == 6)
        #expect(receipt["id"]?.string?.utf8.count == 36)
        let error = try JSON(parsing: try await emulator.invoke(#"{"items":[{"price":2.5}]}"#).body)
        #expect(error["errorType"] == "Runtime.UnmarshalError")
        #expect(error["errorMessage"] == "The event does not fit: items[0]: no value for 'count'")
    }

    /// The digest is that of `printf abc | sha256sum`, and of FIPS 180-2's first example.
    @Test func `ObjectDigest puts a digest beside each object`() async throws {
        let local = try await LocalAWS.shared()
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let s3 = S3(
            AWSClient(
                http: HTTPClient(loop: loop), configuration: try .init(environment: local.environment)))
        let bucket = "t-\(UUID.v4())"
        try await loop.task {
            try await s3.createBucket(bucket)
            try await s3.put(Array("abc".utf8), bucket: bucket, key: "a b/é.txt")
        }.value
        let emulator = try await start("ObjectDigest", local.environment)
        var event = try JSON(parsing: Fixtures.bytes("events/lambda-go/s3-event.json"))
        event = try event.replacing(bucket: bucket, key: "a+b/%C3%A9.txt")
        #expect(try await emulator.invoke(event.serialized()).text == "null")
        let digest = try await loop.task { try await s3.get(bucket: bucket, key: "a b/é.txt.sha256") }.value
        #expect(
            String(decoding: digest, as: UTF8.self)
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n")
        // S3 sends this when a notification is set up: it has no records.
        #expect(try await emulator.invoke(#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#).text == "null")
    }
}

extension JSON {
    /// A recorded S3 event, of another object.
    fileprivate func replacing(bucket: String, key: String) throws -> JSON {
        let record = try #require(self["Records"]?[0]?.object)
        var s3 = try #require(record["s3"]?.object)
        s3["bucket"] = ["name": .string(bucket)]
        s3["object"] = ["key": .string(key)]
        var changed = record
        changed["s3"] = .object(s3)
        return ["Records": [.object(changed)]]
    }
}
