extension BuiltInTemplates {
    /// The parameters that every template with a KSampler has, as members of its `parameters`. `model` is the checkpoint that is
    /// taken when nobody names one.
    static func samplingParameters(model: String) -> String {
        #"""
            "prompt": {"type": "string", "min_length": 1, "max_length": 5000, "description": "What the picture shows."},
            "negative_prompt": {"type": "string", "max_length": 5000, "default": "", "description": "What it does not show."},
            "steps": {"type": "integer", "minimum": 1, "maximum": 150, "default": 20, "description": "Steps of sampling."},
            "cfg_scale": {"type": "number", "minimum": 1, "maximum": 30, "default": 7,
                "description": "How closely the prompt is followed."},
            "sampler": {"type": "sampler", "default": "euler_ancestral",
                "description": "ComfyUI's name of a sampler, or a common one."},
            "scheduler": {"type": "scheduler", "default": "normal", "description": "The noise schedule."},
            "seed": {"type": "seed", "description": "Which picture it is."},
            "model": {"type": "string", "min_length": 1, "max_length": 255, "default": "\#(model)",
                "description": "A checkpoint's file name."}
        """#
    }
}
