import JSON
import TestSupport
import Testing

/// Names are resolved without the system's C library: by /etc/hosts and /etc/resolv.conf of an otherwise empty root, in a
/// network that holds nothing but a small DNS server.
@Suite(.timeLimit(.minutes(1)), .ifMountingIsPermitted)
struct NameResolutionTests {
    private static let resolver = ["/etc/resolv.conf": "nameserver 127.0.0.1\nsearch dns.test\n"]

    struct Case: Sendable, CustomTestStringConvertible {
        var host: String
        var files: [String: String] = [:]
        /// Where the first request arrives.
        var address: String
        /// What the DNS server must have been asked, in any order; nil for not at all.
        var query: [String]?
        var testDescription: String { host }
    }

    private static let cases = [
        Case(host: "127.0.0.1", address: "127.0.0.1"),
        Case(host: "[::1]", address: "::1"),
        Case(host: "localhost", address: "127.0.0.1"),
        Case(host: "hosts.test", files: ["/etc/hosts": "127.0.0.1 hosts.test\n"], address: "127.0.0.1"),
        Case(host: "hosts6.test", files: ["/etc/hosts": "::1\thosts6.test # comment\n"], address: "::1"),
        Case(host: "four.dns.test", files: resolver, address: "127.0.0.1", query: ["four.dns.test", "A"]),
        Case(host: "six.dns.test", files: resolver, address: "::1", query: ["six.dns.test", "AAAA"]),
        Case(host: "four", files: resolver, address: "127.0.0.1", query: ["four.dns.test", "A"]),
    ]

    @Test(arguments: cases) func whereMountingIsPermittedTheServerIsFound(_ one: Case) async throws {
        let found = try await Self.connect(one.host, one.files)
        #expect(found["request"] == "GET /2018-06-01/runtime/invocation/next HTTP/1.1", "\(found.text)")
        #expect(found["host"]?.string == "\(one.host):9001")
        #expect(found["address"]?.string == one.address, "\(found.text)")
        let queries = found["queries"]?.array ?? []
        if let query = one.query {
            #expect(queries.contains(.array(query.map { .string($0) })), "\(found.text)")
        } else {
            #expect(queries.isEmpty)
        }
    }

    @Test func whereMountingIsPermittedANameThatNobodyKnowsIsSaidSo() async throws {
        let found = try await Self.connect("nobody.test", Self.resolver)
        #expect(found["status"] == 1)
        #expect(found["output"]?.string?.contains("Could not resolve host: nobody.test") == true)
    }

    /// What happened to the first request to that host.
    private static func connect(_ host: String, _ files: [String: String]) async throws -> JSON {
        let root = try EmptyRoot(files: files.mapValues { Array($0.utf8) })
        let words =
            EmptyRoot.ownNetwork + [
                "python3", Fixtures.folder + "/network/loopback_names.py", root.program, host,
            ]
        let process = try ChildProcess(
            "/usr/bin/env", words,
            environment: Program.exampleVariables.merging(
                ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "_HANDLER": "api"]) { $1 })
        let status = await process.exit()
        try #require(status == 0, "\(process.standardError)")
        return try JSON(parsing: process.standardOutputBytes)
    }
}
