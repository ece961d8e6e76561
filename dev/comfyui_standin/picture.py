"""The picture that stands for a sampled image: a landscape grown from everything that went into it.

Equal recipes give equal pixels, any other seed or word gives another landscape.
"""

import hashlib
import json
import math
import random
import textwrap

from PIL import Image, ImageDraw, ImageFilter, ImageFont

PALETTES = [  # sky top, sky bottom, sun, far hills, near hills
    ("#1b2a49", "#f4a261", "#ffe8b0", "#6d597a", "#1d1e2c"),
    ("#2a6f97", "#cfe8ef", "#fffbe6", "#7fa99b", "#1f4d3a"),
    ("#3d1e6d", "#ff7096", "#ffd6a5", "#7b4b94", "#1a1033"),
    ("#0b132b", "#5bc0be", "#f1faee", "#3a506b", "#0b1d26"),
    ("#4a1c40", "#f7b267", "#fff1c9", "#a6446b", "#2b0f26"),
    ("#12355b", "#d9e5d6", "#f9f3cc", "#5f8d87", "#12312b"),
]


def draw(recipe: dict, width: int, height: int, index: int = 0) -> Image.Image:
    """Draws picture number `index` of a batch; `recipe["text"]` is written along the lower edge."""
    source = json.dumps([recipe, index], sort_keys=True, default=str).encode()
    dice = random.Random(int.from_bytes(hashlib.sha256(source).digest()))  # a picture, no secret
    colors = [_rgb(value) for value in dice.choice(PALETTES)]

    image = _sky(width, height, colors[0], colors[1])
    _sun(image, dice, colors[2])
    layers = 5
    for layer in range(layers):
        _hills(image, dice, _mix(colors[3], colors[4], layer / (layers - 1)), 0.5 + 0.1 * layer)
    if recipe.get("text"):
        _caption(image, str(recipe["text"]), colors[2])
    return image


def _sky(width: int, height: int, top: tuple, bottom: tuple) -> Image.Image:
    column = Image.new("RGB", (1, 64))
    for row in range(64):
        column.putpixel((0, row), _mix(top, bottom, min(1, row / 40)))
    return column.resize((width, height), Image.Resampling.BILINEAR)


def _sun(image: Image.Image, dice: random.Random, color: tuple) -> None:
    width, height = image.size
    radius = min(width, height) * dice.uniform(0.06, 0.13)
    x, y = width * dice.uniform(0.15, 0.85), height * dice.uniform(0.18, 0.45)
    glow = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(glow)
    for ring in range(8, 0, -1):
        reach = radius * (1 + ring * 0.28)
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=12 + (8 - ring) * 9)
    glow = glow.filter(ImageFilter.BoxBlur(max(1, radius / 8)))
    ImageDraw.Draw(glow).ellipse((x - radius, y - radius, x + radius, y + radius), fill=245)
    image.paste(color, (0, 0), glow)


def _hills(image: Image.Image, dice: random.Random, color: tuple, level: float) -> None:
    width, height = image.size
    waves = [(dice.uniform(0.6, 5), dice.uniform(0, math.tau), dice.uniform(0.012, 0.05)) for _ in range(4)]
    step = max(1, width // 160)
    ridge = [
        (x, height * (level + sum(a * math.sin(f * math.tau * x / width + p) for f, p, a in waves)))
        for x in range(0, width + step, step)
    ]
    ImageDraw.Draw(image).polygon([(0, height), *ridge, (width, height)], fill=color)


def _caption(image: Image.Image, text: str, color: tuple) -> None:
    width, height = image.size
    size = max(8, min(width, height) // 22)
    if height < 6 * size:
        return
    font = ImageFont.load_default(size)
    lines = textwrap.wrap(text[:400], max(8, int(width * 0.9 / (size * 0.56))))[:3]
    pen = ImageDraw.Draw(image)
    pen.multiline_text(
        (width * 0.05, height - size * 0.8), "\n".join(lines), fill=color, font=font, anchor="ld", spacing=size // 3
    )


def _rgb(value: str) -> tuple[int, int, int]:
    return tuple(int(value[i : i + 2], 16) for i in (1, 3, 5))


def _mix(first: tuple, second: tuple, share: float) -> tuple[int, int, int]:
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
