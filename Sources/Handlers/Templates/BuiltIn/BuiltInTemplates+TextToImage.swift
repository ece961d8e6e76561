extension BuiltInTemplates {
    static let textToImageData = #"""
        {
        "name": "txt2img",
        "description": "A picture from a prompt, with ComfyUI's core nodes only.",
        "visibility": "public",
        "node_id": "save",
        "parameters": {
            \#(samplingParameters(model: "sd_xl_base_1.0.safetensors")),
            "width": {"type": "integer", "minimum": 64, "maximum": 2048, "multiple_of": 8, "default": 512,
                "description": "Pixels."},
            "height": {"type": "integer", "minimum": 64, "maximum": 2048, "multiple_of": 8, "default": 512,
                "description": "Pixels."},
            "batch_size": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1, "description": "How many pictures."}
        },
        "workflow": {
            "checkpoint": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{{model}}"}},
            "positive": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["checkpoint", 1], "text": "{{prompt}}"}},
            "negative": {"class_type": "CLIPTextEncode",
                "inputs": {"clip": ["checkpoint", 1], "text": "{{negative_prompt}}"}},
            "latent": {"class_type": "EmptyLatentImage",
                "inputs": {"width": "{{width}}", "height": "{{height}}", "batch_size": "{{batch_size}}"}},
            "sampler": {"class_type": "KSampler",
                "inputs": {"model": ["checkpoint", 0], "positive": ["positive", 0], "negative": ["negative", 0],
                    "latent_image": ["latent", 0], "denoise": 1.0, "seed": "{{seed}}", "steps": "{{steps}}",
                    "cfg": "{{cfg_scale}}", "sampler_name": "{{sampler}}", "scheduler": "{{scheduler}}"}},
            "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sampler", 0], "vae": ["checkpoint", 2]}},
            "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "image"}}
        }
        }
        """#
}
