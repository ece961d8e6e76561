import JSON
import Testing

@testable import ComfyUI

@Suite struct ProgressTests {
    /// The percent after each frame that changed something, for a prompt of a recording.
    private func replay(
        _ file: String, prompt: Int = 0, id: String, without type: String? = nil
    ) throws -> (percents: [Int], progress: Progress) {
        let recording = try Recording(file)
        var progress = Progress(graph: try Graphs.graph(try #require(recording.prompt(prompt))))
        var percents: [Int] = []
        for frame in recording.frames() {
            guard let event = ExecutionEvent(frame: frame), event.promptID?.hasPrefix(id) ?? false else {
                continue
            }
            if let type, frame.contains("\"\(type)\"") { continue }
            if progress.apply(event) { percents.append(progress.percent) }
        }
        return (percents, progress)
    }

    @Test("seven nodes of which one takes four steps")
    func sampling() throws {
        let (percents, progress) = try replay("60-sampling-tiny", id: "aed4103e")
        #expect(percents == percents.sorted())
        // 5 of 7 nodes done, a quarter of the sampler: (5 + ¼) / 7 would be 75; the sampler is the fifth to run.
        #expect(Set(percents).isSuperset(of: [14, 28, 42, 57, 60, 64, 67, 71, 85, 100]))
        #expect(progress.nodesDone == 7)
        #expect(progress.percent == 100)
    }

    @Test("the same without progress_state, as older versions have it")
    func samplingOld() throws {
        let (percents, progress) = try replay("60-sampling-tiny", id: "aed4103e", without: "progress_state")
        #expect(percents == percents.sorted())
        #expect(Set(percents).isSuperset(of: [14, 28, 42, 57, 60, 64, 67, 71, 85, 100]))
        #expect(progress.nodesDone == 7)
    }

    @Test("cached nodes are done from the start")
    func cached() throws {
        let recording = try Recording("60-sampling-tiny")
        var progress = Progress(graph: try Graphs.graph(try #require(recording.prompt(1))))
        let hasChanged = progress.apply(.cached(promptID: "p", nodes: ["4", "5", "6", "7", "unknown"]))
        #expect(hasChanged)
        #expect(progress.percent == 57)
        #expect(progress.nodesDone == 4)
        #expect(progress.nodes["4"] == .done)
        #expect(progress.nodes["unknown"] == nil)
    }

    @Test("a failure stops where it is")
    func failure() throws {
        let (percents, progress) = try replay("12-run-time-error", id: "11b644ad")
        #expect(percents.last == 50)
        #expect(progress.nodes == ["1": .done, "5": .done, "3": .running, "2": .pending])
        #expect((progress.nodeID, progress.classType) == ("3", "ProbeRaise"))
    }

    @Test("what runs inside an expanded node is shown under that node")
    func expanded() throws {
        let recording = try Recording("14-core-workflows")
        let index = try #require(
            (0..<20).first { recording.prompt($0)?.text.contains("ProbeExpand") ?? false })
        var progress = Progress(graph: try Graphs.graph(try #require(recording.prompt(index))))
        var seen: [String] = []
        for frame in recording.frames() {
            guard let event = ExecutionEvent(frame: frame), event.promptID?.hasPrefix("bed6ea41") ?? false
            else { continue }
            _ = progress.apply(event)
            if case .progress = event {
                seen.append(
                    "\(progress.nodeID ?? "") \(progress.value)/\(progress.maximum) \(progress.percent)")
            }
        }
        #expect(seen == ["3 1/2 33", "3 2/2 33"])
        #expect(progress.percent == 100)
        #expect(progress.nodesTotal == 3)
    }

    @Test("never backwards, whatever frames say")
    func hostile() throws {
        let graph = try Graphs.graph(Graphs.textToImage)
        var progress = Progress(graph: graph)
        var last = 0
        let events: [ExecutionEvent] = [
            .executing(promptID: "p", node: "3"), .progress(promptID: "p", node: "3", value: 20, maximum: 20),
            .progress(promptID: "p", node: "3", value: 1, maximum: 20),
            .progress(promptID: "p", node: "3", value: -5, maximum: 0),
            .progress(promptID: "p", node: nil, value: .max, maximum: 1),
            .progressState(
                promptID: "p",
                nodes: [("3", .nan, 0, false), ("4", .infinity, 1, false), ("nope", 1, 1, true)]),
            .executing(promptID: nil, node: "4"), .executing(promptID: "p", node: "nope.1"),
            .executed(promptID: "p", node: "3", output: nil), .executing(promptID: "p", node: "3"),
            .cached(promptID: "p", nodes: ["3", "3", "3"]), .executing(promptID: "p", node: nil),
        ]
        for event in events {
            _ = progress.apply(event)
            #expect(progress.percent >= last)
            #expect((0...99).contains(progress.percent))
            last = progress.percent
        }
        #expect(progress.nodesDone == 1)
        let hasChanged = progress.apply(.status(queueRemaining: 3))
        #expect(!hasChanged)
    }

    @Test("a run that another process takes over does not fall back")
    func continuing() throws {
        let recording = try Recording("60-sampling-tiny")
        let graph = try Graphs.graph(try #require(recording.prompt(0)))
        let events = recording.frames().compactMap { ExecutionEvent(frame: $0) }
            .filter { $0.promptID?.hasPrefix("aed4103e") ?? false }
        for cut in [0, 3, events.count / 2, events.count - 2] {
            var first = Progress(graph: graph)
            for event in events[..<cut] { _ = first.apply(event) }
            var second = Progress(graph: graph, continuing: try JSON(parsing: first.json.text))
            #expect(second.percent == min(first.percent, 99))
            #expect(second.nodesDone == first.nodesDone)
            // Its socket hears nothing of what was before.
            for event in events[cut...] {
                let before = second.percent
                _ = second.apply(event)
                #expect(second.percent >= before)
            }
            #expect(second.percent == 100)
        }
    }

    @Test("what is no progress of ours is none")
    func continuingNonsense() throws {
        let recording = try Recording("60-sampling-tiny")
        let graph = try Graphs.graph(try #require(recording.prompt(0)))
        let odd: JSON = ["percent": 4000, "nodes": ["nowhere": "done", "1": 7]]
        let progress = Progress(graph: graph, continuing: odd)
        #expect(progress.percent == 99)
        #expect(progress.nodesDone == 0)
        #expect(Progress(graph: graph, continuing: "x") == Progress(graph: graph))
    }

    @Test func asJSON() throws {
        var progress = Progress(graph: try Graphs.graph(Graphs.image()))
        _ = progress.apply(.executing(promptID: "p", node: "1"))
        _ = progress.apply(.progress(promptID: "p", node: "1", value: 1, maximum: 2))
        #expect(
            progress.json.text == """
                {"percent":25,"value":1,"max":2,"node_id":"1","class_type":"EmptyImage","nodes_done":0,\
                "nodes_total":2,"nodes":{"1":"running","2":"pending"}}
                """)
    }
}
