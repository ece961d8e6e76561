"""What passes along the links of a graph, where it is not simply a list of pictures."""

from dataclasses import dataclass, field

from PIL import Image


@dataclass(frozen=True)
class Model:
    """A checkpoint, and the LoRAs put on it: the recipe's part that stands for the weights."""

    name: str
    loras: tuple[tuple[str, float], ...] = ()

    def with_lora(self, name: str, strength: float) -> "Model":
        return Model(self.name, (*self.loras, (name, strength)))


@dataclass(frozen=True)
class Conditioning:
    """An encoded text."""

    text: str
    model: Model
    guides: tuple[dict, ...] = ()


@dataclass
class Latent:
    """A size, and what is to be drawn when it is decoded."""

    width: int
    height: int
    batch: int = 1
    recipe: dict = field(default_factory=dict)
    source: list[Image.Image] = field(default_factory=list)
    denoise: float = 1.0
    mask: Image.Image | None = None
    """Of inpainting: white where `source` is made anew; elsewhere it stays."""


@dataclass
class Video:
    """Pictures in time."""

    frames: list[Image.Image]
    fps: float


@dataclass
class Audio:
    """Silence of some length."""

    seconds: float
    sample_rate: int
    channels: int


@dataclass
class Blocked:
    """What an ExecutionBlocker puts on its outputs; without a message it blocks silently."""

    message: str | None
