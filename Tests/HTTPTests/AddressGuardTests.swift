import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct AddressGuardTests {
    /// Forms of what only this process can reach, as someone would try them.
    static let hostile = [
        "http://example.com/", "https://127.0.0.1/", "https://127.8.8.8:8443/", "https://0.0.0.0/",
        "https://0.1.2.3/", "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/",
        "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/",
        "https://100.64.0.1/", "https://100.100.100.200/", "https://168.63.129.16/", "https://192.0.0.192/",
        "https://192.0.2.1/", "https://192.88.99.1/", "https://198.18.0.1/", "https://198.19.255.255/",
        "https://198.51.100.1/", "https://203.0.113.1/", "https://224.0.0.1/", "https://239.255.255.250/",
        "https://240.0.0.1/", "https://255.255.255.255/", "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.1/", "https://127.1/", "https://0177.0.0.1/", "https://127.0.0.01/",
        "https://127.0.0.1./", "https://0x/", "https://1.2.3.4.5/", "https://[::]/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/",
        "https://[2002:5db8:d822::1]/", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "https://[2001:2::1]/", "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[fc00::1]/",
        "https://[fd00:ec2::254]/", "https://[fd20:ce::254]/", "https://[fe80::1]/", "https://[fec0::1]/",
        "https://[ff02::1]/", "https://[100::1]/", "https://[5f00::1]/", "https://[1::]/", "https://[:1/",
        "https://[::1%25eth0]/", "https://user@127.0.0.1/", "https://127.0.0.1\u{0}.example.com/",
        "https://①②⑦.⓪.⓪.①/", "https://example.com@10.0.0.1/", "https://10.0.0.1#@example.com/",
        "ftp://example.com/", "file:///etc/passwd", "https://localhost/", "https://nobody.invalid/",
    ]

    /// No address is looked up anywhere but here.
    private func guarded<T>(
        _ answer: @escaping @Sendable (NameServer.Question) -> NameServer.Answer, trusted: [String] = [],
        _ body: (AddressGuard, NameServer, HTTPClient) async throws -> T
    ) async throws -> T {
        let server = try NameServer(answer)
        defer { server.stop() }
        // A proxy that would be taken if any were.
        let settings = ProxySettings(http: "http://127.0.0.1:9", https: "http://127.0.0.1:9")
        return try await withClient {
            $0.proxies = settings
        } _: { client in
            let resolver = NameResolver(loop: client.loop, servers: server.address)
            let patterns = try trusted.map { try #require(HostPattern($0)) }
            return try await body(AddressGuard(resolver: resolver, trusted: patterns), server, client)
        }
    }

    private func request(_ url: URL, _ addressGuard: AddressGuard) -> HTTPClient.Request {
        var request = HTTPClient.Request(.get, url)
        request.addressGuard = addressGuard
        request.maximumRedirects = 3
        return request
    }

    /// Nobody answers there.
    private func unanswered(_ client: HTTPClient) -> AddressGuard {
        AddressGuard(resolver: NameResolver(loop: client.loop, servers: "127.0.0.1:9"))
    }

    /// Refused before a byte is sent; most are no address at all, or are refused without a question.
    @Test(arguments: hostile) func aHostileAddressIsRefused(_ text: String) async throws {
        guard let url = URL(text) else { return }
        try await withClient { client in
            let addressGuard = unanswered(client)
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(request(url, addressGuard))
            }
            let isName = url.host == "localhost" || url.host == "nobody.invalid"
            #expect(addressGuard.permits(url) == isName)
            #expect(error?.code == .forbiddenAddress || (isName && error?.code == .resolve))
            #expect(error?.mayHaveBeenSent == false)
        }
    }

    @Test(arguments: [
        "https://example.com/", "https://93.184.216.34/", "https://[2606:2800:220:1::1]/",
        "https://8.8.8.8:8443/a?b", "https://0x7f.example.com/", "https://1.2.3.4.example/",
        "https://172.32.0.1/", "https://100.128.0.1/", "https://192.0.1.1/", "https://169.253.1.1/",
        "https://[2003::1]/", "https://[3ffe::1]/",
    ])
    func aPublicAddressIsPermitted(_ text: String) async throws {
        let url = try #require(URL(text))
        try await withClient { #expect(unanswered($0).permits(url)) }
    }

    /// A name that leads, by one of its addresses, to where nobody may go.
    @Test(
        arguments: [
            [[10, 0, 0, 1]], [[169, 254, 169, 254]], [[93, 184, 216, 34], [127, 0, 0, 1]], [[0, 0, 0, 0]],
        ] as [[[UInt8]]])
    func aNameIsAsGoodAsItsWorstAddress(_ addresses: [[UInt8]]) async throws {
        try await guarded {
            $0.type == 1 ? .records(addresses) : .noSuchName
        } _: { addressGuard, _, client in
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(
                    request(try #require(URL("https://rebound.test/")), addressGuard))
            }
            #expect(error?.code == .forbiddenAddress)
        }
    }

    @Test func soIsANameWithIPv6AddressesOnly() async throws {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127, 0, 0, 1]
        try await guarded {
            $0.type == 28 ? .records([mapped]) : .records([])
        } _: { addressGuard, _, client in
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(request(try #require(URL("https://six.test/")), addressGuard))
            }
            #expect(error?.code == .forbiddenAddress)
        }
    }

    /// The first answer is checked and connected to; that the name leads elsewhere a moment later changes nothing.
    @Test func aNameIsLookedUpOnceAndNoProxyIsAsked() async throws {
        let server = try ScriptedServer { connection in
            while true { try connection.respond(body: try connection.readRequest().header("host") ?? "") }
        }
        let host = "hooks.test:\(server.port)"
        try await guarded(
            { $0.type == 1 ? .records([[127, 0, 0, 1]]) : .noSuchName }, trusted: ["http://\(host)"]
        ) {
            addressGuard, names, client in
            let response = try await client.send(
                request(try #require(URL("http://\(host)/a")), addressGuard))
            #expect(String(decoding: response.body, as: UTF8.self) == host)
            #expect(names.asked.map(\.name) == ["hooks.test"])
            // The handle that was pinned is as any other after it.
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(.init(.get, try #require(URL("http://hooks.invalid/"))))
            }
            #expect(error?.code == .connect)
        }
    }

    @Test func aConnectionToOneAddressIsNotUsedForAnother() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(body: "\(connection.index)")
            }
        }
        let trusted = ["http://a.test:\(server.port)"]
        let asked = Counter()
        let answer: @Sendable (NameServer.Question) -> NameServer.Answer = { _ in
            asked.add(1)
            return .records([[127, 0, 0, asked.value == 1 ? 1 : 2]])
        }
        try await guarded(answer, trusted: trusted) { addressGuard, _, client in
            let url = try #require(URL("http://a.test:\(server.port)/"))
            let first = try await client.send(request(url, addressGuard))
            #expect(first.body == Array("0".utf8))
            // Nobody listens at 127.0.0.2.
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(request(url, addressGuard))
            }
            #expect(error?.code == .connect)
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:1/", "https://169.254.169.254/", "http://elsewhere.test/", "//[::1]/",
        "https://0x7f.1/",
    ])
    func aRedirectIsCheckedLikeTheFirstAddress(_ target: String) async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(302, headers: ["Location: \(target)"], body: "")
            }
        }
        let trusted = ["http://127.0.0.1:\(server.port)"]
        try await guarded({ _ in .records([[127, 0, 0, 1]]) }, trusted: trusted) { addressGuard, _, client in
            for streams in [false, true] {
                let error = await #expect(throws: HTTPError.self) {
                    let request = request(server.url("/"), addressGuard)
                    if streams {
                        _ = try await client.stream(request)
                    } else {
                        _ = try await client.send(request)
                    }
                }
                #expect(error?.code == .forbiddenAddress)
            }
        }
    }

    @Test(arguments: [
        "https://127.0.0.1:1/", "http://127.0.0.1:2/", "http://127.0.0.2:1/", "http://localhost:1/",
    ])
    func onlyWhatIsNamedIsTrusted(_ text: String) async throws {
        let url = try #require(URL(text))
        try await guarded({ _ in .noSuchName }, trusted: ["http://127.0.0.1:1"]) { addressGuard, _, _ in
            let named = try #require(URL("http://127.0.0.1:1/"))
            #expect(addressGuard.permits(named))
            #expect(!addressGuard.permits(url))
        }
    }
}
