extension BuiltInTemplates {
    static let inpaintData = #"""
        {
        "name": "inpaint",
        "description": "A part of a picture made anew by a prompt.",
        "visibility": "public",
        "node_id": "save",
        "parameters": {
            "image": {"type": "file", "description": "The picture."},
            "mask": {"type": "file", "description": "Of the same size: its red channel is white where the picture is made anew."},
            "grow_mask_by": {"type": "integer", "minimum": 0, "maximum": 64, "default": 6,
                "description": "Pixels by which the mask is widened."},
            "denoise": {"type": "number", "minimum": 0, "maximum": 1, "default": 1,
                "description": "How much of the picture is made anew: 0 nothing, 1 all."},
            \#(samplingParameters(model: "sd-v1-5-inpainting.ckpt"))
        },
        "workflow": {
            "checkpoint": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{{model}}"}},
            "positive": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["checkpoint", 1], "text": "{{prompt}}"}},
            "negative": {"class_type": "CLIPTextEncode",
                "inputs": {"clip": ["checkpoint", 1], "text": "{{negative_prompt}}"}},
            "image": {"class_type": "LoadImage", "inputs": {"image": "{{image}}"}},
            "mask": {"class_type": "LoadImageMask", "inputs": {"image": "{{mask}}", "channel": "red"}},
            "latent": {"class_type": "VAEEncodeForInpaint",
                "inputs": {"pixels": ["image", 0], "vae": ["checkpoint", 2], "mask": ["mask", 0],
                    "grow_mask_by": "{{grow_mask_by}}"}},
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
