import JSON
import Testing

@testable import ComfyUI

@Suite struct WorkflowRulesTests {
    let rules = WorkflowRules()

    private func faults(_ json: JSON, uploads: Set<String> = []) throws -> [String] {
        rules.faults(in: try Graphs.graph(json), uploads: uploads).summary
    }

    @Test func acceptsTheCommonGraph() throws {
        #expect(try faults(Graphs.textToImage) == [])
        #expect(try rules.validate(Graphs.textToImage).nodes.count == 7)
    }

    @Test("every graph of the recordings that ComfyUI ran passes, but for the recorder's own nodes")
    func recordedGraphs() throws {
        var rules = WorkflowRules(
            allowedNodeTypes: "+ProbeSleep,+ProbeBusy,+ProbeRaise,+ProbeBlock,+ProbeExpand")
        // The recorder interrupted one run of 400 steps and animated eight frames.
        rules.maximumSteps = 400
        rules.maximumBatch = 8
        for name in [
            "01-run-success", "14-core-workflows", "20-queue", "60-sampling-tiny", "v0.3.64/01-runs",
        ] {
            let recording = try Recording(name)
            for exchange in recording.exchanges {
                guard exchange.response["status"]?.int == 200,
                    let prompt = exchange.request["body"]?["json"]?["prompt"]
                else { continue }
                let uploads = Set((prompt.object ?? [:]).compactMap { $0.value["inputs"]?["image"]?.string })
                let graph = try Graphs.graph(prompt)
                #expect(rules.faults(in: graph, uploads: uploads).summary == [], "\(name): \(prompt.text)")
            }
        }
    }

