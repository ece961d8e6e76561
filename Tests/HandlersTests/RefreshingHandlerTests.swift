import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import AWSClients
@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct RefreshingHandlerTests {
    /// Answers with the hosts of the workers that it was made for.
    private struct Hosts: InvocationHandler {
        let hosts: String
        func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
            Array(hosts.utf8)
        }
    }

    /// The same, streamed.
    private struct StreamedHosts: StreamingHandler {
        let hosts: String
        func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
            try await response.write(hosts)
        }
    }

    private let context = InvocationContext(requestID: "r", deadline: .now + .seconds(30))
    private let time = Locked(Duration.zero)
    private let name = "/refreshing/\(UInt64.random(in: 0 ... .max))"

    private func aws() async throws -> AWSClient {
        AWSClient(
            http: HTTPClient(loop: testLoop),
            configuration: try .init(environment: try await LocalAWS.shared().environment),
            clock: .init(
                now: { .now }, elapsed: { [time] in time.withLock { $0 } }, sleep: { _ in }, random: { 0.5 }))
    }

    private func call(_ operation: String, _ input: JSON) async throws {
        try await aws().json(Operation(.ssm, operation), target: "AmazonSSM", input) { _ in }
    }

    private func put(_ value: String) async throws {
        try await call(
            "PutParameter",
            ["Name": .string(name), "Value": .string(value), "Type": "String", "Overwrite": true])
    }

    private func handler(streaming: Bool = false) async throws -> RefreshingHandler {
        let environment = ConfigurationTests.required.merging(["COMFYUI_URLS": "ssm:\(name)"]) { $1 }
        let source = ConfigurationSource(environment, aws: try await aws())
        let make: @Sendable (Configuration) -> any InvocationHandler = { configuration in
            let hosts = configuration.workers.map(\.address.host).joined(separator: ",")
            return streaming ? StreamedHosts(hosts: hosts) : Hosts(hosts: hosts)
        }
        let values = try await source.values()
        return RefreshingHandler(
            make(try source.configuration(values)), of: values, from: source, make: make)
    }

    private func answer(_ handler: some InvocationHandler) async throws -> String {
        String(decoding: try await handler.handle([], context), as: UTF8.self)
    }

    private func pass(_ duration: Duration) { time.withLock { $0 += duration } }

    @Test func aChangedValueIsSeenAfterAMinute() async throws {
        try await put("http://a")
        let handler = try await handler()
        try await put("http://b,http://c")
        pass(.seconds(59))
        #expect(try await answer(handler) == "a")
        pass(.seconds(1))
        #expect(try await answer(handler) == "b,c")
    }

    @Test func aHandlerThatStreamsIsMadeAnewAsWell() async throws {
        try await put("http://a")
        let handler = RefreshingStreamingHandler(try await handler(streaming: true))
        #expect(try await answer(handler) == "a")
        try await put("http://b")
        pass(.seconds(60))
        #expect(try await answer(handler) == "b")
    }

    @Test func theLastGoodValueStays() async throws {
        try await put("http://a")
        let handler = try await handler()
        try await put("ftp://a")
        pass(.seconds(60))
        #expect(try await answer(handler) == "a")
        try await call("DeleteParameter", ["Name": .string(name)])
        pass(.seconds(60))
        #expect(try await answer(handler) == "a")
        try await put("http://b")
        #expect(try await answer(handler) == "b")
    }
}
