"""Nodes that make and change pictures. An IMAGE is a list of RGB pictures, a MASK one of grey ones."""

import asyncio

from PIL import Image, ImageChops, ImageFilter

from ..folders import open_image
from ..node_run import NodeResult, NodeRun
from ..values import Model

LARGEST_BYTES = 4 << 30

METHODS = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "bislerp": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


async def empty_image(run: NodeRun, width: int, height: int, batch_size: int, color: int) -> NodeResult:
    needed = width * height * batch_size * 4
    if needed > LARGEST_BYTES:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
            f"you tried to allocate {needed} bytes. Error code 12 (Cannot allocate memory)"
        )
    image = Image.new("RGB", (width, height), (color >> 16 & 255, color >> 8 & 255, color & 255))
    return NodeResult(([image] * batch_size,))


async def load_image(run: NodeRun, image: str) -> NodeResult:
    path = run.folders.find_input(image)
    if path is None:
        raise FileNotFoundError(2, "No such file or directory", str(run.folders.base / "input" / image))
    picture = await asyncio.to_thread(open_image, path)
    has_alpha = "A" in picture.getbands()
    mask = ImageChops.invert(picture.getchannel("A")) if has_alpha else Image.new("L", (64, 64), 0)
    return NodeResult(([picture.convert("RGB")], [mask]))


async def load_image_mask(run: NodeRun, image: str, channel: str) -> NodeResult:
    loaded = await load_image(run, image)
    if channel == "alpha":
        return NodeResult((loaded.values[1],))
    return NodeResult(([loaded.values[0][0].getchannel(channel[0].upper())],))


def scaled(image: Image.Image, method: str, width: int, height: int, crop: str) -> Image.Image:
    """To the size asked for; a side of 0 follows the other one."""
    width = width or max(1, round(image.width * height / image.height) if height else image.width)
    height = height or max(1, round(image.height * width / image.width))
    box = None
    if crop == "center":
        share = min(image.width / width, image.height / height)
        half_width, half_height = share * width / 2, share * height / 2
        x, y = image.width / 2, image.height / 2
        box = (x - half_width, y - half_height, x + half_width, y + half_height)
    return image.resize((width, height), METHODS[method], box=box)


async def image_scale(run: NodeRun, image: list, upscale_method: str, width: int, height: int, crop: str) -> NodeResult:
    return NodeResult(([scaled(each, upscale_method, width, height, crop) for each in image],))


async def image_scale_by(run: NodeRun, image: list, upscale_method: str, scale_by: float) -> NodeResult:
    sizes = [(max(1, round(each.width * scale_by)), max(1, round(each.height * scale_by))) for each in image]
    return NodeResult(([scaled(i, upscale_method, *size, "disabled") for i, size in zip(image, sizes, strict=True)],))


async def load_upscale_model(run: NodeRun, model_name: str) -> NodeResult:
    return NodeResult((Model(model_name),))


async def image_upscale_with_model(run: NodeRun, upscale_model: Model, image: list) -> NodeResult:
    """Four times a side, as most such models."""
    return NodeResult(([each.resize((4 * each.width, 4 * each.height)) for each in image],))


async def image_invert(run: NodeRun, image: list) -> NodeResult:
    return NodeResult(([ImageChops.invert(each) for each in image],))


async def image_blur(run: NodeRun, image: list, blur_radius: int, sigma: float) -> NodeResult:
    return NodeResult(([each.filter(ImageFilter.GaussianBlur(min(blur_radius, 2 * sigma))) for each in image],))


async def image_batch(run: NodeRun, image1: list, image2: list) -> NodeResult:
    width, height = image1[0].size
    return NodeResult((image1 + [scaled(each, "bilinear", width, height, "center") for each in image2],))


async def solid_mask(run: NodeRun, value: float, width: int, height: int) -> NodeResult:
    return NodeResult(([Image.new("L", (width, height), round(value * 255))],))


async def mask_to_image(run: NodeRun, mask: list) -> NodeResult:
    return NodeResult(([each.convert("RGB") for each in mask],))


async def image_to_mask(run: NodeRun, image: list, channel: str) -> NodeResult:
    if channel == "alpha":
        return NodeResult(([Image.new("L", each.size, 255) for each in image],))
    return NodeResult(([each.getchannel(channel[0].upper()) for each in image],))


NODES = {
    "EmptyImage": empty_image,
    "LoadImage": load_image,
    "LoadImageMask": load_image_mask,
    "ImageScale": image_scale,
    "ImageScaleBy": image_scale_by,
    "UpscaleModelLoader": load_upscale_model,
    "ImageUpscaleWithModel": image_upscale_with_model,
    "ImageInvert": image_invert,
    "ImageBlur": image_blur,
    "ImageBatch": image_batch,
    "SolidMask": solid_mask,
    "MaskToImage": mask_to_image,
    "ImageToMask": image_to_mask,
}
