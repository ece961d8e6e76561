import HTTP
import Testing

@testable import AWSClients

@Suite struct CanonicalPathTests {
    @Test(arguments: [
        ("/", "/"), ("//", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a/..", "/"), ("/a/b/..", "/a/"),
        ("/a/./b", "/a/b"), ("/../..", "/"), ("/a//b//", "/a/b/"), ("/a/../b", "/b"), ("/.../a", "/.../a"),
        ("", "/"),
        ("/a/.", "/a/"),
    ])
    func normalizes(_ path: String, _ expected: String) {
        #expect(CanonicalPath.normalize(path) == expected)
    }
}

@Suite struct CanonicalQueryTests {
    @Test func sortsByNameThenValue() {
        #expect(
            CanonicalQuery.encode([("a", "9"), ("ab", ""), ("a-b", "x"), ("a", "10")]) == "a=10&a=9&a-b=x&ab="
        )
    }

    @Test(arguments: [
        ("acl", "acl="), ("b=2&a=1", "a=1&b=2"), ("a=b=c", "a=b%3Dc"), ("a=%7e", "a=~"), ("a=%2f", "a=%2F"),
        ("k=a+b", "k=a%2Bb"), ("k=%zz", "k=%25zz"), ("&&a=1&", "a=1"), ("A=1&a=2&Z=3", "A=1&Z=3&a=2"),
        ("", ""),
        ("a=ü", "a=%C3%BC"), ("a=1&a=0", "a=0&a=1"), ("a=1&b", "a=1&b="), ("a=1&", "a=1"), ("a=%41", "a=A"),
        ("a=%2", "a=%252"), ("a=%FF", "a=%FF"), ("=", "="), ("a==", "a=%3D"), ("ab=1&a=2", "a=2&ab=1"),
        ("a=1&ab=2&b=%20", "a=1&ab=2&b=%20"),
    ])
    func canonicalizes(_ query: String, _ expected: String) {
        #expect(CanonicalQuery.canonicalize(query) == expected)
    }
}

@Suite struct CanonicalHeadersTests {
    @Test func trimsCollapsesJoinsAndSorts() {
        var headers: HTTPHeaders = [:]
        headers.add("X-B", "  two \t  words ")
        headers.add("Host", "example.com")
        headers.add("x-a", "1")
        headers.add("X-A", "2")
        headers.add("x-empty", "")
        let canonical = CanonicalHeaders(headers)
        #expect(
            String(decoding: canonical.lines, as: UTF8.self)
                == "host:example.com\nx-a:1,2\nx-b:two words\nx-empty:\n")
        #expect(canonical.names == Array("host;x-a;x-b;x-empty".utf8))
    }

    @Test func leavesUnsignedWhatChangesOnTheWay() {
        let canonical = CanonicalHeaders(
            [
                "User-Agent": "a", "Expect": "b", "Connection": "c", "Transfer-Encoding": "d",
                "X-Amzn-Trace-Id": "e",
                "Authorization": "f", "Accept-Encoding": "g", "Host": "h",
            ] as HTTPHeaders)
        #expect(canonical.names == Array("host".utf8))
    }
}
