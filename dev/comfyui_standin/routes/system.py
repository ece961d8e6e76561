"""What the server says of itself: /object_info, /system_stats, /models and the like, and /ws."""

import os
import sys

from aiohttp import web

from .. import VERSION
from ..sockets import FEATURES

MODEL_FOLDERS = [
    "checkpoints",
    "configs",
    "loras",
    "vae",
    "text_encoders",
    "diffusion_models",
    "clip_vision",
    "style_models",
    "embeddings",
    "diffusers",
    "vae_approx",
    "controlnet",
    "gligen",
    "upscale_models",
    "latent_upscale_models",
    "custom_nodes",
    "datasets",
    "hypernetworks",
    "photomaker",
    "classifiers",
    "model_patches",
    "audio_encoders",
    "background_removal",
    "frame_interpolation",
    "geometry_estimation",
    "optical_flow",
    "detection",
]


class System:
    """Read-only routes."""

    def __init__(self, server):  # the Server owns all parts
        self.server = server

    def add(self, routes: web.RouteTableDef) -> None:
        routes.get("/ws")(self.socket)
        routes.get("/object_info")(self.object_info)
        routes.get("/object_info/{class_type}")(self.object_info_of)
        routes.get("/system_stats")(self.system_stats)
        routes.get("/features")(self.features)
        routes.get("/models")(self.models)
        routes.get("/models/{folder}")(self.models_in)
        routes.get("/embeddings")(self.nothing)
        routes.get("/extensions")(self.nothing)
        routes.get("/users")(self.users)
        routes.get("/view_metadata/{folder}")(self.no_metadata)
        routes.get("/internal/files/{kind}")(self.files)
        routes.get("/internal/logs")(self.logs)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        return await self.server.sockets.accept(request, self.server.queue.remaining)

    async def object_info(self, request: web.Request) -> web.Response:
        return web.json_response(self.server.info.all())

    async def object_info_of(self, request: web.Request) -> web.Response:
        class_type, info = request.match_info["class_type"], self.server.info
        return web.json_response({class_type: info.describe(class_type)} if class_type in info else {})

    async def system_stats(self, request: web.Request) -> web.Response:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = os.sysconf("SC_PHYS_PAGES") * page, os.sysconf("SC_AVPHYS_PAGES") * page
        system = {
            "os": "linux",
            "ram_total": total,
            "ram_free": free,
            "comfyui_version": VERSION,
            "required_frontend_version": "1.49.6",
            "installed_templates_version": "0.11.44",
            "required_templates_version": "0.11.44",
            "comfy_package_versions": [],
            "python_version": sys.version,
            "pytorch_version": "2.13.0+cpu",
            "embedded_python": False,
            "deploy_environment": "standin",
            "argv": ["comfyui_standin"],
        }
        device = {
            "name": "cpu",
            "type": "cpu",
            "index": None,
            "vram_total": total,
            "vram_free": free,
            "torch_vram_total": total,
            "torch_vram_free": free,
        }
        return web.json_response({"system": system, "devices": [device]})

    async def features(self, request: web.Request) -> web.Response:
        return web.json_response(FEATURES)

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response(MODEL_FOLDERS)

    async def models_in(self, request: web.Request) -> web.Response:
        folder = request.match_info["folder"]
        if folder not in MODEL_FOLDERS:
            return web.Response(status=404)
        return web.json_response(sorted(self.server.options.models.get(folder, [])))

    async def nothing(self, request: web.Request) -> web.Response:
        return web.json_response([])

    async def users(self, request: web.Request) -> web.Response:
        return web.json_response({"storage": "server", "migrated": False})

    async def no_metadata(self, request: web.Request) -> web.Response:
        return web.Response(status=404)

    async def files(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        folder = self.server.folders.of_type(kind)
        if folder is None:
            return web.json_response({"error": "Invalid directory type"}, status=400)
        entries = [entry for entry in folder.iterdir() if entry.is_file()]
        entries.sort(key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
        return web.json_response([f"{entry.name} [{kind}]" for entry in entries])

    async def logs(self, request: web.Request) -> web.Response:
        return web.json_response("the stand-in keeps no log of this kind\n")
