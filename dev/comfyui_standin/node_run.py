"""What a node may use while it runs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from .folders import Folders
from .options import Options
from .progress import Progress


class Interrupted(Exception):
    """The run was interrupted."""


class OutOfMemory(Exception):
    """Shows as `torch.OutOfMemoryError`."""


@dataclass
class NodeResult:
    """A node's outputs; `ui` is what an output node shows, `subgraph` what it expands into."""

    values: tuple = ()
    ui: dict | None = None
    subgraph: dict[str, dict] = field(default_factory=dict)


@dataclass
class NodeRun:
    """One execution of one node."""

    node_id: str
    prompt: dict
    extra_data: dict
    options: Options
    folders: Folders
    progress: Progress
    interrupted: Callable[[], bool]
    temp_prefix: str

    def check_interrupt(self) -> None:
        if self.interrupted():
            raise Interrupted

    async def sleep(self, milliseconds: float) -> None:
        """Waits, then notices an interrupt, as a sampler does between steps."""
        await asyncio.sleep(milliseconds / 1000)
        self.check_interrupt()

    async def step(self, value: int, maximum: int, preview: Image.Image | None = None, kind: str = "JPEG") -> None:
        """Reports a step, with a picture when there is one."""
        encoded = None
        if preview is not None:
            encoded = (await asyncio.to_thread(_encode, preview, kind), kind)
        self.progress.step(self.node_id, value, maximum, encoded)

    @property
    def wants_previews(self) -> bool:
        """The prompt's `preview_method` goes before the server's."""
        chosen = self.extra_data.get("preview_method", "default")
        return (self.options.preview_method if chosen == "default" else chosen) != "none"


def _encode(image: Image.Image, kind: str) -> bytes:
    if kind == "JPEG":
        image = image.copy()
        image.thumbnail((512, 512))
    buffer = BytesIO()
    image.save(buffer, kind, **({"quality": 95} if kind == "JPEG" else {"compress_level": 1}))
    return buffer.getvalue()
