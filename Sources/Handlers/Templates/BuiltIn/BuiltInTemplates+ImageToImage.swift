extension BuiltInTemplates {
    static let imageToImageData = #"""
        {
        "name": "img2img",
        "description": "A picture made of another one and a prompt.",
        "visibility": "public",
        "node_id": "save",
        "parameters": {
            "image": {"type": "file", "description": "The picture to begin with."},
            "denoise": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.75,
                "description": "How much of the picture is made anew: 0 nothing, 1 all."},
            "batch_size": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1, "description": "How many pictures."},
            \#(samplingParameters(model: "sd_xl_base_1.0.safetensors"))
        },
        "workflow": {
            "checkpoint": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{{model}}"}},
            "positive": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["checkpoint", 1], "text": "{{prompt}}"}},
            "negative": {"class_type": "CLIPTextEncode",
                "inputs": {"clip": ["checkpoint", 1], "text": "{{negative_prompt}}"}},
            "image": {"class_type": "LoadImage", "inputs": {"image": "{{image}}"}},
            "encode": {"class_type": "VAEEncode", "inputs": {"pixels": ["image", 0], "vae": ["checkpoint", 2]}},
            "latent": {"class_type": "RepeatLatentBatch", "inputs": {"samples": ["encode", 0], "amount": "{{batch_size}}"}},
            "sampler": {"class_type": "KSampler",
                "inputs": {"model": ["checkpoint", 0], "positive": ["positive", 0], "negative": ["negative", 0],
                    "latent_image": ["latent", 0], "denoise": "{{denoise}}", "seed": "{{seed}}", "steps": "{{steps}}",
                    "cfg": "{{cfg_scale}}", "sampler_name": "{{sampler}}", "scheduler": "{{scheduler}}"}},
            "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sampler", 0], "vae": ["checkpoint", 2]}},
            "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "image"}}
        }
        }
        """#
}
