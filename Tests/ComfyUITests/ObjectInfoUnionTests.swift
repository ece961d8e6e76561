import JSON
import Testing

@testable import ComfyUI

/// Several workers together: what one of them takes passes.
@Suite struct ObjectInfoUnionTests {
    private static func digest(_ classes: JSON) -> ObjectInfoDigest { ObjectInfoDigest(objectInfo: classes) }

    private static func loader(_ names: [String], optional: Bool = false) -> JSON {
        let inputs: JSON = ["ckpt_name": [.array(names.map { .string($0) })]]
        return ["input": [optional ? "optional" : "required": inputs], "output": ["MODEL", "CLIP"]]
    }

    private static func faults(_ node: JSON, _ digests: [ObjectInfoDigest]) throws -> [WorkflowFault] {
        let graph = try WorkflowGraph(normalizing: ["1": node])
        let union = try #require(ObjectInfoDigest.union(digests))
        return graph.nodes.flatMap { union.faults(of: $0, in: graph, catalog: .standard) }
    }

    @Test func ofNoneIsNothing() { #expect(ObjectInfoDigest.union([]) == nil) }

    @Test func aModelThatOneHasPasses() throws {
        let digests = [
            Self.digest(["CheckpointLoaderSimple": Self.loader(["a", "b"])]),
            Self.digest(["CheckpointLoaderSimple": Self.loader(["b", "c"]), "Mine": ["input": [:]]]),
        ]
        for name in ["a", "b", "c"] {
            let node: JSON = [
                "class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": .string(name)],
            ]
            #expect(try Self.faults(node, digests) == [])
        }
        #expect(try Self.faults(["class_type": "Mine", "inputs": [:]], digests) == [])
        let refused = try Self.faults(
            ["class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": "d"]], digests)
        #expect(refused.map(\.code) == ["value_not_in_list"])
        #expect(refused.first?.message == "No worker has the model 'd'; the nearest names are 'a', 'b', 'c'.")
    }

    @Test func whatOneDoesNotDemandIsNotDemanded() throws {
        let node: JSON = ["class_type": "CheckpointLoaderSimple", "inputs": [:]]
        let strict = Self.digest(["CheckpointLoaderSimple": Self.loader(["a"])])
        let lax = Self.digest(["CheckpointLoaderSimple": Self.loader(["a"], optional: true)])
        let older = Self.digest(["CheckpointLoaderSimple": ["input": ["required": [:]], "output": []]])
        #expect(try Self.faults(node, [strict, strict]).map(\.code) == ["required_input_missing"])
        #expect(try Self.faults(node, [strict, lax]) == [])
        #expect(try Self.faults(node, [strict, older]) == [])
        #expect(try Self.faults(node, [older, strict]) == [])
    }

    @Test func theWidestBoundsCount() throws {
        func digest(_ options: JSON, type: JSON = "INT") -> ObjectInfoDigest {
            Self.digest(["N": ["input": ["required": ["x": [type, options]]], "output": []]])
        }
        func codes(_ value: JSON, _ digests: [ObjectInfoDigest]) throws -> [String] {
            try Self.faults(["class_type": "N", "inputs": ["x": value]], digests).map(\.code)
        }
        let narrow = digest(["min": 1, "max": 10])
        let wide = digest(["min": 0, "max": 20])
        #expect(try codes(0, [narrow, wide]) == [])
        #expect(try codes(20, [wide, narrow]) == [])
        #expect(try codes(21, [narrow, wide]) == ["out_of_range"])
        #expect(try codes(21, [narrow, digest([:])]) == [])
        #expect(try codes("text", [narrow, digest([:], type: "STRING")]) == [])
    }
}
