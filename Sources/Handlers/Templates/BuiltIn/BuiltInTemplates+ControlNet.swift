extension BuiltInTemplates {
    static let controlNetData = #"""
        {
        "name": "controlnet",
        "description": "A picture from a prompt, guided by another one through a ControlNet.",
        "visibility": "public",
        "node_id": "save",
        "parameters": {
            "image": {"type": "file", "description": "What guides: edges, a pose or depths, as the ControlNet expects them."},
            "control_net": {"type": "string", "min_length": 1, "max_length": 255, "description": "A ControlNet's file name."},
            "strength": {"type": "number", "minimum": 0, "maximum": 2, "default": 1, "description": "How much it guides."},
            "start": {"type": "number", "minimum": 0, "maximum": 1, "default": 0,
                "description": "From which part of the steps on it guides."},
            "end": {"type": "number", "minimum": 0, "maximum": 1, "default": 1, "description": "To which part."},
            "width": {"type": "integer", "minimum": 64, "maximum": 2048, "multiple_of": 8, "default": 512,
                "description": "Pixels."},
            "height": {"type": "integer", "minimum": 64, "maximum": 2048, "multiple_of": 8, "default": 512,
                "description": "Pixels."},
            "batch_size": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1, "description": "How many pictures."},
            \#(samplingParameters(model: "v1-5-pruned-emaonly.safetensors"))
        },
        "workflow": {
            "checkpoint": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{{model}}"}},
            "positive": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["checkpoint", 1], "text": "{{prompt}}"}},
            "negative": {"class_type": "CLIPTextEncode",
                "inputs": {"clip": ["checkpoint", 1], "text": "{{negative_prompt}}"}},
            "image": {"class_type": "LoadImage", "inputs": {"image": "{{image}}"}},
            "control_net": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "{{control_net}}"}},
            "guide": {"class_type": "ControlNetApplyAdvanced",
                "inputs": {"positive": ["positive", 0], "negative": ["negative", 0], "control_net": ["control_net", 0],
                    "image": ["image", 0], "strength": "{{strength}}", "start_percent": "{{start}}",
                    "end_percent": "{{end}}", "vae": ["checkpoint", 2]}},
            "latent": {"class_type": "EmptyLatentImage",
                "inputs": {"width": "{{width}}", "height": "{{height}}", "batch_size": "{{batch_size}}"}},
            "sampler": {"class_type": "KSampler",
                "inputs": {"model": ["checkpoint", 0], "positive": ["guide", 0], "negative": ["guide", 1],
                    "latent_image": ["latent", 0], "denoise": 1.0, "seed": "{{seed}}", "steps": "{{steps}}",
                    "cfg": "{{cfg_scale}}", "sampler_name": "{{sampler}}", "scheduler": "{{scheduler}}"}},
            "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sampler", 0], "vae": ["checkpoint", 2]}},
            "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "image"}}
        }
        }
        """#
}
