import JSON
import Testing

@testable import ComfyUI

@Suite struct WorkflowGraphStructureTests {
    /// `"1<3 2<1,3"`: node 1 takes from 3, node 2 from 1 and 3.
    private static func graph(_ text: String) -> WorkflowGraph {
        WorkflowGraph(
            nodes: text.split(separator: " ").map { part in
                let sides = part.split(separator: "<").map(String.init)
                var inputs = JSON.Object()
                for (index, source) in (sides.count > 1 ? sides[1].split(separator: ",") : []).enumerated() {
                    inputs["in\(index)"] = [.string(String(source)), 0]
                }
                return WorkflowGraph.Node(id: sides[0], classType: "ImageInvert", inputs: inputs)
            })
    }

    @Test(arguments: [
        ("1 2<1 3<2", []),
        ("1<1", [["1"]]),
        ("3<5 5<3", [["3", "5"]]),
        // The data flows 1 → 2 → 3 → 1.
        ("1<3 2<1 3<2 4<3", [["1", "2", "3"]]),
        ("1<2 2<1 a<b b<a", [["1", "2"], ["a", "b"]]),
        ("1<9", []),
    ])
    func cycles(text: String, expected: [[String]]) {
        #expect(Self.graph(text).cycles == expected)
    }

    @Test func executionOrderPutsFeedersFirst() {
        let graph = Self.graph("3<1,2 2<1 1 4<5 5<4")
        #expect(graph.executionOrder.map { graph.nodes[$0].id } == ["1", "2", "3"])
    }

    @Test("a chain of 50,000 nodes that bites its tail is found without deep recursion")
    func longCycle() {
        let count = 50_000
        let graph = WorkflowGraph(
            nodes: (0..<count).map {
                .init(id: "\($0)", classType: "A", inputs: ["x": [.string("\(($0 + 1) % count)"), 0]])
            })
        #expect(graph.cycles.map(\.count) == [count])
    }

    @Test func outputNodesInOrder() throws {
        let graph = try Graphs.graph([
            "1": ["class_type": "EmptyImage"],
            "2": ["class_type": "PreviewImage", "inputs": ["images": ["1", 0]]],
            "3": ["class_type": "SaveImage", "inputs": ["images": ["1", 0]]],
            "4": ["class_type": "PreviewAny", "inputs": ["source": ["1", 0]]],
            "5": ["class_type": "SomebodysSaver", "inputs": ["images": ["6", 0]]],
            "6": ["class_type": "SomebodysFilter", "inputs": ["image": ["1", 0]]],
        ])
        #expect(graph.outputNodes(.standard) == ["3", "4", "5"])
    }

    @Test func independentParts() throws {
        let graph = try Graphs.graph([
            "a": ["class_type": "EmptyImage"], "b": ["class_type": "EmptyImage"],
            "lonely": ["class_type": "EmptyImage"],
            "c": ["class_type": "SaveImage", "inputs": ["images": ["b", 0]]],
            "d": ["class_type": "SaveImage", "inputs": ["images": ["a", 0]]],
            "e": ["class_type": "SaveImage", "inputs": ["images": ["a", 0]]],
        ])
        #expect(
            graph.independentParts(.standard).map { $0.nodes.map(\.id) } == [["a", "d", "e"], ["b", "c"]])
    }

    @Test func submissionMakesNamesUnique() throws {
        let graph = try Graphs.graph([
            "1": ["class_type": "EmptyImage"],
            "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "sub/x"]],
            "3": ["class_type": "SaveImage", "inputs": ["images": ["1", 0]]],
            "4": ["class_type": "SaveImageWebsocket", "inputs": ["images": ["1", 0]]],
            "5": ["class_type": "SomebodysSaver", "inputs": ["filename_prefix": "y"]],
        ])
        #expect(
            graph.submission(runID: "r1", catalog: .standard).text == """
                {"1":{"class_type":"EmptyImage","inputs":{}},\
                "2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"comfy/r1/sub/x"}},\
                "3":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"comfy/r1/ComfyUI"}},\
                "4":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"comfy/r1/ComfyUI"}},\
                "5":{"class_type":"SomebodysSaver","inputs":{"filename_prefix":"comfy/r1/y"}}}
                """)
    }

    @Test(
        arguments: [
            (Graphs.textToImage, 1),
            (Graphs.image(["width": 64, "height": 64, "batch_size": 3]), 3),
            (
                Graphs.image(
                    ["width": 64, "height": 64, "batch_size": 2],
                    adding: [
                        "3": [
                            "class_type": "RepeatImageBatch", "inputs": ["image": ["1", 0], "amount": 2],
                        ],
                        "4": ["class_type": "SaveImage", "inputs": ["images": ["3", 0]]],
                        "5": ["class_type": "PreviewAny", "inputs": ["source": ["1", 0]]],
                    ]), 6
            ),
            (
                [
                    "1": ["class_type": "EmptyAudio"],
                    "2": ["class_type": "SaveAudio", "inputs": ["audio": ["1", 0]]],
                ], 1
            ),
            (["1": ["class_type": "ImageInvert", "inputs": ["image": ["1", 0]]]], 1),
            (Graphs.image(["width": 64, "height": 64, "batch_size": 1e300]), 1_000_000),
        ] as [(JSON, Int)])
    func pictureCount(json: JSON, expected: Int) throws {
        #expect(try Graphs.graph(json).pictureCount(.standard) == expected)
    }
}
