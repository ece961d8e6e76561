import ComfyUI
import JSON

/// Graphs that several suites need.
enum Graphs {
    /// The text-to-picture graph of ComfyUI's own start page.
    static let textToImage: JSON = [
        "4": ["class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": "sd_xl_base_1.0.safetensors"]],
        "5": ["class_type": "EmptyLatentImage", "inputs": ["width": 512, "height": 512, "batch_size": 1]],
        "6": ["class_type": "CLIPTextEncode", "inputs": ["text": "a lighthouse", "clip": ["4", 1]]],
        "7": ["class_type": "CLIPTextEncode", "inputs": ["text": "", "clip": ["4", 1]]],
        "3": [
            "class_type": "KSampler",
            "inputs": [
                "seed": 1, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal",
                "denoise": 1,
                "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
            ],
        ],
        "8": ["class_type": "VAEDecode", "inputs": ["samples": ["3", 0], "vae": ["4", 2]]],
        "9": ["class_type": "SaveImage", "inputs": ["filename_prefix": "gen", "images": ["8", 0]]],
    ]

    /// EmptyImage → SaveImage, with these inputs of EmptyImage and members of more nodes.
    static func image(_ inputs: JSON = ["width": 64, "height": 64], adding: JSON.Object = [:]) -> JSON {
        var object: JSON.Object = [
            "1": ["class_type": "EmptyImage", "inputs": inputs],
            "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "x"]],
        ]
        for (id, node) in adding { object[id] = node }
        return .object(object)
    }

    static func graph(_ json: JSON) throws -> WorkflowGraph { try WorkflowGraph(normalizing: json) }
}

extension [WorkflowFault] {
    /// `node.input code`, for comparing whole lists.
    var summary: [String] {
        map { fault in
            let place = [fault.nodeID, fault.input].compactMap(\.self).joined(separator: ".")
            return place.isEmpty ? fault.code : "\(place) \(fault.code)"
        }
    }
}
