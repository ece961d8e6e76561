@testable import HTTP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProxySettingsTests {
    @Test func readFromTheEnvironment() {
        let upper = [
            "HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2", "NO_PROXY": "a,b",
            "ALL_PROXY": "http://p:3",
        ]
        #expect(
            ProxySettings(environment: { upper[$0] })
                == ProxySettings(http: "http://p:1", https: "http://p:2", bypass: "a,b"))
        let both = ["HTTPS_PROXY": "http://p:2", "https_proxy": "http://p:4"]
        #expect(ProxySettings(environment: { both[$0] }) == ProxySettings(https: "http://p:4"))
        #expect(ProxySettings(environment: { _ in nil }) == ProxySettings())
    }

    @Test(arguments: [
        ("http://example.com/", "http://p:1"), ("https://example.com/", "http://p:2"),
        ("wss://example.com/", "http://p:2"),
        ("http://localhost/", nil), ("http://127.0.0.1:9001/", nil), ("https://[::1]/", nil),
        ("http://169.254.169.254/", nil),
        ("http://169.254.170.2/", nil), ("http://[fd00:ec2::254]/", nil),
        ("http://169.254.170.2.example.com/", "http://p:1"),
    ])
    func loopbackAndLinkLocalTakeNone(address: String, proxy: String?) throws {
        let settings = ProxySettings(http: "http://p:1", https: "http://p:2")
        #expect(settings.proxy(for: try #require(URL(address))) == proxy)
    }

    @Test func requestsGoThroughTheProxyOrPastIt() async throws {
        let server = try ScriptedServer { connection in
            while true { try connection.respond(body: try connection.readRequest().line) }
        }
        let proxy = "http://127.0.0.1:\(server.port)"
        try await withClient {
            $0.proxies = ProxySettings(http: proxy, https: proxy, bypass: "direct.invalid")
        } _: { client in
            let response = try await client.send(.init(.get, try #require(URL("http://example.invalid/p"))))
            #expect(response.body == Array("GET http://example.invalid/p HTTP/1.1".utf8))
            let direct = try await client.send(.init(.get, server.url("/d")))
            #expect(direct.body == Array("GET /d HTTP/1.1".utf8))
            let bypassed = await #expect(throws: HTTPError.self) {
                _ = try await client.send(.init(.get, try #require(URL("http://direct.invalid/"))))
            }
            #expect(bypassed?.code == .resolve)
        }
    }

    @Test func tlsGoesThroughATunnel() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let server = try ScriptedServer { connection in
            continuation.yield(try connection.readRequest().line)
            try connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        }
        try await withClient {
            $0.proxies = ProxySettings(https: "http://127.0.0.1:\(server.port)")
        } _: { client in
            await #expect(throws: HTTPError.self) {
                _ = try await client.send(.init(.get, try #require(URL("https://example.invalid/secret"))))
            }
        }
        var lines = stream.makeAsyncIterator()
        #expect(await lines.next() == "CONNECT example.invalid:443 HTTP/1.1")
    }
}
