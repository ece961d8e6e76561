import ComfyUI
import JSON
import TestSupport
import Testing

@testable import Handlers

/// Parameters in workflows, without a table.
@Suite struct TemplateTests {
    private static func definition(_ parameters: JSON, _ inputs: JSON) throws -> TemplateDefinition {
        var reader = FieldReader([
            "name": "t", "parameters": parameters,
            "workflow": [
                "1": ["class_type": "EmptyImage", "inputs": inputs],
                "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "x"]],
            ],
        ])
        return try TemplateDefinition.read(&reader)
    }

    /// `field code` of every fault.
    private static func faults(_ parameters: JSON, _ inputs: JSON) -> [String] {
        do {
            _ = try definition(parameters, inputs)
            return []
        } catch let error as APIError {
            return (error.details?["errors"]?.array ?? []).map {
                "\($0["field"]?.string ?? "-") \($0["code"]?.string ?? "-")"
            }
        } catch {
            return ["\(error)"]
        }
    }

    private static func filled(_ parameters: JSON, _ inputs: JSON, _ values: [String: JSON]) throws
        -> JSON.Object?
    {
        try definition(parameters, inputs).template.fill(values)["1"]?.inputs
    }

    @Test func aValueTakesThePlaceOfATextWithItsOwnType() throws {
        let parameters: JSON = [
            "n": ["type": "integer", "default": 1], "f": ["type": "number", "default": 1],
            "b": ["type": "boolean", "default": false], "t": ["type": "string", "default": ""],
            "p": ["type": "string", "default": "", "pointers": ["/1/inputs/a~1b~0c", "/1/inputs/plain"]],
        ]
        let inputs: JSON = [
            "width": "{{n}}", "x": "{{f}}", "y": "{{b}}", "z": "{{t}}", "a/b~c": 1, "plain": "old",
            "both": "{{t}}, {{n}} times {{f}}", "braces": "{{ t }} {t} {{T}} {{}} {{t", "link": ["1", 0],
        ]
        let found = try Self.filled(
            parameters, inputs, ["n": 64, "f": 0.5, "b": true, "t": "a {{n}} <b>", "p": "{{t}}"])
        #expect(found?["width"] == 64)
        #expect(found?["x"] == 0.5)
        #expect(found?["y"] == true)
        // What a value says is not looked at again.
        #expect(found?["z"] == "a {{n}} <b>")
        #expect(found?["both"] == "a {{n}} <b>, 64 times 0.5")
        #expect(found?["a/b~c"] == "{{t}}")
        #expect(found?["plain"] == "{{t}}")
        #expect(found?["braces"] == "{{ t }} {t} {{T}} {{}} {{t")
        #expect(found?["link"] == ["1", 0])
    }

