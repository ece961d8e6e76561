"""Nodes that end a graph: they write files or send pictures."""

import asyncio
import json

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..node_run import NodeResult, NodeRun
from ..tensor_text import tensor_text


async def save_image(run: NodeRun, images: list, filename_prefix: str = "ComfyUI") -> NodeResult:
    return await _save(run, images, filename_prefix, "output", 4)


async def preview_image(run: NodeRun, images: list) -> NodeResult:
    return await _save(run, images, "ComfyUI_temp_" + run.temp_prefix, "temp", 1)


async def _save(run: NodeRun, images: list, prefix: str, kind: str, level: int) -> NodeResult:
    folder, stem, subfolder, counter = run.folders.next_output(prefix, kind, images[0].size)
    saved = []
    for index, image in enumerate(images):
        name = f"{stem.replace('%batch_num%', str(index))}_{counter + index:05}_.png"
        await asyncio.to_thread(image.save, folder / name, pnginfo=_metadata(run), compress_level=level)
        saved.append({"filename": name, "subfolder": subfolder, "type": kind})
    return NodeResult((images,), {"images": saved})


def _metadata(run: NodeRun) -> PngInfo:
    """The prompt and what `extra_pnginfo` holds, as tEXt chunks."""
    info = PngInfo()
    info.add_text("prompt", json.dumps(run.prompt))
    for name, value in (run.extra_data.get("extra_pnginfo") or {}).items():
        info.add_text(name, json.dumps(value))
    if padding := run.options.faults.pad_outputs:
        info.add_text("padding", "." * padding)
    return info


async def save_image_websocket(run: NodeRun, images: list) -> NodeResult:
    for index, image in enumerate(images):
        await run.step(index, len(images), image, "PNG")
    return NodeResult((), {})


async def save_animated_webp(
    run: NodeRun, images: list, filename_prefix: str, fps: float, lossless: bool, quality: int, method: str
) -> NodeResult:
    folder, stem, subfolder, counter = run.folders.next_output(filename_prefix, "output", images[0].size)
    name = f"{stem}_{counter:05}_.webp"
    effort = {"default": 4, "fastest": 0, "slowest": 6}.get(method, 4)
    await asyncio.to_thread(
        images[0].save,
        folder / name,
        save_all=True,
        append_images=images[1:],
        duration=int(1000 / fps),
        lossless=lossless,
        quality=quality,
        method=effort,
    )
    return NodeResult((images,), {"images": [_file(name, subfolder)], "animated": [len(images) != 1]})


async def preview_any(run: NodeRun, source: object) -> NodeResult:
    is_picture = isinstance(source, list) and source and isinstance(source[0], Image.Image)
    text = tensor_text(source, edge=6) if is_picture else str(source)
    return NodeResult((text,), {"text": [text]})


def _file(name: str, subfolder: str) -> dict:
    return {"filename": name, "subfolder": subfolder, "type": "output"}


NODES = {
    "SaveImage": save_image,
    "PreviewImage": preview_image,
    "SaveImageWebsocket": save_image_websocket,
    "SaveAnimatedWEBP": save_animated_webp,
    "PreviewAny": preview_any,
}
