import JSON
import Testing

@testable import ComfyUI

@Suite struct WorkflowLimitsTests {
    let rules = WorkflowRules()

    private func faults(_ nodes: JSON.Object, allowed: String? = nil) throws -> [String] {
        let rules = WorkflowRules(allowedNodeTypes: allowed)
        return rules.faults(in: try Graphs.graph(Graphs.image(adding: nodes)), uploads: ["up.png"]).summary
    }

    static let single: [(String, JSON, [String])] = [
        (
            "EmptyLatentImage", ["width": 16384, "height": 16384, "batch_size": 4096],
            ["3.batch_size too_many_pictures", "3.width too_many_pixels"]
        ),
        ("EmptyLatentImage", ["width": 1024, "height": 1024, "batch_size": 4], []),
        ("EmptyLatentImage", ["width": 1032, "height": 1024], ["3.width too_many_pixels"]),
        ("EmptyLatentImage", ["width": "16384", "height": 512], ["3.width too_many_pixels"]),
        ("EmptyLatentImage", ["width": "64", "height": 64.7], []),
        ("EmptyLatentImage", ["width": "abc", "height": 64], ["3.width wrong_type"]),
        ("EmptyLatentImage", ["width": "16_384", "height": 64], ["3.width wrong_type"]),
        ("EmptyLatentImage", ["width": ["__value__": 99999], "height": 64], ["3.width wrong_type"]),
        ("EmptyLatentImage", ["width": ["1", 0], "height": 64], ["3.width link_not_allowed"]),
        ("EmptyLatentImage", ["width": 64, "height": 64, "batch_size": 0], ["3.batch_size out_of_range"]),
        (
            "EmptyLatentImage", ["width": -64, "height": -64],
            ["3.width out_of_range", "3.height out_of_range"]
        ),
        ("EmptySD3LatentImage", ["width": 2048, "height": 1024], ["3.width too_many_pixels"]),
        ("EmptyImage", ["width": 4096, "height": 4096], ["3.width too_many_pixels"]),
        ("SolidMask", ["width": 4096, "height": 4096], ["3.width too_many_pixels"]),
        ("ImageScale", ["image": ["1", 0], "width": 4096, "height": 4096], ["3.width too_many_pixels"]),
        ("ImageScale", ["image": ["1", 0], "width": 0, "height": 0], []),
        ("ImageScale", ["image": ["1", 0], "width": 0, "height": 1024], ["3.width out_of_range"]),
        (
            "LatentUpscale", ["samples": ["1", 0], "width": 8192, "height": 1024], ["3.width too_many_pixels"]
        ),
        ("ImageScaleBy", ["image": ["1", 0], "scale_by": 8], ["3.scale_by scale_too_large"]),
        ("LatentUpscaleBy", ["samples": ["1", 0], "scale_by": 4.0], []),
        ("LatentUpscaleBy", ["samples": ["1", 0], "scale_by": -1], ["3.scale_by out_of_range"]),
        (
            "ImageScaleToTotalPixels", ["image": ["1", 0], "megapixels": 16], ["3.megapixels too_many_pixels"]
        ),
        ("RepeatLatentBatch", ["samples": ["1", 0], "amount": 64], ["3.amount too_many_pictures"]),
        ("RepeatImageBatch", ["image": ["1", 0], "amount": 4096], ["3.amount too_many_pictures"]),
        ("KSampler", ["steps": 10000], ["3.steps too_many_steps"]),
        ("KSampler", ["steps": 150], []),
        ("KSamplerAdvanced", ["steps": 151], ["3.steps too_many_steps"]),
        ("BasicScheduler", ["steps": 1000], ["3.steps too_many_steps"]),
        ("EmptyAudio", ["duration": 1e18], ["3.duration out_of_range"]),
        (
            "ImagePadForOutpaint", ["image": ["1", 0], "left": 16384, "top": 0, "right": 0, "bottom": 0],
            ["3.left too_many_pixels"]
        ),
    ]

    @Test(arguments: single)
    func oneNode(classType: String, inputs: JSON, expected: [String]) throws {
        #expect(try faults(["3": ["class_type": .string(classType), "inputs": inputs]]) == expected)
    }

    @Test("new families' latents are held to the limits when the operator allows them")
    func unknownLatent() throws {
        #expect(
            try faults(
                [
                    "3": [
                        "class_type": "EmptyFutureLatentImage",
                        "inputs": ["width": 9999, "height": 9999, "batch_size": 9],
                    ]
                ],
                allowed: "*") == ["3.batch_size too_many_pictures", "3.width too_many_pixels"])
    }

    @Test("repeating along the graph is multiplied")
    func repeats() throws {
        #expect(
            try faults([
                "3": ["class_type": "RepeatImageBatch", "inputs": ["image": ["1", 0], "amount": 4]],
                "4": ["class_type": "RepeatImageBatch", "inputs": ["image": ["3", 0], "amount": 2]],
                "5": ["class_type": "RepeatImageBatch", "inputs": ["image": ["4", 0], "amount": 1]],
            ]) == ["4 too_many_pictures"])
    }

    @Test("a batch of a picture with itself doubles")
    func joins() throws {
        #expect(
            try faults([
                "3": ["class_type": "ImageBatch", "inputs": ["image1": ["1", 0], "image2": ["1", 0]]],
                "4": ["class_type": "ImageBatch", "inputs": ["image1": ["3", 0], "image2": ["3", 0]]],
                "5": ["class_type": "ImageBatch", "inputs": ["image1": ["4", 0], "image2": ["4", 0]]],
            ]) == ["5 too_many_pictures"])
    }

    @Test("scaling along the graph is multiplied")
    func scales() throws {
        let upscale: JSON = [
            "class_type": "ImageUpscaleWithModel",
            "inputs": ["image": ["3", 0], "upscale_model": ["9", 0]],
        ]
        let model: JSON = ["class_type": "UpscaleModelLoader", "inputs": ["model_name": "4x.pth"]]
        // 512 → 768 → 3072 a side stays within sixteen times a million pixels.
        #expect(
            try faults([
                "8": ["class_type": "EmptyImage", "inputs": ["width": 512, "height": 512]],
                "3": ["class_type": "ImageScaleBy", "inputs": ["image": ["8", 0], "scale_by": 1.5]],
                "4": upscale, "9": model,
            ]) == [])
        #expect(
            try faults([
                "8": ["class_type": "LoadImage", "inputs": ["image": "up.png"]],
                "3": ["class_type": "ImageScaleBy", "inputs": ["image": ["8", 0], "scale_by": 2]],
                "4": upscale, "9": model,
            ]) == ["4 too_many_pixels"])
    }

    @Test("MAX_IMAGE_PIXELS moves the limit")
    func moved() throws {
        var rules = rules
        rules.maximumImagePixels = 4096
        let graph = try Graphs.graph(Graphs.image(["width": 65, "height": 64]))
        #expect(rules.faults(in: graph).summary == ["1.width too_many_pixels"])
    }
}
