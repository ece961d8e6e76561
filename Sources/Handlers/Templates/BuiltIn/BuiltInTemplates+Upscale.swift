extension BuiltInTemplates {
    static let upscaleData = #"""
        {
        "name": "upscale",
        "description": "A larger picture of the same, by an upscaling model.",
        "visibility": "public",
        "node_id": "save",
        "parameters": {
            "image": {"type": "file", "description": "The picture."},
            "model": {"type": "string", "min_length": 1, "max_length": 255, "default": "RealESRGAN_x4plus.pth",
                "description": "An upscaling model's file name."}
        },
        "workflow": {
            "image": {"class_type": "LoadImage", "inputs": {"image": "{{image}}"}},
            "model": {"class_type": "UpscaleModelLoader", "inputs": {"model_name": "{{model}}"}},
            "upscale": {"class_type": "ImageUpscaleWithModel", "inputs": {"upscale_model": ["model", 0], "image": ["image", 0]}},
            "save": {"class_type": "SaveImage", "inputs": {"images": ["upscale", 0], "filename_prefix": "image"}}
        }
        }
        """#
}
