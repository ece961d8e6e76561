import Handlers
import JSON
import Testing

@testable import comfy_lambda

@Suite struct RecordedEventTests {
    @Test(
        arguments: [
            ("01-api-generate.json", "{", HandlerName.api), ("dispatch.json", "{}", .dispatch),
            ("07_sweep_now.json", "{}", .sweep), ("generate.json", #"{"requestContext":{"http":{}}}"#, .api),
            ("x.json", #"{"httpMethod":"GET"}"#, .api),
            ("x.json", #"{"detail-type":"Scheduled Event"}"#, .sweep),
            ("x.json", #"{"Records":[{"EventSource":"aws:sns"}]}"#, .notify),
            (
                "x.json",
                #"{"Records":[{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:comfy-notify"}]}"#,
                .notify
            ),
            (
                "x.json", #"{"Records":[{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:work"}]}"#,
                .dispatch
            ),
            ("x.json", #"{"Records":[{"eventSource":"aws:s3"}]}"#, nil), ("x.json", "{}", nil),
            ("x.json", "no", nil),
            ("1-2-api.json", "{}", nil),
        ] as [(String, String, HandlerName?)])
    func nameOrShapeSayWhoTakesIt(name: String, event: String, handler: HandlerName?) {
        #expect(RecordedEvent.handler(of: Array(event.utf8), name: name) == handler)
    }

    @Test(arguments: [
        #"{"body":"{\"prompt\":\"a\",\"steps\":3}","isBase64Encoded":false}"#,
        #"{"body":"eyJwcm9tcHQiOiJhIiwic3RlcHMiOjN9","isBase64Encoded":true}"#,
    ])
    func thePromptIsReplacedAndTheRestIsKept(event: String) throws {
        let replaced = try RecordedEvent(Array(event.utf8), name: "e").replacing(prompt: #"a "b""#)
        let json = try JSON(parsing: replaced.bytes)
        #expect(json["body"]?.string == #"{"prompt":"a \"b\"","steps":3}"#)
        #expect(json["isBase64Encoded"] == false)
    }

    @Test(arguments: [
        #"{}"#, #"{"body":"no json"}"#, #"{"body":"***","isBase64Encoded":true}"#, #"{"body":"[]"}"#,
    ])
    func anEventWithoutABodyHasNoPrompt(event: String) throws {
        let recorded = try RecordedEvent(Array(event.utf8), name: "e.json")
        #expect(
            throws: CommandFailure(
                "e.json is no HTTP event with a JSON body, so it has no prompt to replace.")
        ) { try recorded.replacing(prompt: "b") }
    }

    @Test func whatIsNoJSONIsNamed() {
        #expect(throws: CommandFailure.self) { try RecordedEvent(Array("{".utf8), name: "e.json") }
    }
}
