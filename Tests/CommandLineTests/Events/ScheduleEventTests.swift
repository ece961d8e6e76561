import JSON
import LambdaRuntime
import Testing
import Time

@testable import comfy_lambda

@Suite struct ScheduleEventTests {
    private let document = ScheduleEvent.document(
        id: "e-1", at: Timestamp(milliseconds: 1_763_697_124_518), rule: "sweep", region: "eu-west-1")

    @Test func itIsAsEventBridgeSendsIt() {
        #expect(
            document.text == """
                {"version":"0","id":"e-1","detail-type":"Scheduled Event","source":"aws.events",\
                "account":"123456789012","time":"2025-11-21T03:52:04Z","region":"eu-west-1",\
                "resources":["arn:aws:events:eu-west-1:123456789012:rule/sweep"],"detail":{}}
                """)
    }

    @Test func theRuntimeReadsIt() throws {
        guard case .scheduled(let event) = try LambdaEvent(decoding: document.serialized()) else {
            Issue.record("not a scheduled event")
            return
        }
        #expect(event.detailType == "Scheduled Event")
        #expect(event.time?.milliseconds == 1_763_697_124_000)
    }
}
