import HTTP
import Testing

@Suite struct URLTests {
    @Test func theParts() throws {
        let url = try #require(URL("HTTPS://Example.COM:8443/a%2Fb/../c?x=1?&y=%20"))
        #expect(url.scheme == "https")
        #expect(url.host == "example.com")
        #expect(url.port == 8443)
        #expect(url.effectivePort == 8443)
        #expect(url.authority == "example.com:8443")
        #expect(url.path == "/a%2Fb/../c")
        #expect(url.query == "x=1?&y=%20")
        #expect(url.target == "/a%2Fb/../c?x=1?&y=%20")
        #expect(url.description == "https://example.com:8443/a%2Fb/../c?x=1?&y=%20")
        #expect(url.redacted == "https://example.com:8443/a%2Fb/../c?…")
    }

    @Test(arguments: [
        ("http://h", "http://h/", "h", 80), ("https://h", "https://h/", "h", 443),
        ("ws://h?q", "ws://h/?q", "h", 80),
        ("wss://h:443/", "wss://h:443/", "h", 443), ("http://h:/", "http://h/", "h", 80),
        ("http://[::1]:8000/x", "http://[::1]:8000/x", "[::1]:8000", 8000),
        ("http://[2001:DB8::1]", "http://[2001:db8::1]/", "[2001:db8::1]", 80),
        ("http://a_b.c-d:81", "http://a_b.c-d:81/", "a_b.c-d:81", 81),
    ])
    func accepted(text: String, description: String, authority: String, port: Int) throws {
        let url = try #require(URL(text))
        #expect(url.description == description)
        #expect(url.authority == authority)
        #expect(url.effectivePort == port)
        #expect(URL(url.description) == url)
    }

    @Test(arguments: [
        "", "h", "//h/", "http:/h", "ftp://h/", "file:///etc/passwd", "http://", "http:///p", "http://:80/",
        "http://u@h/",
        "http://u:p@h/", "http://h/#f", "http://h/a b", "http://h/\u{7F}", "http://h/\r\nX: y", "http://h/ü",
        "http://h:0/",
        "http://h:65536/", "http://h:x/", "http://h:+1/", "http://[::1/", "http://[h]/", "http://[::1]x/",
        "http://[]/",
        "http://a\\b/", "http://a%2fb/", "http://h:1:2/",
    ])
    func refused(text: String) { #expect(URL(text) == nil) }

    @Test(arguments: [
        ("http://localhost/", true), ("http://a.localhost/", true), ("http://127.8.9.1/", true),
        ("http://[::1]/", true),
        ("http://127.0.0.1.example.com/", false), ("http://localhost.example.com/", false),
        ("http://10.0.0.1/", false),
    ])
    func loopback(text: String, expected: Bool) throws {
        #expect(try #require(URL(text)).isLoopback == expected)
    }

    @Test func percentEncoding() {
        #expect(URL.percentEncode("aZ09-._~ /+&=ü") == "aZ09-._~%20%2F%2B%26%3D%C3%BC")
        #expect(URL.percentEncode("a/b c", keepingSlashes: true) == "a/b%20c")
    }

    @Test(arguments: [
        ("a%20b+c", false, "a b+c"), ("a%20b+c", true, "a b c"), ("%C3%BC", false, "ü"),
        ("%c3%bc", false, "ü"), ("", false, ""),
        ("%", false, nil), ("%2", false, nil), ("%2g", false, nil), ("%FF", false, nil), ("%+1", false, nil),
    ])
    func percentDecoding(text: String, plusIsSpace: Bool, expected: String?) {
        #expect(URL.percentDecode(text, plusIsSpace: plusIsSpace) == expected)
    }

    @Test func queryItems() throws {
        let items = try #require(URL.queryItems("a=1&b&c=&a=2%3D&&x+y=%2B=z"))
        #expect(items.map(\.name) == ["a", "b", "c", "a", "x y"])
        #expect(items.map(\.value) == ["1", "", "", "2=", "+=z"])
        #expect(URL.queryItems("a=%zz") == nil)
        #expect(URL.queryItems("%=1") == nil)
        #expect(URL.queryItems("")?.isEmpty == true)
    }
}
