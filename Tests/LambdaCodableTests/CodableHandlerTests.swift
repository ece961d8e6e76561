import FoundationEssentials
import LambdaCodable
import LambdaRuntime
import TestSupport
import Testing
import Time

@Suite struct CodableHandlerTests {
    private struct Order: Codable, Equatable {
        struct Item: Codable, Equatable {
            var name: String
            var count: Int
        }
        var items: [Item]
        var note: String?
        var limit: Double = 0
    }

    private let context = InvocationContext(requestID: "r-1", deadline: .now + .seconds(60))

    private func handle(_ event: String, _ handler: some InvocationHandler) async throws -> String {
        String(decoding: try await handler.handle(Array(event.utf8), context), as: UTF8.self)
    }

    @Test func `an event becomes a value, a value the answer`() async throws {
        let handler = CodableHandler { (order: Order, context) in
            ["\(context.requestID)": order.items.map(\.count).reduce(0, +)]
        }
        let answer = try await handle(
            #"{"items":[{"name":"é","count":2},{"name":"b","count":3}],"limit":1,"more":[]}"#, handler)
        #expect(answer == #"{"r-1":5}"#)
    }

    @Test func `coders with a strategy of their own`() async throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let handler = CodableHandler(decoder: decoder, encoder: encoder) { (dates: [String: Date], _) in
            dates.mapValues(\.timeIntervalSince1970)
        }
        let answer = try await handle(
            #"{"b":"1970-01-01T00:00:01Z","a":"1970-01-01T00:01:00Z"}"#, handler)
        #expect(answer == #"{"a":60,"b":1}"#)
    }

    @Test(arguments: [
        (#"{"items":[{"name":"a"}],"limit":1}"#, "The event does not fit: items[0]: no value for 'count'"),
        (
            #"{"items":[{"name":null,"count":1}],"limit":1}"#,
            "The event does not fit: items[0].name: null where String is expected"
        ),
        (
            #"{"items":3,"limit":1}"#,
            "The event does not fit: items: Expected to decode Array<Any> but found number instead."
        ),
        (
            #"[]"#,
            "The event does not fit: Expected to decode Dictionary<String, Any> but found an array instead."
        ),
        (
            #"{"items":[{"name":"a","count":1.5}],"limit":1}"#,
            "The event does not fit: a number or a text in it does not fit its type"
        ),
        (#"{"items":[}"#, "The event does not fit: it is no JSON, "),
        ("", "The event does not fit: it is no JSON, "),
    ])
    func `an event that does not fit is an error with its place`(event: String, message: String) async throws
    {
        let handler = CodableHandler { (_: Order, _) in
            Issue.record("the handler ran")
            return 0
        }
        let error = try await #require(throws: FunctionError.self) { try await handle(event, handler) }
        #expect(error.type == "Runtime.UnmarshalError")
        #expect(error.message.hasPrefix(message))
    }

    @Test func `an output that JSON cannot say is an error with its place`() async throws {
        let handler = CodableHandler { (count: Int, _) in ["sum": [1, Double.nan]] }
        let error = try await #require(throws: FunctionError.self) { try await handle("1", handler) }
        #expect(error.type == "Runtime.MarshalError")
        #expect(error.message.hasPrefix("The output cannot be encoded: sum[1]: "))
    }

    @Test func `what the handler throws is left as it is`() async throws {
        let handler = CodableHandler { (_: Int, _) -> Int in
            throw FunctionError(type: "Test.Own", message: "own")
        }
        let error = try await #require(throws: FunctionError.self) { try await handle("1", handler) }
        #expect(error.type == "Test.Own")
    }

    /// 6 MB is the most that Lambda passes.
    @Test func `a large event passes`() async throws {
        let handler = CodableHandler { (texts: [String], _) in texts.count }
        let text = "\"" + String(repeating: "x", count: 1000) + "\""
        let event = "[" + Array(repeating: text, count: 6000).joined(separator: ",") + "]"
        #expect(try await handle(event, handler) == "6000")
    }
}