    @Test("all faults of shape, overrides and content are told at once")
    func everythingAtOnce() throws {
        let json: JSON = [
            "1": ["class_type": "EmptyImage", "inputs": ["width": 64, "height": 64, "batch_size": 5]],
            "bad id": ["class_type": "ExecuteShell", "inputs": [:]],
            "3": ["inputs": [:]],
            "4": ["class_type": "ImageInvert", "inputs": ["image": ["5", 0]]],
            "5": ["class_type": "ImageInvert", "inputs": ["image": ["4", 0]]],
            "6": ["class_type": "SaveImage", "inputs": ["images": ["7", 0], "filename_prefix": "../x"]],
            "8": ["class_type": "CLIPTextEncode", "inputs": ["text": "a\u{0}b", "clip": [1]]],
        ]
        let error = try #require(throws: WorkflowFaults.self) {
            try rules.validate(json, overrides: ["1.nope": 1])
        }
        #expect(
            error.faults.summary == [
                "3 missing_class_type", "1.nope unknown_input", "4 cycle", "1.batch_size too_many_pictures",
                "bad id bad_node_id", "bad id node_not_allowed", "6.images missing_link_target",
                "6.filename_prefix climbing_path", "8.text control_character", "8.clip bad_link",
            ])
        #expect(error.faults[2].message == "The nodes feed one another: 4 → 5 → 4.")
    }

    @Test("an unreadable document tells that and no more")
    func unreadable() throws {
        let error = try #require(throws: WorkflowFaults.self) {
            try rules.validate(["nodes": [], "links": []])
        }
        #expect(error.faults.summary == ["editor_format"])
    }

    @Test(arguments: [(100, []), (101, ["too_many_nodes"])])
    func nodeCount(count: Int, expected: [String]) throws {
        var json = JSON.Object()
        for index in 0..<count {
            json["\(index)"] = ["class_type": "SaveImage", "inputs": ["filename_prefix": "x"]]
        }
        #expect(try faults(.object(json)) == expected)
    }

    @Test(arguments: ["1", "a-b_c:d.e", String(repeating: "x", count: 64)])
    func goodIDs(id: String) throws {
        #expect(try faults([id: ["class_type": "SaveImage"]]) == [])
    }

    @Test(arguments: ["", "a b", "é", "a/b", "\u{0}", "1\n", String(repeating: "x", count: 65), "🙂"])
    func badIDs(id: String) throws {
        var json = JSON.Object()
        json[id] = ["class_type": "SaveImage"]
        let faults = rules.faults(in: try Graphs.graph(.object(json)))
        #expect(faults.map(\.code) == ["bad_node_id"])
    }

    @Test func needsAnOutputThatIsKept() throws {
        #expect(try faults(["1": ["class_type": "EmptyImage"]]) == ["no_output_node"])
        #expect(
            try faults([
                "1": ["class_type": "EmptyImage"],
                "2": ["class_type": "PreviewImage", "inputs": ["images": ["1", 0]]],
            ]) == ["no_output_node"])
    }

    @Test("a class of the operator's own may be the output", arguments: ["*", "+MySaver", "MySaver"])
    func ownOutput(setting: String) throws {
        let rules = WorkflowRules(allowedNodeTypes: setting)
        #expect(rules.faults(in: try Graphs.graph(["1": ["class_type": "MySaver"]])).summary == [])
    }

    @Test(
        arguments: [
            (nil, "SaveImage", true), (nil, "ProbeSleep", false), (nil, "LoadImageOutput", false),
            ("", "SaveImage", true), (" ", "SaveImage", true), ("*", "LoadImageOutput", true),
            ("+ProbeSleep", "ProbeSleep", true), ("+ProbeSleep", "SaveImage", true),
            (" + A , +B ", "B", true),
            (" + A , +B ", "A", true), ("SaveImage", "SaveImage", true), ("SaveImage", "KSampler", false),
            ("SaveImage,+ProbeSleep", "ProbeSleep", true), ("SaveImage,+ProbeSleep", "KSampler", false),
            (nil, "saveimage", false), (nil, "\u{212A}Sampler", false),
        ] as [(String?, String, Bool)])
    func allowList(setting: String?, classType: String, expected: Bool) {
        let list = AllowList(setting, default: ["SaveImage", "KSampler"])
        #expect(list.contains(classType) == expected)
    }

    @Test("a refusal tells the reason where there is one")
    func refusalReason() throws {
        let graph = try Graphs.graph([
            "1": ["class_type": "LoadImageOutput"], "2": ["class_type": "SaveImage"],
        ])
        #expect(
            rules.faults(in: graph).map(\.message) == [
                "'LoadImageOutput' is not among the node classes allowed here: "
                    + "it reads other people's pictures in the worker's output folder."
            ])
    }

    static let textCases: [(String, [String])] = [
        ("tab\tnewline\nand CRLF\r\nare fine, and so are < > \" ' & and SELECT", []),
        ("\u{1B}[31m", ["6.text control_character"]),
        ("a\rb", ["6.text control_character"]),
        ("ends\r", ["6.text control_character"]),
        ("\u{0}", ["6.text control_character"]),
        ("\u{7F}", ["6.text control_character"]),
        ("\u{85}", ["6.text control_character"]),
        ("Ã© é 日本 🙂", []),
        (String(repeating: "é", count: 5000), []),
        (String(repeating: "é", count: 5001), ["6.text text_too_long"]),
        (String(repeating: "x", count: 100_000), ["6.text text_too_long"]),
    ]

    @Test(arguments: textCases)
    func texts(text: String, expected: [String]) throws {
        var graph = try Graphs.graph(Graphs.textToImage)
        graph["6"]?.inputs["text"] = .string(text)
        #expect(rules.faults(in: graph).summary == expected)
    }

    @Test(arguments: [
        (#"["4"]"#, "bad_link"), (#"["4","1"]"#, "bad_link"), (#"["4",1,0]"#, "bad_link"),
        (#"["4",-1]"#, "bad_link"),
        (#"["4",1.5]"#, "bad_link"), (#"["4",99999999999999999999]"#, "bad_link"), (#"[]"#, "bad_link"),
        (#"["77",0]"#, "missing_link_target"), (#"1e999"#, "number_out_of_range"),
        (#"-1e999"#, "number_out_of_range"), (String(repeating: "9", count: 5000), "number_out_of_range"),
        (#"{"__value__":"a\u0007"}"#, "control_character"),
        (String(repeating: "{\"a\":", count: 200) + "1" + String(repeating: "}", count: 200), "too_deep"),
    ])
    func values(text: String, expected: String) throws {
        var graph = try Graphs.graph(Graphs.textToImage)
        graph["6"]?.inputs["clip"] = try JSON(parsing: text)
        #expect(rules.faults(in: graph).summary == ["6.clip \(expected)"])
    }

    @Test("thousands of nodes, inputs and faults stay bounded in the answer")
    func many() throws {
        var json = JSON.Object()
        for index in 0..<20_000 {
            json["node \(index)"] = ["class_type": "Nope", "inputs": ["x": ["missing", 0], "y": "a\u{1}"]]
        }
        let error = try #require(throws: WorkflowFaults.self) { try rules.validate(.object(json)) }
        #expect(error.faults.count == 201)
        #expect(error.faults.last?.code == "more_faults")
        #expect(error.faults[0].code == "too_many_nodes")
    }

    @Test("many edges to one node and many overrides take no more than linear time", .timeLimit(.minutes(1)))
    func manyOfOneNode() throws {
        let edges = (0..<20_000).map { index -> JSON in
            ["from": "1", "output": 0, "to": "2", "input": .string("in\(index)")]
        }
        let graph = try WorkflowGraph(normalizing: [
            "nodes": ["1": ["class_type": "EmptyImage"], "2": ["class_type": "SaveImage"]],
            "edges": .array(edges),
        ])
        #expect(graph["2"]?.inputs.count == 20_000)
        #expect(rules.faults(in: graph) == [])
        let overrides = JSON.Object((0..<1001).map { ("2.in\($0)", 1) })
        let error = try #require(throws: WorkflowFaults.self) {
            try rules.validate(graph.json, overrides: overrides)
        }
        #expect(error.faults.summary == ["too_many_overrides"])
    }

    @Test("what a user wrote is cut in messages")
    func clipped() throws {
        let long = String(repeating: "A", count: 100_000)
        var node = WorkflowGraph.Node(id: long, classType: long)
        node.inputs[long] = [.string(long + "B"), 0]
        let faults = rules.faults(in: WorkflowGraph(nodes: [node]))
        #expect(
            faults.map(\.code) == [
                "bad_node_id", "node_not_allowed", "bad_input_name", "missing_link_target",
            ])
        #expect(faults.allSatisfy { $0.json.text.utf8.count < 600 })
    }
}
