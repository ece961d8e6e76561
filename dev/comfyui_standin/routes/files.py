"""/view, /upload/image and /upload/mask."""

import asyncio
import hashlib
import json
import mimetypes
import os
from io import BytesIO
from pathlib import Path

from aiohttp import web
from PIL import Image

mimetypes.add_type("image/webp", ".webp")
mimetypes.add_type("audio/flac", ".flac")
ACTIVE_CONTENT = {"text/html", "text/html-sandboxed", "application/xhtml+xml", "text/javascript", "text/css"}


class Files:
    """Files in and out."""

    def __init__(self, server):  # the Server owns all parts
        self.server = server

    def add(self, routes: web.RouteTableDef) -> None:
        routes.get("/view")(self.view)
        routes.post("/upload/image")(self.upload_image)
        routes.post("/upload/mask")(self.upload_mask)

    async def view(self, request: web.Request) -> web.StreamResponse:
        faults = self.server.options.faults
        if faults.take("fail_view"):
            raise RuntimeError("fault: fail_view")
        query = request.rel_url.query
        if "filename" not in query:
            return web.Response(status=404)
        name, noted = self.server.folders.annotated(query["filename"])
        if not name or name.startswith("/") or ".." in name:
            return web.Response(status=400)
        folder = self.server.folders.of_type(noted or query.get("type", "output"))
        if folder is None:
            return web.Response(status=400)
        if "subfolder" in query:
            inner = Path(os.path.abspath(folder / query["subfolder"]))
            if not inner.is_relative_to(folder):
                return web.Response(status=403)
            folder = inner
        path = folder / os.path.basename(name)
        if not path.is_file():
            return web.Response(status=404)
        if faults.take("cut_view"):
            return await _cut(request, path)
        if "preview" in query:
            return await _preview(path, query["preview"])
        if query.get("channel") in ("rgb", "a"):
            return await _channel(path, query["channel"])
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind in ACTIVE_CONTENT:
            kind = "application/octet-stream"
        return web.FileResponse(
            path,
            headers={
                "Content-Disposition": _disposition(path),
                "Content-Type": kind,
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def upload_image(self, request: web.Request) -> web.Response:
        if self.server.options.faults.take("fail_upload"):
            raise RuntimeError("fault: fail_upload")
        return await self._upload(await request.post(), None)

    async def upload_mask(self, request: web.Request) -> web.Response:
        form = await request.post()
        reference = json.loads(form.get("original_ref"))
        return await self._upload(form, reference)

    async def _upload(self, form, mask_of: dict | None) -> web.Response:  # aiohttp's multidict
        image = form.get("image")
        if image is None or image == "":
            return web.Response(status=400)
        kind = form.get("type", "input")
        folder = self.server.folders.of_type(kind)
        name = image.filename.lstrip("/")
        subfolder = form.get("subfolder", "")
        target = Path(os.path.abspath(folder / subfolder / name))
        if not name or not target.is_relative_to(folder):
            return web.Response(status=400)
        (folder / os.path.normpath(subfolder)).mkdir(parents=True, exist_ok=True)
        content = image.file.read()
        if form.get("overwrite") not in ("true", "1"):
            target = _free_name(target, content)
        if mask_of is None:
            target.write_bytes(content)
        else:
            await asyncio.to_thread(self._write_masked, target, content, mask_of)
        shown = str(Path(name).with_name(target.name))
        return web.json_response({"name": shown, "subfolder": subfolder, "type": kind})

    def _write_masked(self, target: Path, mask: bytes, reference: dict) -> None:
        """The original picture with the mask's alpha; without an original nothing is written."""
        folder = self.server.folders.of_type(reference.get("type", "output"))
        original = folder / reference.get("subfolder", "") / reference["filename"]
        if not original.is_file():
            return
        with Image.open(original) as picture:
            picture = picture.convert("RGBA")
        alpha = Image.open(BytesIO(mask)).convert("RGBA").getchannel("A").resize(picture.size)
        picture.putalpha(alpha)
        picture.save(target, compress_level=4)


def _free_name(target: Path, content: bytes) -> Path:
    """The name itself when it is free or holds the same bytes, else `name (1)` and so on."""
    digest, candidate, count = hashlib.sha256(content).digest(), target, 1
    while candidate.exists() and hashlib.sha256(candidate.read_bytes()).digest() != digest:
        candidate = target.with_name(f"{target.stem} ({count}){target.suffix}")
        count += 1
    return candidate


async def _preview(path: Path, wanted: str) -> web.Response:
    kind, _, quality = wanted.partition(";")
    kind = kind if kind in ("webp", "jpeg") else "webp"
    return await _encoded(
        path, kind, lambda picture: picture.convert("RGB") if kind == "jpeg" else picture, int(quality or 90)
    )


async def _channel(path: Path, channel: str) -> web.Response:
    def convert(picture: Image.Image) -> Image.Image:
        if channel == "rgb":
            return picture.convert("RGB")
        alpha = picture.getchannel("A") if "A" in picture.getbands() else Image.new("L", picture.size, 255)
        shown = Image.new("RGBA", picture.size)
        shown.putalpha(alpha)
        return shown

    return await _encoded(path, "png", convert)


async def _encoded(path: Path, kind: str, convert, quality: int = 90) -> web.Response:
    def encode() -> bytes:
        buffer = BytesIO()
        with Image.open(path) as picture:
            convert(picture).save(buffer, kind, quality=quality)
        return buffer.getvalue()

    body = await asyncio.to_thread(encode)
    return web.Response(body=body, content_type=f"image/{kind}", headers={"Content-Disposition": _disposition(path)})


async def _cut(request: web.Request, path: Path) -> web.StreamResponse:
    content = path.read_bytes()
    response = web.StreamResponse(headers={"Content-Length": str(len(content))})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport:
        request.transport.close()
    return response


def _disposition(path: Path) -> str:
    return f'filename="{path.name}"'
