"""A small client of ComfyUI's protocol, for tests of the stand-in's own features."""

import asyncio
import copy
import json

import aiohttp
from process import Standin
from replay import Socket

CHECKPOINT = "sd_xl_base_1.0.safetensors"
TEXT_TO_IMAGE = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 96, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7, "steps": 3, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "t"}},
}  # fmt: skip


def text_to_image(**changes: dict) -> dict:
    """The graph above; `n3={"seed": 8}` changes inputs of node 3, and a new node comes with its class."""
    graph = copy.deepcopy(TEXT_TO_IMAGE)
    for name, inputs in changes.items():
        node = graph.setdefault(name[1:], {"class_type": inputs.get("class_type"), "inputs": {}})
        node["inputs"].update({key: value for key, value in inputs.items() if key != "class_type"})
    return graph


class Client:
    """Everything against one stand-in, one call at a time."""

    def __init__(self, standin: Standin):
        self.address = standin.address

    def call(self, method: str, path: str, body: object = None, data: object = None) -> tuple[int, bytes]:
        async def ask() -> tuple[int, bytes]:
            async with (
                aiohttp.ClientSession(self.address) as session,
                session.request(method, path, json=body, data=data) as answer,
            ):
                return answer.status, await answer.read()

        return asyncio.run(ask())

    def json(self, method: str, path: str, body: object = None) -> object:
        status, content = self.call(method, path, body)
        assert status == 200, content
        return json.loads(content)

    def run(self, graph: dict, first: list[dict] = (), **extra: object) -> tuple[dict, list[dict]]:
        """Submits a graph and waits for its end; the history's entry, and the frames heard."""

        async def submit() -> tuple[dict, list[dict]]:
            async with aiohttp.ClientSession(self.address) as session:
                socket = await Socket.open(session, "/ws?clientId=me", first)
                async with session.post("/prompt", json={"prompt": graph, "client_id": "me", **extra}) as answer:
                    assert answer.status == 200, await answer.text()
                    prompt_id = (await answer.json())["prompt_id"]
                assert await socket.hears(lambda f: f.get("type") == "executing" and f["data"]["node"] is None)
                await socket.close()
                async with session.get(f"/history/{prompt_id}") as answer:
                    return (await answer.json())[prompt_id], socket.frames

        return asyncio.run(submit())

    def outputs(self, graph: dict, node: str = "9") -> list[bytes]:
        """The files that an output node saved."""
        entry, _ = self.run(graph)
        assert entry["status"]["status_str"] == "success", entry["status"]
        files = [item for shown in entry["outputs"][node].values() for item in shown if isinstance(item, dict)]
        return [self.view(**file) for file in files]

    def view(self, filename: str, subfolder: str, type: str) -> bytes:
        status, content = self.call("GET", f"/view?filename={filename}&subfolder={subfolder}&type={type}")
        assert status == 200
        return content
