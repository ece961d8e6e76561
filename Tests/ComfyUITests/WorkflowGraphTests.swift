import JSON
import Testing

@testable import ComfyUI

@Suite struct WorkflowGraphTests {
    @Test("keeps order and the text of numbers, drops all but class and inputs")
    func apiFormat() throws {
        let graph = try Graphs.graph(
            JSON(
                parsing: """
                    {"9":{"class_type":"SaveImage","inputs":{"images":["3",0]},"_meta":{"title":"Save"},"is_changed":1},
                     "3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":7.50}}}
                    """))
        #expect(graph.nodes.map(\.id) == ["9", "3"])
        #expect(
            graph.json.text == """
                {"9":{"class_type":"SaveImage","inputs":{"images":["3",0]}},\
                "3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":7.50}}}
                """)
    }

    @Test("nodes and edges become links")
    func edgeFormat() throws {
        let graph = try Graphs.graph([
            "nodes": [
                "1": ["type": "EmptyImage", "inputs": ["width": 64]], "2": ["class_type": "SaveImage"],
            ],
            "edges": [["from": 1, "output": 0, "to": "2", "input": "images"]],
        ])
        #expect(graph["1"]?.classType == "EmptyImage")
        #expect(graph["2"]?.inputs["images"] == ["1", 0])
    }

    @Test("inputs in a list become inputs by name")
    func listFormat() throws {
        let graph = try Graphs.graph([
            "nodes": [
                "1": [
                    "id": "1", "class_type": "CheckpointLoaderSimple",
                    "inputs": [
                        ["name": "ckpt_name", "type": "STRING", "value": "test.ckpt", "required": true]
                    ],
                ],
                "2": [
                    "class_type": "CLIPTextEncode",
                    "inputs": [
                        ["name": "clip", "type": "CLIP", "value": ["1", 1], "required": true],
                        ["name": "text", "type": "STRING", "required": false],
                    ],
                ],
            ]
        ])
        #expect(graph.checkpoint == "test.ckpt")
        #expect(graph["2"]?.inputs["clip"] == ["1", 1])
        #expect(graph["2"]?.inputs["text"] == nil)
    }

    @Test("a link with a number for an id means the node of that name")
    func numericLink() throws {
        let graph = try Graphs.graph(["2": ["class_type": "SaveImage", "inputs": ["images": [1, 0]]]])
        #expect(graph["2"]?.inputs["images"] == ["1", 0])
    }

    @Test("a node called 'nodes' is a node")
    func nodeNamedNodes() throws {
        #expect(try Graphs.graph(["nodes": ["class_type": "SaveImage"]]).nodes.map(\.id) == ["nodes"])
    }

    static let refused: [(String, [String])] = [
        (#"[]"#, ["not_an_object"]),
        (#""x""#, ["not_an_object"]),
        (#"{}"#, ["no_nodes"]),
        (#"{"nodes":{}}"#, ["no_nodes"]),
        (#"{"nodes":7}"#, ["not_an_object"]),
        (
            #"{"last_node_id":2,"nodes":[{"id":1,"type":"EmptyImage"}],"links":[],"version":0.4}"#,
            ["editor_format"]
        ),
        (
            #"{"1":"x","2":{"inputs":{}},"3":{"class_type":5}}"#,
            ["1 node_not_an_object", "2 missing_class_type", "3 missing_class_type"]
        ),
        (#"{"1":{"type":"SaveImage"}}"#, ["1 missing_class_type"]),
        (#"{"1":{"class_type":"SaveImage","inputs":[]}}"#, ["1 bad_inputs"]),
        (#"{"nodes":{"1":{"class_type":"A"}},"edgs":[]}"#, ["unknown_field"]),
        (#"{"nodes":{"1":{"class_type":"A"}},"edges":{}}"#, ["bad_edge"]),
        (
            #"{"nodes":{"1":{"class_type":"A"}},"edges":[{"from":"1","output":0,"to":"2","input":"x"}]}"#,
            ["2.x missing_link_target"]
        ),
        (
            #"{"nodes":{"1":{"class_type":"A"}},"edges":[{"from":"1","output":-1,"to":"1","input":"x"},7]}"#,
            ["bad_edge", "bad_edge"]
        ),
        (
            #"{"nodes":{"1":{"class_type":"A","inputs":{"x":1}}},"edges":[{"from":"1","output":0,"to":"1","input":"x"}]}"#,
            ["1.x input_given_twice"]
        ),
        (
            #"{"nodes":{"1":{"class_type":"A","inputs":[{"value":1},{"name":"a"},{"name":"b","type":"INT","value":"1"},{"name":"b","value":2}]}}}"#,
            ["1 bad_inputs", "1.a required_input_missing", "1.b wrong_type", "1.b input_given_twice"]
        ),
    ]

    @Test(arguments: refused)
    func shapeFaults(text: String, expected: [String]) throws {
        let json = try JSON(parsing: text)
        let error = try #require(throws: WorkflowFaults.self) { try WorkflowGraph(normalizing: json) }
        #expect(error.faults.summary == expected)
    }

    @Test("the editor's format is refused with the way to export the right one")
    func editorFormat() throws {
        let error = try #require(throws: WorkflowFaults.self) {
            try WorkflowGraph(normalizing: ["nodes": [], "links": []])
        }
        #expect(error.faults[0].message.contains("Export (API)"))
    }

    @Test func subscriptReplacesAppendsRemoves() {
        var graph = WorkflowGraph(nodes: [.init(id: "a", classType: "A"), .init(id: "b", classType: "B")])
        graph["c"] = .init(id: "c", classType: "C")
        graph["a"] = nil
        graph["b"]?.inputs["x"] = 1
        #expect(graph.nodes.map(\.id) == ["b", "c"])
        #expect(graph["b"]?.inputs["x"] == 1)
        #expect(graph["c"]?.classType == "C")
        #expect(graph["a"] == nil)
    }

    @Test func checkpointPrefersCkptName() throws {
        let graph = try Graphs.graph([
            "1": ["class_type": "UNETLoader", "inputs": ["unet_name": "flux.safetensors"]],
            "2": ["class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": "sdxl.safetensors"]],
        ])
        #expect(graph.checkpoint == "sdxl.safetensors")
    }
}

@Suite struct WorkflowOverrideTests {
    @Test func setsValues() throws {
        var graph = try Graphs.graph(Graphs.textToImage)
        try graph.apply(overrides: ["6.text": "a cat", "3.seed": .number(UInt64.max)])
        #expect(graph["6"]?.inputs["text"] == "a cat")
        #expect(graph["3"]?.inputs["seed"]?.number?.text == "18446744073709551615")
    }

    @Test("ids and input names may hold dots")
    func dots() throws {
        var graph = try Graphs.graph(["a.b": ["class_type": "SaveVideo", "inputs": ["format.codec": "auto"]]])
        try graph.apply(overrides: ["a.b.format.codec": "h264"])
        #expect(graph["a.b"]?.inputs["format.codec"] == "h264")
    }

    static let refused: [(JSON.Object, [String])] = [
        (["99.text": "x"], ["99 unknown_node"]),
        (["6.txt": "x"], ["6.txt unknown_input"]),
        (["text": "x"], ["bad_override"]),
        (["6.text": ["4", 0]], ["6.text override_not_a_value"]),
        (["6.text": ["__value__": "../x"]], ["6.text override_not_a_value"]),
        (["6.text": "fine", "7.nope": 1, "8": 1], ["7.nope unknown_input", "bad_override"]),
    ]

    @Test(arguments: refused)
    func faults(overrides: JSON.Object, expected: [String]) throws {
        var graph = try Graphs.graph(Graphs.textToImage)
        let before = graph
        let error = try #require(throws: WorkflowFaults.self) { try graph.apply(overrides: overrides) }
        #expect(error.faults.summary == expected)
        #expect(graph == before)
    }
}
