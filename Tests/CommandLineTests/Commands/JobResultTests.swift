import JSON
import Testing

@testable import comfy_lambda

@Suite struct JobResultTests {
    @Test func aCompletedJobAsATable() {
        let result = JobResult(
            job: [
                "job_id": "j-1", "status": "completed", "created_at": "2025-11-21T03:52:04.518Z",
                "usage": ["queue_ms": 120, "run_ms": 2449], "seed": .number(UInt64.max),
                "progress": ["nodes_total": 7], "error": nil,
                "outputs": [
                    ["index": 0, "content_type": "image/png", "bytes": 34_249, "width": 512, "height": 256]
                ],
            ], files: [], notification: .null)
        #expect(
            Table(rows: result.rows(.milliseconds(8200))).rendered(TerminalStyle(isTerminal: false)) == """
                Job         j-1
                Status      completed
                Created     2025-11-21T03:52:04.518Z
                Waited      120 ms
                Ran         2.4 s
                Nodes       7
                Seed        18446744073709551615
                Output 0    512 × 256, image/png, 34.2 KB
                Everything  8.2 s
                """)
        #expect(result.isCompleted)
    }

    @Test func aFailedJobShowsItsError() {
        let result = JobResult(
            job: [
                "status": "failed", "error": ["code": "NODE_FAILED", "message": "KSampler \u{1B}[2Jbroke"],
            ],
            files: [], notification: .null)
        #expect(result.rows(.zero).contains(["Error", "NODE_FAILED: KSampler [2Jbroke"]))
        #expect(!result.isCompleted)
    }

    @Test func theMessageIsShownWithItsAttributes() {
        let result = JobResult(
            job: [:], files: [],
            notification: [
                "Message": #"{"job_id":"j-1","outputs":[{"key":"a\u001b"}]}"#,
                "MessageAttributes": [
                    "event": ["Type": "String", "Value": "job.completed"],
                    "priority": ["Type": "Number", "Value": "5"],
                ],
            ])
        #expect(
            result.messageText == """
                {
                  "job_id": "j-1",
                  "outputs": [
                    {
                      "key": "a\\u001b"
                    }
                  ]
                }
                attributes: event=job.completed priority=5
                """)
    }

    @Test func aMessageThatIsNoObjectIsShownAsItIs() {
        #expect(JobResult(job: [:], files: [], notification: ["Message": "ding\u{7}"]).messageText == "ding")
    }

    @Test(arguments: [
        ("ComfyUI_00001_.png", "png"), ("a.b.WEBP", "webp"), ("noending", "bin"), ("x.", "bin"),
        ("x.p/../n", "bin"),
        ("x.toolong", "bin"), ("x.\u{1B}", "bin"),
    ])
    func onlyAPlainEndingIsTaken(name: String, ending: String) {
        #expect(JobSession.fileExtension(of: ["filename": .string(name)]) == ending)
    }

    /// The wish was noted, and the worker has not let go yet.
    @Test func aRunningJobThatIsToBeCancelledSaysSo() {
        func status(_ job: JSON) -> [String]? { JobResult.rows(of: job).first { $0[0] == "Status" } }
        let asked: JSON = "2026-11-21T20:58:23.285Z"
        #expect(
            status(["status": "running", "cancel_requested_at": asked]) == [
                "Status", "running, to be cancelled",
            ])
        #expect(status(["status": "running", "cancel_requested_at": nil]) == ["Status", "running"])
        #expect(status(["status": "cancelled", "cancel_requested_at": asked]) == ["Status", "cancelled"])
    }
}
