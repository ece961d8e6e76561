import JSON
import TestSupport
import Testing

@testable import ComfyUI

@Suite struct NodeCatalogTests {
    @Test("the seed documents' thirteen are allowed")
    func seeds() {
        let allowed = Set(NodeCatalog.standard.allowed.map(\.classType))
        #expect(
            allowed.isSuperset(of: [
                "CheckpointLoaderSimple", "CLIPTextEncode", "KSampler", "VAEDecode", "VAEEncode", "SaveImage",
                "LoadImage", "EmptyLatentImage", "LoraLoader", "ControlNetLoader", "ControlNetApply",
                "UpscaleModelLoader", "ImageUpscaleWithModel",
            ]))
    }

    @Test("so are the core nodes of the recording, and none of the recorder's own")
    func coreNodes() throws {
        let info = try JSON(parsing: try Fixtures.bytes("comfyui/object_info.core-nodes.json"))
        let allowed = Set(NodeCatalog.standard.allowed.map(\.classType))
        let missing = (info.object?.keys ?? []).filter { !allowed.contains($0) }
        #expect(missing == ["ProbeSleep", "ProbeRaise", "ProbeBlock", "ProbeBusy", "ProbeExpand"])
    }

    @Test func everyClassHasAReason() {
        #expect(
            (NodeCatalog.standard.allowed + NodeCatalog.standard.refused).allSatisfy { !$0.reason.isEmpty })
        #expect(
            Set(NodeCatalog.standard.refused.map(\.classType)).isSuperset(of: [
                "LoadImageOutput", "CheckpointSave", "ModelSave", "RegexReplace",
            ]))
    }

    @Test("the inputs that the catalog names are the recording's")
    func inputsExist() throws {
        let info = try JSON(parsing: try Fixtures.bytes("comfyui/object_info.core-nodes.json"))
        for (name, description) in info.object ?? [:] {
            guard let entry = NodeCatalog.standard[name] else { continue }
            let inputs = Set(description["input"]?["required"]?.object?.keys ?? [])
            let named =
                [
                    entry.width, entry.height, entry.megapixels, entry.batch, entry.scale, entry.repeats,
                    entry.steps,
                ]
                .compactMap(\.self) + entry.padding + entry.files.keys + entry.ranges.keys
            #expect(Set(named).subtracting(inputs) == [], "\(name)")
            #expect(
                (entry.output != nil) == (description["output_node"]?.bool == true) || name == "PreviewImage",
                "\(name)")
        }
    }
}
