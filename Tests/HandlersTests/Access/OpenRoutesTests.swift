import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct OpenRoutesTests {
    /// A new route is closed, or it is named here.
    private static let open: Set<String> = [
        "getHealth", "getLiveness", "getLivenessLong", "getReadiness", "getReadinessLong", "getContract",
        "getDocs", "register", "login", "refreshToken",
    ]

    @Test func nothingElseIsOpen() async throws {
        let bench = try await AccessBench.start()
        var closed = 0
        for (number, route) in API.router(bench.services).routes.enumerated() {
            let path = route.path.description.split(separator: "/", omittingEmptySubsequences: false)
                .map { $0.hasPrefix("{") ? "00000000-0000-7000-8000-000000000000" : String($0) }
                .joined(separator: "/")
            let body = route.method == .get ? nil : route.describe().bodyExamples.first?.body
            // From an address of its own, so that none is over its limit.
            let answer = await bench.send(route.method, path, body, from: "192.0.2.\(number)")
            let refused = answer.json?["error"]?["message"] == "This request says nothing of who sent it."
            #expect(refused == !Self.open.contains(route.name), "\(route.name)")
            if refused {
                #expect(answer.status == 401)
                #expect(answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer realm=") == true)
                closed += 1
            }
        }
        #expect(closed > 15)
    }

    /// What is not set is not open.
    @Test func withoutAModeOneSignsIn() throws {
        var environment = ConfigurationTests.required
        environment["AUTH_MODE"] = nil
        #expect(try Configuration(environment: environment).access.mode == .both)
    }
}
