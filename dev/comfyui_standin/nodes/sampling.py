"""From a checkpoint to a picture. Nothing is diffused: the inputs are gathered into a recipe,
which VAEDecode draws."""

import asyncio
from dataclasses import replace

from PIL import Image, ImageFilter, ImageStat

from ..node_run import NodeResult, NodeRun
from ..picture import draw
from ..values import Conditioning, Latent, Model
from .images import scaled


async def load_checkpoint(run: NodeRun, ckpt_name: str) -> NodeResult:
    model = Model(ckpt_name)
    return NodeResult((model, model, model))


async def load_lora(
    run: NodeRun, model: Model, clip: Model, lora_name: str, strength_model: float, strength_clip: float
) -> NodeResult:
    return NodeResult((model.with_lora(lora_name, strength_model), clip.with_lora(lora_name, strength_clip)))


async def encode_text(run: NodeRun, text: str, clip: Model) -> NodeResult:
    return NodeResult((Conditioning(text, clip),))


async def load_control_net(run: NodeRun, control_net_name: str) -> NodeResult:
    return NodeResult((Model(control_net_name),))


async def apply_control_net(
    run: NodeRun,
    positive: Conditioning,
    negative: Conditioning,
    control_net: Model,
    image: list,
    strength: float,
    start_percent: float,
    end_percent: float,
    vae: Model | None = None,
) -> NodeResult:
    guide = {
        "control_net": control_net.name,
        "picture": ImageStat.Stat(image[0]).mean,
        "strength": strength,
        "from": start_percent,
        "to": end_percent,
    }
    guided = [replace(each, guides=(*each.guides, guide)) for each in (positive, negative)]
    return NodeResult(tuple(guided))


async def empty_latent(run: NodeRun, width: int, height: int, batch_size: int) -> NodeResult:
    return NodeResult((Latent(width // 8 * 8, height // 8 * 8, batch_size),))


async def upscale_latent(
    run: NodeRun, samples: Latent, upscale_method: str, width: int, height: int, crop: str
) -> NodeResult:
    width = width or round(samples.width * height / samples.height) or samples.width
    height = height or round(samples.height * width / samples.width)
    source = [scaled(each, upscale_method, width, height, crop) for each in _decode(samples)]
    return NodeResult((Latent(width, height, samples.batch, {}, source, 0.0),))


async def k_sampler(
    run: NodeRun,
    model: Model,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: float = 1.0,
) -> NodeResult:
    recipe = {
        "model": model.name,
        "loras": model.loras,
        "seed": seed,
        "steps": steps,
        "cfg": cfg,
        "denoise": denoise,
        "sampler": sampler_name,
        "scheduler": scheduler,
        "text": positive.text,
        "negative": negative.text,
        "text_loras": positive.model.loras,
    }
    if positive.guides:
        recipe["guides"] = positive.guides
    source = await asyncio.to_thread(_decode, latent_image) if denoise < 1 or latent_image.source else []
    result = replace(latent_image, recipe=recipe, source=source, denoise=denoise)
    await _sample(run, result, 0, steps)
    return NodeResult((result,))


async def k_sampler_advanced(
    run: NodeRun,
    model: Model,
    add_noise: str,
    noise_seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: int,
    end_at_step: int,
    return_with_leftover_noise: str,
) -> NodeResult:
    last = min(end_at_step, steps)
    share = max(0, last - start_at_step) / steps
    recipe = {
        "model": model.name,
        "loras": model.loras,
        "seed": noise_seed if add_noise == "enable" else None,
        "steps": steps,
        "cfg": cfg,
        "sampler": sampler_name,
        "scheduler": scheduler,
        "text": positive.text,
        "negative": negative.text,
        "text_loras": positive.model.loras,
        "from": start_at_step,
        "to": last,
        "leftover": return_with_leftover_noise,
    }
    source = await asyncio.to_thread(_decode, latent_image) if latent_image.recipe or latent_image.source else []
    result = replace(latent_image, recipe=recipe, source=source, denoise=share if source else 1.0)
    await _sample(run, result, start_at_step, last)
    return NodeResult((result,))


async def _sample(run: NodeRun, latent: Latent, first: int, last: int) -> None:
    finished = None
    steps = max(0, last - first)
    for step in range(1, steps + 1):
        await run.sleep(run.options.step_ms)
        preview = None
        if run.wants_previews:
            finished = finished or (await asyncio.to_thread(_decode, latent))[0]
            preview = finished.filter(ImageFilter.GaussianBlur((steps - step) * finished.width / (8 * steps)))
        await run.step(step, steps, preview)


async def decode(run: NodeRun, samples: Latent, vae: Model) -> NodeResult:
    return NodeResult((await asyncio.to_thread(_decode, samples),))


async def encode(run: NodeRun, pixels: list, vae: Model) -> NodeResult:
    size = (max(8, pixels[0].width // 8 * 8), max(8, pixels[0].height // 8 * 8))
    source = [each if each.size == size else each.resize(size) for each in pixels]
    return NodeResult((Latent(*size, len(source), {}, source, 0.0),))


async def encode_for_inpaint(run: NodeRun, pixels: list, vae: Model, mask: list, grow_mask_by: int = 6) -> NodeResult:
    encoded = (await encode(run, pixels, vae)).values[0]
    grown = mask[0].resize((encoded.width, encoded.height))
    if grow_mask_by:
        grown = grown.filter(ImageFilter.MaxFilter(2 * (grow_mask_by // 2) + 1))
    return NodeResult((replace(encoded, mask=grown),))


async def repeat_latent(run: NodeRun, samples: Latent, amount: int) -> NodeResult:
    return NodeResult((replace(samples, batch=samples.batch * amount, source=samples.source * amount),))


def _decode(latent: Latent) -> list[Image.Image]:
    if not latent.recipe and latent.source:
        return latent.source
    drawn = [draw(latent.recipe, latent.width, latent.height, index) for index in range(latent.batch)]
    if not latent.source:
        return drawn
    blended = [Image.blend(old, new, latent.denoise) for old, new in zip(latent.source, drawn, strict=True)]
    if latent.mask is None:
        return blended
    return [Image.composite(new, old, latent.mask) for old, new in zip(latent.source, blended, strict=True)]


NODES = {
    "CheckpointLoaderSimple": load_checkpoint,
    "LoraLoader": load_lora,
    "CLIPTextEncode": encode_text,
    "EmptyLatentImage": empty_latent,
    "LatentUpscale": upscale_latent,
    "KSampler": k_sampler,
    "KSamplerAdvanced": k_sampler_advanced,
    "VAEDecode": decode,
    "VAEEncode": encode,
    "VAEEncodeForInpaint": encode_for_inpaint,
    "RepeatLatentBatch": repeat_latent,
    "ControlNetLoader": load_control_net,
    "ControlNetApplyAdvanced": apply_control_net,
}
