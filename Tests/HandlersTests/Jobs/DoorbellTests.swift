import Testing

@testable import Handlers

@Suite struct DoorbellTests {
    @Test func messagesAreReadBack() {
        let hinted = Doorbell.Message.work(hint: Sample.id)
        #expect(
            hinted.body == #"{"type":"work","job_id":"01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b"}"#)
        #expect(Doorbell.Message(body: hinted.body) == hinted)
        #expect(Doorbell.Message(body: #"{"type":"work","job_id":null}"#) == .work(hint: nil))
        #expect(
            Doorbell.Message(body: #"{"type":"resume","job_id":"01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b"}"#)
                == .resume(Sample.id))
    }

    @Test(arguments: [
        "", "no json", "[]", "{}", #"{"type":"resume"}"#, #"{"type":"resume","job_id":"../x"}"#,
        #"{"type":"other"}"#,
    ])
    func anythingElseIsNoDoorbell(_ body: String) {
        #expect(Doorbell.Message(body: body) == nil)
    }
}
