import AWSClients
import HTTP
import JSON
import Testing
import Time

@testable import Handlers

@Suite struct JobViewTests {
    private let now = Sample.start + .seconds(10)

    @Test func aCompletedJobShowsWhatItsUserNeeds() throws {
        var job = try Sample.completed()
        job.seed = 18_446_744_073_709_551_615
        job.template = TemplateReference(id: "img2img", version: 1)
        let view = JobView(
            .init(job: job, metadata: ["order": 7], progress: ["percent": 80, "nodes": ["3": "running"]]),
            addresses: [
                0: OutputAddress(url: "https://example.com/0.png?sig", expires: now)
            ]
        ).json(at: now)
        #expect(
            view["job_id"] == "01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b")
        #expect(view["status"] == "completed")
        #expect(view["created_at"] == "2026-09-21T14:13:20.000Z")
        #expect(view["started_at"] == "2026-09-21T14:13:22.000Z")
        #expect(view["completed_at"] == "2026-09-21T14:13:25.000Z")
        #expect(view["seed"]?.number?.text == "18446744073709551615")
        #expect(view["template"] == ["id": "img2img", "version": 1])
        #expect(view["image_url"] == "https://example.com/0.png?sig")
        #expect(view["outputs"]?[0]?["url_expires_at"] == "2026-09-21T14:13:30.000Z")
        #expect(view["outputs"]?[0]?["key"] == nil)
        #expect(view["usage"]?["queue_ms"] == 2000)
        #expect(view["usage"]?["run_ms"] == 3000)
        #expect(view["usage"]?["gpu_seconds"]?.double == 3)
        #expect(view["metadata"] == ["order": 7])
        #expect(view["progress"]?["percent"] == 100)
        #expect(view["progress"]?["nodes"] == ["3": "done"])
        #expect(view["error"] == .null)
    }

    @Test func nothingInternalIsShown() throws {
        let text = JobView(.init(job: try Sample.submitted(), metadata: nil, progress: nil))
            .json(at: now).text
        for secret in ["token-1", "prompt-1", "client-1", "outputs/alice"] {
            #expect(!text.contains(secret))
        }
    }

    @Test func theMessageNamesKeysAndNoAddresses() throws {
        let message = JobView(
            .init(job: try Sample.completed(), metadata: nil, progress: nil)
        ).message(bucket: "pictures", at: now)
        #expect(message["event"] == "job.completed")
        #expect(message["user_id"] == "alice")
        #expect(message["bucket"] == "pictures")
        #expect(message["path"] == "/v1/jobs/01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b")
        #expect(
            message["outputs"]?[0]?["key"]
                == "outputs/alice/01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b/1/0.png")
        #expect(message["outputs"]?[0]?["url"] == nil)
        #expect(message["output_count"] == 1)
    }

    @Test func aMessageThatWouldBeTooLongIsCutAndSaysHowMuch() throws {
        var job = try Sample.completed()
        job.outputs = (0..<3000).map { index in
            var output = Sample.output
            output.index = index
            return output
        }
        let message = JobView(.init(job: job, metadata: nil, progress: nil))
            .message(bucket: "pictures", at: now)
        #expect(message.serialized().count <= 262_144)
        #expect(message["output_count"] == 3000)
        #expect((message["outputs"]?.array?.count ?? 0) > 500)
    }

    @Test func theImageIsThePrimaryNodesFirst() throws {
        var job = try Sample.completed()
        var second = Sample.output
        second.index = 1
        second.nodeID = "12"
        var text = Sample.output
        text.index = 2
        text.kind = .text
        text.nodeID = "12"
        job.outputs = [Sample.output, text, second]
        func primary() -> Int? {
            JobView(.init(job: job, metadata: nil, progress: nil)).primaryImage?.index
        }
        #expect(primary() == 0)
        job.primaryNode = "12"
        #expect(primary() == 1)
        job.primaryNode = "none"
        #expect(primary() == 0)
    }

    @Test func aRunningJobWithoutAFrameHasNoProgress() throws {
        let view = JobView(.init(job: try Sample.submitted(), metadata: nil, progress: nil)).json(at: now)
        #expect(view["progress"] == .null)
        #expect(view["usage"]?["run_ms"] == 8000)
    }
}
