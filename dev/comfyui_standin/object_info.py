"""The node classes that the server offers, as /object_info describes them."""

import copy
import json
from pathlib import Path

from .folders import Folders
from .options import Options

# ComfyUI's own nodes that the recorded server was not asked about: only what their users write stands here.
UNRECORDED = Path(__file__).resolve().with_name("unrecorded_nodes.json")
RECORDED = Path(__file__).resolve().parents[2] / "Tests/Fixtures/comfyui/object_info.core-nodes.json"
# Which folder's models an input offers.
MODEL_INPUTS = {
    "ckpt_name": "checkpoints",
    "lora_name": "loras",
    "control_net_name": "controlnet",
    "model_name": "upscale_models",
}
PROBES = ("ProbeSleep", "ProbeBusy", "ProbeRaise", "ProbeBlock", "ProbeExpand")


class ObjectInfo:
    """The recorded descriptions, with the lists of files and models filled in."""

    def __init__(self, options: Options, folders: Folders, implemented: set[str]):
        recorded = {
            name: description
            for path in (UNRECORDED, RECORDED)
            for name, description in json.loads(path.read_text(encoding="utf-8")).items()
        }
        hidden = set() if options.probe_nodes else set(PROBES)
        self._classes = {k: v for k, v in recorded.items() if k in implemented and k not in hidden}
        self._options = options
        self._folders = folders

    def __contains__(self, class_type: object) -> bool:
        return isinstance(class_type, str) and class_type in self._classes

    def describe(self, class_type: str) -> dict:
        """The description of one class as of now."""
        description = copy.deepcopy(self._classes[class_type])
        required = description["input"].get("required", {})
        if class_type in ("LoadImage", "LoadImageMask"):
            required["image"][0] = self._folders.images("input")
        for name, folder in MODEL_INPUTS.items():
            if name in required:
                offered = sorted(self._options.models[folder])
                # Newer nodes describe their lists in another form.
                if required[name][0] == "COMBO":
                    required[name][1]["options"] = offered
                else:
                    required[name][0] = offered
        return description

    def all(self) -> dict:
        return {name: self.describe(name) for name in self._classes}

    def is_output(self, class_type: str) -> bool:
        return self._classes[class_type]["output_node"]

    def output_types(self, class_type: str) -> tuple[str, ...]:
        return tuple(self._classes[class_type]["output"])

    def hidden_inputs(self, class_type: str) -> list[str]:
        return list(self._classes[class_type]["input"].get("hidden", {}))
