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
}
