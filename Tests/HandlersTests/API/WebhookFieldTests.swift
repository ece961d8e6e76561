import JSON
import Testing

@testable import Handlers

/// An address that would not be called is refused at once, with a word on who can change that.
@Suite(.timeLimit(.minutes(1))) struct WebhookFieldTests {
    @Test(arguments: [
        ("/v1/generate", #"{"prompt":"p","webhook_url":"https://hooks.example.com/a"}"#),
        ("/v1/workflows/execute", #"{"workflow":{},"webhook_url":"https://hooks.example.com/a"}"#),
    ])
    func whatIsNotAllowedIsRefused(_ path: String, _ body: String) async throws {
        for hosts in ["", "hooks.example.org"] {
            let bench = try APIBench.offline(on: testLoop, ["WEBHOOK_ALLOWED_HOSTS": hosts])
            let answer = await bench.post(path, body)
            #expect(answer.status == 400)
            let fault = answer.json?["error"]?["details"]?["errors"]?.array?.first
            #expect(fault?["field"] == "webhook_url")
            #expect(fault?["code"] == "not_allowed")
        }
    }

    /// `*` is whoever has a public address: the guard is asked too, even of a host that is listed.
    @Test(arguments: [
        ("*", "", "https://hooks.example.com/a", true), ("*", "", "http://hooks.example.com/a", false),
        ("*", "", "https://127.0.0.1/", false), ("*", "", "https://[::1]/", false),
        ("http://127.0.0.1:9", "", "http://127.0.0.1:9/", false),
        ("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9/", true),
        ("hooks.example.org", "http://127.0.0.1:9", "http://127.0.0.1:9/", false),
    ])
    func theAddressMustBePublicOrTrusted(
        _ hosts: String, _ trusted: String, _ address: String, _ isTaken: Bool
    ) async throws {
        let bench = try APIBench.offline(
            on: testLoop, ["WEBHOOK_ALLOWED_HOSTS": hosts, "TRUSTED_HOSTS": trusted])
        let answer = await bench.post(
            "/v1/generate", #"{"prompt":"p","webhook_url":"\#(address)"}"#)
        // What is taken fails later: its AWS is nowhere.
        #expect(answer.status == (isTaken ? 503 : 400))
    }
}
