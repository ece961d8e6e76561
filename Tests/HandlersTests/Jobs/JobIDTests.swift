import AWSClients
import Crypto
import Testing

@testable import Handlers

@Suite struct JobIDTests {
    private static let uuid = UUID("01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b")!

    @Test func aPartIsNamedBelowItsJob() {
        let part = Job.ID(Self.uuid, part: 3)
        #expect("\(part)" == "01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b/p3")
        #expect(Job.ID("\(part)") == part)
        #expect("\(part.whole)" == "01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b")
        #expect(Job.ID("\(part.whole)") == Job.ID(Self.uuid))
    }

    @Test(arguments: ["", "/p0", "/p", "/3", "/p-1", "/p25", "/p0/p0", "p0"])
    func whatFollowsAnIDIsAPartOrNothing(_ suffix: String) {
        let text = "\(Self.uuid)" + suffix
        #expect((Job.ID(text) != nil) == (suffix.isEmpty || suffix == "/p0"))
    }

    /// Both stand in one partition; no other item's key is mistaken for one.
    @Test func itsItemsKeyLeadsBack() {
        for id in [Job.ID(Self.uuid), Job.ID(Self.uuid, part: 12)] {
            #expect(JobItem.id(of: JobItem.key(id)) == id)
        }
        #expect(JobItem.key(Job.ID(Self.uuid, part: 12))["sk"] == .s("PART#12"))
        for sortKey in ["PROGRESS", "PROGRESS#1", "DELIVERY#job.failed", "WORKFLOW", "PART#", "PART#x"] {
            #expect(JobItem.id(of: ["pk": .s("JOB#\(Self.uuid)"), "sk": .s(sortKey)]) == nil)
        }
        #expect(JobItem.id(of: ["pk": .s("WORKERS"), "sk": .s("JOB")]) == nil)
    }
}
