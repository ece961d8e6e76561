import JSON
import Testing

@testable import ComfyUI

/// Workflows that should take as long have one shape.
@Suite struct WorkflowShapeTests {
    private static func shape(
        _ text: JSON = "p", steps: JSON = 20, width: JSON = 512, model: JSON = "m", id: String = "2"
    ) throws -> String {
        try WorkflowGraph(normalizing: [
            "1": ["class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": model]],
            id: ["class_type": "CLIPTextEncode", "inputs": ["text": text, "clip": ["1", 1]]],
            "3": [
                "class_type": "EmptyLatentImage", "inputs": ["width": width, "height": 512, "batch_size": 1],
            ],
            "4": ["class_type": "KSampler", "inputs": ["steps": steps, "seed": text]],
        ]).shape(.standard)
    }

    @Test func textsSeedsAndIdsDoNotCount() throws {
        let plain = try Self.shape()
        #expect(plain.utf8.count == 16)
        #expect(try Self.shape("another") == plain)
        #expect(try Self.shape(steps: 20.0) == plain)
        #expect(try Self.shape(id: "20") == plain)
    }

    @Test func whatTakesTimeDoes() throws {
        let shapes = [
            try Self.shape(), try Self.shape(steps: 21), try Self.shape(width: 768),
            try Self.shape(model: "n"),
        ]
        #expect(Set(shapes).count == shapes.count)
        #expect(
            WorkflowGraph(nodes: [.init(id: "1", classType: "A"), .init(id: "2", classType: "A")]).shape(
                .standard)
                != WorkflowGraph(nodes: [.init(id: "1", classType: "A")]).shape(.standard))
    }
}
