"""The recordings in Tests/Fixtures/comfyui."""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "Tests/Fixtures/comfyui"


@dataclass
class Recording:
    """One file: the exchanges in order, and the sockets with their frames."""

    name: str
    http: list[dict]
    sockets: list[dict]


def load(name: str) -> Recording:
    """Loads the one recording whose file name is `name`, or starts with it."""
    (path,) = [path for path in FOLDER.glob("*.json") if f"{path.stem}-".startswith(f"{name}-")]
    content = json.loads(path.read_text(encoding="utf-8"))
    return Recording(name, content.get("http", []), content.get("ws", []))


def uploaded_bytes(value: dict) -> bytes:
    """A file of the recorded length and beginning: the recorder kept only those."""
    length, head = value["bytes"], bytes.fromhex(value["head_hex"])
    if not head.startswith(b"\x89PNG"):
        return (head + b"g" * min(length, 16) if length <= 64 else head.ljust(length, b"\0"))[:length]
    if length > 200:  # 33-view's, which has an alpha channel
        picture = Image.new("RGBA", (64, 64), (10, 20, 30, 128))
    else:
        picture = Image.new("RGB" if length > 90 else "L", (32, 24), 200)
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    assert len(buffer.getvalue()) <= length
    return buffer.getvalue().ljust(length, b"\0")
