import AWSClients
import JSON
import Testing
import Time

@testable import Handlers

@Suite struct JobItemTests {
    @Test func aQueuedJobStandsInTheQueueByBandAndAge() {
        var job = Sample.queued()
        job.priority = 9
        let item = JobItem.encode(job)
        #expect(item["pk"] == .s("JOB#01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b"))
        #expect(item["sk"] == .s("JOB"))
        // The id's last byte is 0x5b = 91: 91 mod 4 = 3, 91 mod 16 = 11.
        #expect(item["queue_pk"] == .s("high#3"))
        #expect(item["queue_sk"] == .s("001790000000000#01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b"))
        #expect(item["open_pk"] == .s("OPEN#11"))
        #expect(item["open_sk"] == .s("001790000030000"))
        #expect(item["user_pk"] == .s("alice"))
        #expect(item["user_status_pk"] == .s("alice#queued"))
        #expect(item["expires_at"] == nil)
    }

    @Test func aRunningJobIsNotInTheQueueAndItsTokenIsInTheItem() throws {
        let item = JobItem.encode(try Sample.submitted())
        #expect(item["queue_pk"] == nil)
        #expect(item["open_pk"] != nil)
        #expect(item["token"] == .s("token-1"))
        #expect(item["prompt_id"] == .s("prompt-1"))
    }

    @Test func anAnnouncedJobIsInNoWorkIndexAndExpires() throws {
        let job = try Sample.completed().transition(.announced, at: Sample.start + .seconds(6)).job
        let item = JobItem.encode(job)
        #expect(item["open_pk"] == nil)
        #expect(item["queue_pk"] == nil)
        #expect(item["notification_pending"] == nil)
        #expect(item["expires_at"] == .n(1_790_000_005 + 30 * 86_400))
        #expect(item["user_status_pk"] == .s("alice#completed"))
    }

    @Test func everyFieldComesBack() throws {
        var job = try Sample.completed()
        job.priority = 2
        job.primaryNode = "9"
        job.workerLabels = ["a100", "eu"]
        job.checkpoint = "sd_xl_base_1.0.safetensors"
        job.seed = 18_446_744_073_709_551_615
        job.webhookURL = "https://example.com/hook"
        job.shape = "AbC_-0123456789x"
        job.template = TemplateReference(id: "01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b", version: 3)
        job.hasMetadata = true
        job.wantsPreviews = true
        job.executionMode = .parallel
        job.timeoutSeconds = 90
        job.cancelRequestedAt = Sample.start + .seconds(3)
        job.failure = .init(.nodeFailed, "it broke", details: ["node_id": "3"])
        // TTL is in whole seconds.
        job.expiresAt = Timestamp(milliseconds: 1_800_000_000_000)
        #expect(try JobItem.decode(JobItem.encode(job)) == job)
        let running = try Sample.submitted()
        #expect(try JobItem.decode(JobItem.encode(running)) == running)
    }

    @Test(arguments: ["user", "state", "version", "created_at", "attempt", "schema"])
    func anItemWithoutWhatAJobNeedsIsRefusedByName(_ attribute: String) {
        var item = JobItem.encode(Sample.queued())
        item[attribute] = nil
        #expect {
            try JobItem.decode(item)
        } throws: {
            ($0 as? JobItem.DecodingError)?.attribute == attribute
        }
    }

    @Test func aNewerLayoutIsNotMisread() {
        var item = JobItem.encode(Sample.queued())
        item["schema"] = .n(3)
        #expect(throws: JobItem.DecodingError.self) { try JobItem.decode(item) }
    }

    @Test func theWriteOfATransitionIsItsDifference() throws {
        let before = Sample.queued()
        let after = try Sample.claimed()
        let updates = JobStore.difference(from: JobItem.encode(before), to: JobItem.encode(after))
        var set: [AttributePath: AttributeValue] = [:]
        var removed: [AttributePath] = []
        for update in updates {
            switch update {
            case .set(let name, let value): set[name] = value
            case .remove(let name): removed.append(name)
            default: Issue.record("unexpected clause \(update)")
            }
        }
        #expect(
            set == [
                "state": .s("running"), "version": .n(1), "token": .s("token-1"), "worker": .s("w-1"),
                "slot": .n(0), "open_sk": .s("001790000046000"), "user_status_pk": .s("alice#running"),
            ])
        #expect(removed == ["queue_pk", "queue_sk"])
    }

    @Test func anItemStaysUnderFourKilobytes() throws {
        var job = try Sample.completed()
        job.outputs = (0..<4).map { index in
            var output = Sample.output
            output.index = index
            return output
        }
        job.webhookURL = "https://example.com/" + String(repeating: "x", count: 500)
        job.failure = .init(.nodeFailed, String(repeating: "x", count: 300))
        var size = 0
        func add(_ value: AttributeValue) {
            switch value {
            case .s(let text), .n(let text): size += text.utf8.count
            case .l(let list): list.forEach(add)
            case .m(let map): for (key, value) in map { size += key.utf8.count; add(value) }
            default: size += 1
            }
        }
        for (key, value) in JobItem.encode(job) { size += key.utf8.count; add(value) }
        #expect(size < 4096)
    }
}
