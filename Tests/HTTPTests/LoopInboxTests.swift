import Testing

@testable import HTTP

@Suite struct LoopInboxTests {
    private final class Object: Sendable {}

    @Test func `an inbox that is closed keeps nothing`() {
        let inbox = LoopInbox()
        weak var before: Object?
        weak var after: Object?
        do {
            let objects = (Object(), Object())
            (before, after) = objects
            _ = inbox.put(.action { [object = objects.0] in _ = object })
            inbox.close()
            let mustWake = inbox.put(.action { [object = objects.1] in _ = object })
            #expect(!mustWake)
        }
        #expect(before == nil)
        #expect(after == nil)
        #expect(inbox.take().isEmpty)
    }
}