    static let faulty: [(parameters: JSON, inputs: JSON, faults: [String])] = [
        ([:], ["a": "{{typo}}"], ["workflow unknown_parameter"]),
        (["a": ["type": "string"]], ["b": 1], ["parameters.a unused_parameter"]),
        (["a": ["type": "string"]], ["b": "x{{a}}"], []),
        (["a": ["type": "boolean"]], ["b": "x{{a}}"], ["workflow not_allowed"]),
        (["a": ["type": "seed"]], ["b": "{{a}}!"], ["workflow not_allowed"]),
        (["a": ["type": "file"]], ["b": "../{{a}}"], ["workflow not_allowed"]),
        (
            ["a": ["type": "string", "pointers": ["/1/inputs/none"]]], ["b": "{{a}}"],
            ["parameters.a.pointers malformed"]
        ),
        (
            ["a": ["type": "string", "pointers": ["/1/class_type"]]], ["b": "{{a}}"],
            ["parameters.a.pointers malformed"]
        ),
        // A link is no value: it cannot be replaced by one, as none can become one.
        (
            ["a": ["type": "string", "pointers": ["/2/inputs/images"]]], ["b": "{{a}}"],
            ["parameters.a.pointers malformed"]
        ),
        (
            ["a": ["type": "string", "pointers": ["/1/inputs/b"]]], ["b": "{{a}}"],
            ["parameters.a.pointers repeated"]
        ),
        (["A b": ["type": "string"]], ["b": 1], ["parameters.A b. malformed"]),
        (["a": ["type": "text"]], ["b": "{{a}}"], ["parameters.a.type not_a_choice"]),
        (["a": [:]], ["b": "{{a}}"], ["parameters.a.type required"]),
        (["a": ["type": "string", "defualt": 1]], ["b": "{{a}}"], ["parameters.a.defualt unknown_field"]),
        (["a": ["type": "string", "minimum": 1]], ["b": "{{a}}"], ["parameters.a.minimum not_allowed"]),
        (["a": ["type": "integer", "minimum": 0.5]], ["b": "{{a}}"], ["parameters.a.minimum wrong_type"]),
        (
            ["a": ["type": "number", "minimum": 2, "maximum": 1]], ["b": "{{a}}"],
            ["parameters.a.minimum out_of_range"]
        ),
        (
            ["a": ["type": "integer", "maximum": 5, "default": 6]], ["b": "{{a}}"],
            ["parameters.a.default out_of_range"]
        ),
        (
            ["a": ["type": "string", "default": ["1", 0]]], ["b": "{{a}}"],
            ["parameters.a.default wrong_type"]
        ),
        (
            ["a": ["type": "string", "choices": ["x", 1]]], ["b": "{{a}}"],
            ["parameters.a.choices wrong_type"]
        ),
        (
            ["a": ["type": "string", "choices": ["x"], "default": "y"]], ["b": "{{a}}"],
            ["parameters.a.default not_a_choice"]
        ),
        (["a": ["type": "file", "choices": ["x"]]], ["b": "{{a}}"], ["parameters.a.choices not_allowed"]),
        (["a": 1], ["b": "{{a}}"], ["parameters wrong_type"]),
    ]

    @Test(arguments: faulty.indices) func whatDoesNotFitTogetherIsRefused(_ index: Int) {
        let (parameters, inputs, expected) = Self.faulty[index]
        #expect(Self.faults(parameters, inputs) == expected)
    }

    /// A parameter's type and a value for it; nil: it is refused with that code.
    static let values: [(definition: JSON, value: JSON, read: JSON?, code: String?)] = [
        (["type": "integer"], 64.0, 64, nil), (["type": "integer"], "64", nil, "wrong_type"),
        (["type": "integer", "maximum": 9], 10, nil, "out_of_range"),
        (["type": "integer", "minimum": 8, "multiple_of": 8], 12, nil, "not_a_multiple"),
        (["type": "number", "maximum": 1], 0.125, 0.125, nil), (["type": "number"], true, nil, "wrong_type"),
        (["type": "boolean"], 1, nil, "wrong_type"),
        (["type": "string", "max_length": 2], "abc", nil, "too_long"),
        (["type": "string"], ["1", 0], nil, "wrong_type"), (["type": "string"], [:], nil, "wrong_type"),
        (["type": "integer"], ["1", 0], nil, "wrong_type"), (["type": "file"], ["1", 0], nil, "wrong_type"),
        (["type": "string", "choices": ["a", "b"]], "c", nil, "not_a_choice"),
        (["type": "seed"], .number(UInt64.max), .number(UInt64.max), nil),
        (["type": "sampler"], "DPM++ 2M Karras", "dpmpp_2m", nil),
        (["type": "file"], "picture.png", nil, "malformed"), (["type": "file"], "file:abc", "file:abc", nil),
    ]

