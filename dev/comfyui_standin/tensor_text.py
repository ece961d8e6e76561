"""How PyTorch prints an image tensor: execution errors and PreviewAny carry that text."""

from PIL import Image


def tensor_text(images: list[Image.Image], edge: int = 3) -> str:
    """The batch as [image][row][column][channel] in 0…1, shortened to `edge` entries at either end."""
    axes = [_axis(length, edge) for length in (len(images), images[0].height, images[0].width)]
    return "tensor(" + _nest(images, axes, ()) + ")"


def _axis(length: int, edge: int) -> list[int | None]:
    if length <= 2 * edge:
        return list(range(length))
    return [*range(edge), None, *range(length - edge, length)]


def _nest(images: list[Image.Image], axes: list[list[int | None]], at: tuple[int, ...]) -> str:
    depth = len(at)
    if depth == 3:
        value = images[at[0]].getpixel((at[2], at[1]))
        channels = value if isinstance(value, tuple) else (value,)
        return "[" + ", ".join(f"{channel / 255:.4f}" for channel in channels[:3]) + "]"
    parts = ["..." if index is None else _nest(images, axes, (*at, index)) for index in axes[depth]]
    return "[" + ("," + "\n" * (3 - depth) + " " * (8 + depth)).join(parts) + "]"
