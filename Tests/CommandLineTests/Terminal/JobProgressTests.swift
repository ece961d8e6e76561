import JSON
import Testing

@testable import comfy_lambda

@Suite struct JobProgressTests {
    private static func running(percent: Int = 62, node: String = "KSampler") -> JobProgress {
        JobProgress([
            "status": "running",
            "progress": [
                "percent": .number(percent), "value": 13, "max": 20, "node_id": "3",
                "class_type": .string(node),
                "nodes_done": 4, "nodes_total": 7,
            ],
        ])
    }

    @Test(arguments: [
        (#"{"status":"queued","queue_position":3,"progress":null}"#, "queued, position 3"),
        (#"{"status":"queued","queue_position":null}"#, "queued"),
        (#"{"status":"running","progress":null}"#, "running  0%"),
        (
            #"{"status":"completed","progress":{"percent":100,"nodes_done":7,"nodes_total":7}}"#,
            "completed  7 of 7 nodes"
        ),
        (#"{"status":"failed"}"#, "failed"),
        ("{}", "unknown"),
    ])
    func everyStateIsALine(job: String, line: String) throws {
        #expect(JobProgress(try JSON(parsing: job)).line == line)
    }

    @Test func aRunningJobIsALine() {
        #expect(Self.running().line == "running  KSampler  62%  step 13/20, 4 of 7 nodes")
    }

    @Test(arguments: [
        (80, true, "KSampler                 ██████░░░░░░   50%  step 13/20, 4 of 7 nodes, 3 s"),
        (40, true, "KSampler     ██████████░░░░░░░░░░   50%"),
        (40, false, "KSampler     ##########----------   50%"),
    ])
    func aBarFillsByPercent(columns: Int, unicode: Bool, bar: String) {
        let style = TerminalStyle(isTerminal: true, columns: columns, unicode: unicode)
        #expect(Self.running(percent: 50).bar(style, seconds: 3) == bar)
    }

    @Test(arguments: [20, 21, 40, 60, 79, 80, 120, 400], [0, 50, 100])
    func noBarIsAsWideAsItsTerminal(columns: Int, percent: Int) {
        let style = TerminalStyle(isTerminal: true, columns: columns)
        let progress = Self.running(percent: percent, node: "ACheckpointLoaderWithAVeryLongNameIndeed")
        #expect(progress.bar(style, seconds: 12_345).count < columns)
    }

    @Test func coloursAreOnlyWhereTheyAreWanted() {
        let plain = Self.running().bar(TerminalStyle(isTerminal: true), seconds: 1)
        #expect(!plain.contains("\u{1B}"))
        let colored = Self.running().bar(TerminalStyle(isTerminal: true, color: true), seconds: 1)
        #expect(colored.contains("\u{1B}[32m"))
    }

    @Test func aNodesNameCannotMoveTheCursor() {
        let progress = Self.running(node: "K\u{1B}[2JS\u{9B}31m\u{7}ampler\n")
        #expect(progress.activity == "K[2JS31mampler")
    }

    @Test func aMilestoneIsAQuarterOrAnotherNode() {
        #expect(Self.running(percent: 51).milestone == Self.running(percent: 74).milestone)
        #expect(Self.running(percent: 51).milestone != Self.running(percent: 75).milestone)
        #expect(Self.running(node: "VAEDecode").milestone != Self.running().milestone)
    }

    @Test(arguments: [
        ("completed", true), ("failed", true), ("cancelled", true), ("running", false), ("queued", false),
    ])
    func threeStatesAreFinal(status: String, isFinal: Bool) {
        #expect(JobProgress(status: status).isFinal == isFinal)
    }

    @Test(arguments: [(-5.0, 0), (33.7, 33), (250.0, 100)])
    func percentStaysInItsBounds(found: Double, shown: Int) throws {
        let number = try #require(JSON.Number(found))
        #expect(
            JobProgress(["status": "running", "progress": ["percent": .number(number)]]).percent == shown)
    }
}
