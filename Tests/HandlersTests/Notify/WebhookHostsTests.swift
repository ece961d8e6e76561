import HTTP
import Testing

@testable import Handlers

@Suite struct WebhookHostsTests {
    @Test(arguments: [
        ("hooks.example.com", "https://hooks.example.com/a?b=c", true),
        ("hooks.example.com", "https://HOOKS.Example.com/", true),
        ("hooks.example.com", "https://hooks.example.com:443/", true),
        ("hooks.example.com", "http://hooks.example.com/", false),
        ("hooks.example.com", "https://hooks.example.com:8443/", false),
        ("hooks.example.com", "https://hooks.example.com.evil.example/", false),
        ("hooks.example.com", "https://evil.example/hooks.example.com", false),
        ("hooks.example.com", "https://a.hooks.example.com/", false),
        ("*.example.com", "https://a.example.com/", true),
        ("*.example.com", "https://a.b.example.com/", true),
        ("*.example.com", "https://example.com/", false),
        ("*.example.com", "https://.example.com/", false),
        ("*.example.com", "https://badexample.com/", false),
        ("example.com:8443", "https://example.com:8443/", true),
        ("example.com:8443", "https://example.com/", false),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/hook", true),
        ("http://127.0.0.1:9000", "https://127.0.0.1:9000/hook", false),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9001/hook", false),
        ("[::1]:9000", "https://[::1]:9000/", true),
    ])
    func anEntryAllowsItsOwnAddressesOnly(_ entry: String, _ address: String, _ isAllowed: Bool) throws {
        let hosts = try #require(WebhookHosts([entry]))
        // An address that is none is refused before anybody asks.
        let url = URL(address)
        #expect((url.map { hosts.allows($0) } ?? false) == isAllowed)
    }

    @Test func anEmptyListAllowsNobody() throws {
        let url = try #require(URL("https://example.com/"))
        #expect(WebhookHosts([])?.allows(url) == false)
        #expect(WebhookHosts([])?.isEmpty == true)
    }

    @Test func aStarAllowsAnybody() throws {
        let hosts = try #require(WebhookHosts(["*"]))
        #expect(!hosts.isEmpty)
        #expect(hosts.allows(try #require(URL("https://example.com:8443/"))))
    }

    @Test(arguments: [
        "**", "*.", "a.*.example.com", "example.com/path", "example.com?q", "ftp://example.com", "", " ",
        "user@example.com",
    ])
    func whatIsNoEntryIsAnErrorAtStart(_ text: String) throws {
        #expect(WebhookHosts([text]) == nil)
    }

    @Test func theErrorNamesTheVariableAndTheEntry() throws {
        var environment = ConfigurationTests.required
        environment["WEBHOOK_ALLOWED_HOSTS"] = "hooks.example.com, *."
        let error = #expect(throws: Configuration.Invalid.self) {
            try Configuration(environment: environment)
        }
        #expect(error?.variable == "WEBHOOK_ALLOWED_HOSTS")
        #expect(error?.found == "*.")
    }
}
