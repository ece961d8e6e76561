import ComfyUI
import JSON

/// The workflow behind `POST /v1/generate`: prompt in, pictures out, with ComfyUI's core nodes only.
///
/// Parameters are put into parsed values, never into text: nothing a prompt says can become a node or a link.
enum TextToImage {
    /// A parameter and the places of the graph it goes to.
    static let places: [(field: String, node: String, input: String)] = [
        ("model", "checkpoint", "ckpt_name"),
        ("prompt", "positive", "text"),
        ("negative_prompt", "negative", "text"),
        ("width", "latent", "width"),
        ("height", "latent", "height"),
        ("batch_size", "latent", "batch_size"),
        ("seed", "sampler", "seed"),
        ("steps", "sampler", "steps"),
        ("cfg_scale", "sampler", "cfg"),
        ("sampler", "sampler", "sampler_name"),
        ("scheduler", "sampler", "scheduler"),
    ]

    /// The node whose `seed` decides which picture it is.
    static let seedNode = "sampler"
    /// The node whose pictures are the job's.
    static let outputNode = "save"

    /// The graph, with every parameter of `places` still to be put in.
    static let template: JSON = [
        "checkpoint": ["class_type": "CheckpointLoaderSimple", "inputs": [:]],
        "positive": ["class_type": "CLIPTextEncode", "inputs": ["clip": ["checkpoint", 1]]],
        "negative": ["class_type": "CLIPTextEncode", "inputs": ["clip": ["checkpoint", 1]]],
        "latent": ["class_type": "EmptyLatentImage", "inputs": [:]],
        "sampler": [
            "class_type": "KSampler",
            "inputs": [
                "model": ["checkpoint", 0], "positive": ["positive", 0], "negative": ["negative", 0],
                "latent_image": ["latent", 0], "denoise": 1.0,
            ],
        ],
        "decode": [
            "class_type": "VAEDecode", "inputs": ["samples": ["sampler", 0], "vae": ["checkpoint", 2]],
        ],
        "save": [
            "class_type": "SaveImage", "inputs": ["images": ["decode", 0], "filename_prefix": "image"],
        ],
    ]

    /// The graph of these parameters, by field name.
    static func graph(_ parameters: [String: JSON]) throws(WorkflowFaults) -> WorkflowGraph {
        var graph = try WorkflowGraph(normalizing: template)
        for place in places {
            if let value = parameters[place.field] { graph[place.node]?.inputs[place.input] = value }
        }
        return graph
    }

    /// The field that a fault of the graph comes from.
    static func field(of fault: WorkflowFault) -> String? {
        places.first { $0.node == fault.nodeID && $0.input == fault.input }?.field
    }
}
