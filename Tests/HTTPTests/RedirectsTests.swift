@testable import HTTP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RedirectsTests {
    /// Sends `/N` to `/N-1` and so on; `/0` answers with what it got.
    private func server(_ status: Int) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                let path = request.line.split(separator: " ")[1].dropFirst()
                guard let left = Int(path), left > 0 else {
                    try connection.respond(
                        body: "\(request.line) \(String(decoding: request.body, as: UTF8.self))")
                    continue
                }
                try connection.respond(status, headers: ["Location: \(left - 1)#fragment"], body: "moved")
            }
        }
    }

    @Test(arguments: [
        (301, "POST", "GET /0 HTTP/1.1 "), (302, "POST", "GET /0 HTTP/1.1 "),
        (303, "POST", "GET /0 HTTP/1.1 "),
        (303, "PUT", "GET /0 HTTP/1.1 "), (301, "PUT", "PUT /0 HTTP/1.1 body"),
        (307, "POST", "POST /0 HTTP/1.1 body"),
        (308, "PUT", "PUT /0 HTTP/1.1 body"),
    ])
    func followedWhenAsked(status: Int, method: String, expected: String) async throws {
        let server = try server(status)
        try await withClient { client in
            var request = HTTPClient.Request(
                .init(rawValue: method), server.url("/2"), body: .bytes(Array("body".utf8)))
            let direct = try await client.send(request)
            #expect(direct.status == status)
            #expect(direct.body == Array("moved".utf8))
            request.maximumRedirects = 2
            #expect(String(decoding: try await client.send(request).body, as: UTF8.self) == expected)
            let streamed = try await client.stream(request).collect(limit: 100)
            #expect(String(decoding: streamed, as: UTF8.self) == expected)
            request.maximumRedirects = 1
            let final = request
            let error = await #expect(throws: HTTPError.self) { _ = try await client.send(final) }
            #expect(error?.code == .tooManyRedirects)
        }
    }

    @Test func aStreamedBodyIsNotSentTwice() async throws {
        let server = try server(307)
        try await withClient { client in
            var request = HTTPClient.Request(.post, server.url("/1"), body: .stream(length: 0) { nil })
            request.maximumRedirects = 1
            let final = request
            let error = await #expect(throws: HTTPError.self) { _ = try await client.send(final) }
            #expect(error?.code == .redirect)
        }
    }

    private func redirects(_ url: String) throws -> Redirects {
        var request = HTTPClient.Request(
            .get, try #require(URL(url)),
            headers: [
                "Authorization": "s", "Cookie": "s", "X-Amz-Security-Token": "s", "Host": "a", "X-A": "1",
            ])
        request.maximumRedirects = 1
        return Redirects(request)
    }

    @Test(arguments: [
        ("https://a/", "https://a:443/b", true), ("https://a/", "https://b/", false),
        ("https://a/", "https://a:8443/", false),
        ("http://a/", "https://a/", false),
    ])
    func secretsStayWithTheirOrigin(from: String, to: String, kept: Bool) throws {
        var redirects = try redirects(from)
        #expect(try redirects.follow(302, to))
        let names = redirects.request.headers.map(\.name)
        #expect(
            names == (kept ? ["Authorization", "Cookie", "X-Amz-Security-Token", "Host", "X-A"] : ["X-A"]))
    }

    @Test(arguments: ["http://a/", "ftp://a/", "file:///etc/passwd", "ws://a/", "https://u:p@a/"])
    func refused(target: String) throws {
        var redirects = try redirects("https://a/")
        let error = #expect(throws: HTTPError.self) { _ = try redirects.follow(302, target) }
        #expect(error?.code == .redirect)
    }

    @Test(arguments: [200, 300, 304, 305, 404]) func otherStatusesAreFinal(status: Int) throws {
        var redirects = try redirects("https://a/")
        #expect(try !redirects.follow(status, "https://b/"))
        #expect(try !redirects.follow(302, nil))
    }
}