    @Test(arguments: values.indices) func valuesAreHeldToTheirTypes(_ index: Int) throws {
        let (definition, value, read, code) = Self.values[index]
        let parameters = try Self.definition(["a": definition], ["b": "{{a}}"]).template.parameters
        var reader = FieldReader(["a": value], prefix: "parameters.")
        let values = TemplateValues(parameters, &reader, given: ["a": value])
        #expect(reader.faults.map(\.code) == (code.map { [$0] } ?? []))
        if let read { #expect(values.byName["a"] == read) }
    }

    @Test func whatIsNotGivenIsDrawnOrTheDefaultOrRequired() throws {
        let parameters = try Self.definition(
            [
                "s": ["type": "seed"], "n": ["type": "integer", "default": 3], "t": ["type": "string"],
                "how": ["type": "sampler"], "when": ["type": "scheduler", "default": "normal"],
            ], ["a": "{{s}}", "b": "{{n}}", "c": "{{t}}", "d": "{{how}}", "e": "{{when}}"]
        ).template.parameters
        func read(_ given: JSON.Object) -> (TemplateValues, [String]) {
            var reader = FieldReader(given, prefix: "parameters.")
            let values = TemplateValues(parameters, &reader, given: given)
            return (values, reader.faults.map { "\($0.field) \($0.code)" })
        }
        let (values, faults) = read(["t": "x", "how": "DPM++ 2M Karras"])
        #expect(faults == [])
        #expect(values.drawn == ["s"])
        #expect(values.byName["n"] == 3)
        #expect(values.byName["when"] == "karras")
        #expect(read(["t": "x", "how": "DPM++ 2M Karras", "when": "simple"]).0.byName["when"] == "simple")
        #expect(read(["how": "euler"]).1 == ["parameters.t required"])
        #expect(read(["t": "x", "how": "euler", "s": 7]).0.drawn == [])
    }

    /// Each is read, fits together, passes the rules, and the parameters without a default are what one would expect.
    @Test(arguments: [
        ("txt2img", ["prompt", "seed"]), ("img2img", ["image", "prompt", "seed"]),
        ("inpaint", ["image", "mask", "prompt", "seed"]), ("upscale", ["image"]),
        ("controlnet", ["image", "control_net", "prompt", "seed"]),
    ])
    func builtIn(_ name: String, _ open: [String]) throws {
        let definition = try #require(BuiltInTemplates.named(name))
        #expect(definition.name == name)
        #expect(definition.template.faults(WorkflowRules()) == [])
        #expect(definition.template.parameters.filter { $0.absent == nil }.map(\.name) == open)
        #expect(definition.template.primaryNode == "save")
        var reader = FieldReader(definition.json)
        #expect(try TemplateDefinition.read(&reader).json == definition.json)
    }

    /// What a real ComfyUI says of its nodes: the classes that the recording has take what the templates give them.
    @Test(arguments: BuiltInTemplates.names)
    func comfyUITakesTheBuiltIn(_ name: String) throws {
        let recorded = try JSON(parsing: try Fixtures.bytes("comfyui/object_info.core-nodes.json"))
        let template = try #require(BuiltInTemplates.named(name)).template
        let samples = Dictionary(uniqueKeysWithValues: template.parameters.map { ($0.name, $0.sample) })
        let faults = WorkflowRules().faults(
            in: template.fill(samples), objectInfo: ObjectInfoDigest(objectInfo: recorded))
        let models: Set = ["value_not_in_list", "file_not_uploaded", "unknown_node_type"]
        #expect(faults.filter { !models.contains($0.code) } == [])
    }

    /// Each file stands by itself; what they have in common means the same in all.
    @Test func builtInTemplatesAgreeInWhatTheyShare() throws {
        let files = [
            PackageResources.txt2img_json, PackageResources.img2img_json, PackageResources.inpaint_json,
            PackageResources.controlnet_json,
        ]
        let parameters = try files.map { try #require(JSON(parsing: $0)["parameters"]?.object) }
        let shared = ["prompt", "negative_prompt", "steps", "cfg_scale", "sampler", "scheduler", "seed"]
        for name in shared {
            let first = try #require(parameters[0][name])
            for others in parameters { #expect(others[name] == first, "\(name)") }
        }
    }
}
