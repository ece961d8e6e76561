import JSON
import TestSupport
import Testing

@testable import ComfyUI

@Suite struct ObjectInfoDigestTests {
    static let recorded = Result {
        try JSON(parsing: try Fixtures.bytes("comfyui/object_info.core-nodes.json"))
    }
    let digest: ObjectInfoDigest

    init() throws { digest = ObjectInfoDigest(objectInfo: try Self.recorded.get()) }

    private func faults(_ prompt: JSON, _ digest: ObjectInfoDigest? = nil) throws -> [String] {
        let graph = try Graphs.graph(prompt)
        return graph.nodes.flatMap { (digest ?? self.digest).faults(of: $0, in: graph, catalog: .standard) }
            .summary
    }

    /// What the digest says to the bodies that ComfyUI answered with 400.
    static let refused: [(String, [String])] = [
        ("unknown node type", ["1 unknown_node_type"]),
        ("missing required input", ["1.color required_input_missing"]),
        ("missing linked input", ["2.images required_input_missing"]),
        ("value below min", ["1.width out_of_range"]),
        ("value above max", ["1.width out_of_range"]),
        ("string where INT wanted, not convertible", ["1.width wrong_type"]),
        ("value not in list", ["3.upscale_method value_not_in_list"]),
        ("checkpoint not present", ["1.ckpt_name value_not_in_list"]),
        ("link to an output index that does not exist", ["2.images bad_link"]),
        ("link of the wrong type", ["2.images link_type_mismatch"]),
        // It is ComfyUI that looks for the file; the list in /object_info would refuse valid names.
        ("LoadImage of a missing file", []),
    ]

    @Test(arguments: ["10-prompt-errors", "v0.3.64/10-prompt-errors"], refused)
    func refusedByComfyUI(file: String, expectation: (String, [String])) throws {
        let recording = try Recording(file)
        let exchange = try #require(
            (recording.json["http"]?.array ?? []).first { $0["case"]?.string == expectation.0 })
        #expect(exchange["response"]?["status"]?.int == 400)
        let prompt = try #require(exchange["request"]?["body"]?["json"]?["prompt"])
        #expect(try faults(prompt) == expectation.1)
    }

    @Test(
        "nothing that ComfyUI accepted is refused", arguments: Recording.names.filter { !$0.contains("60-") })
    func acceptedByComfyUI(file: String) throws {
        let recording = try Recording(file)
        for exchange in recording.json["http"]?.array ?? [] {
            // ComfyUI does not look at nodes that no output needs; this one is broken on purpose.
            guard exchange["case"]?.string != "broken node that no output needs: ACCEPTED, not reported",
                exchange["response"]?["status"]?.int == 200,
                exchange["response"]?["body"]?["json"]?["node_errors"]?.object?.isEmpty == true,
                let prompt = exchange["request"]?["body"]?["json"]?["prompt"]
            else { continue }
            #expect(try faults(prompt) == [], "\(prompt.text)")
        }
    }

    @Test func survivesStorage() throws {
        let stored = digest.serialized
        let read = try #require(ObjectInfoDigest(serialized: try JSON(parsing: stored.serialized())))
        #expect(read.serialized == stored)
        #expect(read.classNames.first == "EmptyImage")
        #expect(read.isOutput("SaveImage"))
        #expect(!read.isOutput("EmptyImage"))
        #expect(
            read.classes["KSampler"]?.inputs.first { $0.name == "seed" }?.input.maximum?.text
                == "18446744073709551615")
        // The descriptions and options of 43 classes are 52 KB; what is kept of a thousand must fit an item.
        #expect(stored.serialized().count < 25_000)
    }

    @Test(arguments: ["{}", "[]", #"{"version":2,"classes":{}}"#, #"{"version":1,"classes":{"A":{}}}"#])
    func refusesOtherStorage(text: String) throws {
        #expect(ObjectInfoDigest(serialized: try JSON(parsing: text)) == nil)
    }

    @Test("garbage from a worker makes a digest that says nothing")
    func garbage() throws {
        for text in ["[]", "7", #"{"A":7,"B":{"input":[]},"C":{"input":{"required":{"x":[],"y":7}}}}"#] {
            let digest = ObjectInfoDigest(objectInfo: try JSON(parsing: text))
            #expect(try faults(["1": ["class_type": "C", "inputs": ["x": 1, "y": 2]]], digest).count <= 1)
        }
    }

    @Test("seeds are compared exactly")
    func seedRange() throws {
        var prompt = Graphs.textToImage.object ?? [:]
        var sampler = prompt["3"]?.object ?? [:]
        for (seed, expected) in [
            ("18446744073709551615", []), ("18446744073709551616", ["3.seed out_of_range"]),
        ] {
            var inputs = sampler["inputs"]?.object ?? [:]
            inputs["seed"] = JSON.Number(text: seed).map(JSON.number)
            sampler["inputs"] = .object(inputs)
            prompt["3"] = .object(sampler)
            #expect(try faults(.object(prompt)).filter { $0.hasPrefix("3") } == expected)
        }
    }

    @Test("an input that only another node can make is no text")
    func literalForLink() throws {
        #expect(
            try faults(["1": ["class_type": "SaveImage", "inputs": ["images": "x", "filename_prefix": "y"]]])
                == ["1.images link_required"])
    }

    @Test("an upload's list and lists of several choices stay open")
    func openLists() throws {
        let digest = ObjectInfoDigest(objectInfo: [
            "A": [
                "input": [
                    "required": [
                        "file": [["a.mp4"], ["video_upload": true]],
                        "many": ["COMBO", ["multiselect": true, "options": ["a"]]],
                        "one": ["COMBO", ["options": ["a", 2]]],
                    ]
                ]
            ]
        ])
        #expect(
            try faults(
                ["1": ["class_type": "A", "inputs": ["file": "b.mp4", "many": "x", "one": 2.0]]], digest)
                == [])
        #expect(
            try faults(
                ["1": ["class_type": "A", "inputs": ["file": "b.mp4", "many": "x", "one": "2"]]], digest)
                == ["1.one value_not_in_list"])
    }

    @Test("rules use the digest when it is given")
    func throughRules() throws {
        let graph = try Graphs.graph(Graphs.image(["width": 64, "height": 64]))
        #expect(
            WorkflowRules().faults(in: graph, objectInfo: digest).summary == [
                "1.batch_size required_input_missing", "1.color required_input_missing",
            ])
    }
}
