"""Takes away what two runs of one conversation never share, so that the rest can be compared exactly.

What is taken away, and why:

- prompt ids and socket ids that the server makes up: the run's are put in the recording's words;
- times: `timestamp`, `create_time` and the like, and the year that `%year%` puts into a folder name;
- the five random letters in the names of PreviewImage's files;
- the folder that the server lies in: it becomes /opt/ComfyUI, as in the recordings;
- `essentials_category`: object_info.core-nodes.json was recorded without it;
- tracebacks: the lines name ComfyUI's own source files;
- the order of `executed` and `current_outputs`: ComfyUI lists sets there;
- the encoded bytes of pictures that the server makes: the encoder's version shows in them. Kept are the kind
  of frame, the image format, the metadata, and the first bytes.
"""

import json
import re
from pathlib import Path

TIMES = {"timestamp", "create_time", "execution_start_time", "execution_end_time"}
SETS = {"executed", "current_outputs"}
MINTED_SID = re.compile(r"^[0-9a-f]{32}$")
TEXTS = [
    (re.compile(r"ComfyUI_temp_[a-z]{5}_"), "ComfyUI_temp_"),
    (re.compile(r"\b20\d\d-64x64\b"), "YEAR-64x64"),
]


class Normaliser:
    """Knows which id of the run stands for which recorded one."""

    def __init__(self, base: Path | None = None):
        self.recorded_ids: dict[str, str] = {}
        self.base = base

    def learn(self, recorded: str, actual: str) -> None:
        self.recorded_ids[actual] = recorded

    def to_actual(self, text: str) -> str:
        """A recorded request, with the ids of this run."""
        for actual, recorded in self.recorded_ids.items():
            text = text.replace(recorded, actual)
        return text

    def value(self, value: object, key: str = "") -> object:
        """A JSON value without what is never the same."""
        if key in TIMES:
            return "TIME"
        if key == "traceback":
            return "TRACEBACK" if value else []
        if isinstance(value, dict):
            kept = {name: each for name, each in value.items() if name != "essentials_category"}
            return {self.text(name): self.value(each, name) for name, each in kept.items()}
        if isinstance(value, list):
            each = [self.value(item) for item in value]
            return sorted(each) if key in SETS else each
        if isinstance(value, str):
            return "SID" if key == "sid" and MINTED_SID.match(value) else self.text(value)
        return value

    def text(self, text: str) -> str:
        text = self.recorded_ids.get(text, text)
        if self.base:
            text = text.replace(str(self.base), "/opt/ComfyUI").replace(
                f"folder: {self.base.parent}\n", "folder: /opt\n"
            )
        for pattern, replacement in TEXTS:
            text = pattern.sub(replacement, text)
        return text

    def json(self, value: object) -> str:
        """As text, because 5 and 5.0 are not the same answer; the order of keys is of no meaning in JSON."""
        return json.dumps(self.value(value), sort_keys=True)


def binary_frame(data: bytes) -> dict:
    """A binary frame as the recordings describe it, without its length."""
    event = int.from_bytes(data[:4])
    second = int.from_bytes(data[4:8])
    if event == 4:
        metadata = json.loads(data[8 : 8 + second])
        return {"event_type_u32be": event, "metadata": metadata, "magic": data[8 + second : 12 + second].hex()}
    return {"event_type_u32be": event, "image_format_u32be": second, "magic": data[8:12].hex()}


def recorded_binary_frame(frame: dict) -> dict:
    decoded = frame["decoded"]
    kept = {name: decoded[name] for name in ("event_type_u32be", "image_format_u32be", "metadata") if name in decoded}
    return {**kept, "magic": decoded["payload_head_hex"][:8]}
