"""What the stand-in draws and saves."""

import io
import json

import pytest
from client import CHECKPOINT, Client, text_to_image
from PIL import Image

FAST = (
    "--step-ms", "0", "--lora", "ink.safetensors", "--control-net", "canny.pth", "--upscale-model", "x4.pth",
)  # fmt: skip


@pytest.fixture
def client(standin) -> Client:
    return Client(standin(*FAST))


def picture(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_equal_inputs_give_equal_bytes_on_any_server(standin, tmp_path) -> None:
    first = Client(standin(*FAST, base=tmp_path / "a")).outputs(text_to_image())
    second = Client(standin(*FAST, base=tmp_path / "b")).outputs(text_to_image())
    assert first == second


@pytest.mark.parametrize(
    "change",
    [
        {"n3": {"seed": 8}},
        {"n3": {"seed": 18446744073709551615}},
        {"n3": {"steps": 4}},
        {"n6": {"text": "a harbour"}},
        {"n7": {"text": "blurry"}},
        {"n4": {"ckpt_name": "v1-5-pruned-emaonly.safetensors"}},
    ],
)
def test_another_input_gives_another_picture(client: Client, change: dict) -> None:
    assert (
        picture(client.outputs(text_to_image())[0]).tobytes()
        != picture(client.outputs(text_to_image(**change))[0]).tobytes()
    )


@pytest.mark.parametrize(("width", "height", "batch"), [(16, 16, 1), (512, 768, 1), (64, 128, 3)])
def test_size_and_batch_are_the_asked_ones(client: Client, width: int, height: int, batch: int) -> None:
    saved = client.outputs(text_to_image(n5={"width": width, "height": height, "batch_size": batch}))
    assert [picture(content).size for content in saved] == [(width, height)] * batch
    assert len(set(saved)) == batch


def test_png_carries_prompt_and_workflow(client: Client) -> None:
    graph = text_to_image()
    entry, _ = client.run(graph, extra_data={"extra_pnginfo": {"workflow": {"id": "w"}}})
    image = picture(client.view(**entry["outputs"]["9"]["images"][0]))
    assert json.loads(image.text["prompt"]) == graph
    assert json.loads(image.text["workflow"]) == {"id": "w"}


LATENT_UPSCALE = {"upscale_method": "bilinear", "width": 192, "height": 128, "crop": "disabled"}
ADVANCED = {
    "noise_seed": 5, "add_noise": "enable", "steps": 4, "cfg": 7, "sampler_name": "euler", "scheduler": "normal",
    "start_at_step": 0, "end_at_step": 10000, "return_with_leftover_noise": "disable", "model": ["4", 0],
    "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
}  # fmt: skip
GRAPHS = {
    "image to image": (
        {
            "n10": {"class_type": "LoadImage", "image": "example.png"},
            "n11": {"class_type": "VAEEncode", "pixels": ["10", 0], "vae": ["4", 2]},
            "n3": {"latent_image": ["11", 0], "denoise": 0.5},
        },
        (256, 256),
    ),
    "latent upscale": (
        {"n10": {"class_type": "LatentUpscale", "samples": ["3", 0], **LATENT_UPSCALE}, "n8": {"samples": ["10", 0]}},
        (192, 128),
    ),
    "LoRA": (
        {
            "n10": {
                "class_type": "LoraLoader", "model": ["4", 0], "clip": ["4", 1], "lora_name": "ink.safetensors",
                "strength_model": 1, "strength_clip": 1,
            },
            "n3": {"model": ["10", 0]},
        },
        (96, 64),
    ),
    "advanced sampler": (
        {"n10": {"class_type": "KSamplerAdvanced", **ADVANCED}, "n8": {"samples": ["10", 0]}},
        (96, 64),
    ),
    "scale by": (
        {
            "n10": {"class_type": "ImageScaleBy", "image": ["8", 0], "upscale_method": "lanczos", "scale_by": 2.0},
            "n9": {"images": ["10", 0]},
        },
        (192, 128),
    ),
    "ControlNet": (
        {
            "n10": {"class_type": "ControlNetLoader", "control_net_name": "canny.pth"},
            "n11": {"class_type": "LoadImage", "image": "example.png"},
            "n12": {
                "class_type": "ControlNetApplyAdvanced", "positive": ["6", 0], "negative": ["7", 0],
                "control_net": ["10", 0], "image": ["11", 0], "strength": 1, "start_percent": 0, "end_percent": 1,
            },
            "n3": {"positive": ["12", 0], "negative": ["12", 1]},
        },
        (96, 64),
    ),
    "upscaling model": (
        {
            "n10": {"class_type": "UpscaleModelLoader", "model_name": "x4.pth"},
            "n11": {"class_type": "ImageUpscaleWithModel", "upscale_model": ["10", 0], "image": ["8", 0]},
            "n9": {"images": ["11", 0]},
        },
        (384, 256),
    ),
    "mask": (
        {
            "n10": {"class_type": "ImageToMask", "image": ["8", 0], "channel": "red"},
            "n11": {"class_type": "MaskToImage", "mask": ["10", 0]},
            "n9": {"images": ["11", 0]},
        },
        (96, 64),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(client: Client, name: str) -> None:
    changes, size = GRAPHS[name]
    saved = client.outputs(text_to_image(**changes))
    assert [picture(content).size for content in saved] == [size]
    assert saved != client.outputs(text_to_image(n9={"filename_prefix": "plain"}))


@pytest.mark.parametrize(("mask", "stays"), [(0.0, True), (1.0, False)])
def test_inpainting_keeps_what_the_mask_does_not_cover(client: Client, mask: float, stays: bool) -> None:
    color = (200, 100, 50)
    graph = text_to_image(
        n10={"class_type": "EmptyImage", "width": 96, "height": 64, "batch_size": 1, "color": 0xC86432},
        n11={"class_type": "SolidMask", "value": mask, "width": 96, "height": 64},
        n12={
            "class_type": "VAEEncodeForInpaint", "pixels": ["10", 0], "vae": ["4", 2], "mask": ["11", 0],
            "grow_mask_by": 6,
        },
        n13={"class_type": "RepeatLatentBatch", "samples": ["12", 0], "amount": 2},
        n3={"latent_image": ["13", 0]},
    )  # fmt: skip
    saved = client.outputs(graph)
    assert len(saved) == 2
    for content in saved:
        assert (picture(content).tobytes() == bytes(color) * (96 * 64)) is stays


def test_sampler_reports_each_step_and_previews_when_asked(client: Client) -> None:
    supports = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
    _, frames = client.run(text_to_image(), [supports], extra_data={"preview_method": "auto"})
    steps = [(f["data"]["value"], f["data"]["max"]) for f in frames if f.get("type") == "progress"]
    previews = [f for f in frames if "magic" in f]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert [(f["event_type_u32be"], f["metadata"]["node_id"], f["magic"]) for f in previews] == [
        (4, "3", "ffd8ffe0")
    ] * 3


def test_models_are_offered(client: Client) -> None:
    info = client.json("GET", "/object_info")
    assert CHECKPOINT in info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0]
    assert info["LoraLoader"]["input"]["required"]["lora_name"][0] == ["ink.safetensors"]
    assert info["ControlNetLoader"]["input"]["required"]["control_net_name"][0] == ["canny.pth"]
    assert info["UpscaleModelLoader"]["input"]["required"]["model_name"][1]["options"] == ["x4.pth"]
    assert client.json("GET", "/models/upscale_models") == ["x4.pth"]
    assert "ProbeSleep" not in info


def test_video_is_a_well_formed_mp4(client: Client) -> None:
    graph = text_to_image(
        n5={"batch_size": 3},
        n10={"class_type": "CreateVideo", "images": ["8", 0], "fps": 8.0},
        n9={"class_type": "SaveImage"},
        n11={"class_type": "SaveVideo", "video": ["10", 0], "filename_prefix": "v", "format": "auto", "codec": "auto"},
    )
    (content,) = client.outputs(graph, "11")
    boxes, at = [], 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4])
        boxes.append(content[at + 4 : at + 8])
        at += length
    assert (boxes, at) == ([b"ftyp", b"mdat", b"moov"], len(content))
    first = int.from_bytes(content[(place := content.index(b"stco") + 12) : place + 4])
    assert content[first : first + 3] == b"\xff\xd8\xff"


def test_audio_is_flac_with_the_asked_length(client: Client) -> None:
    graph = {
        "1": {"class_type": "EmptyAudio", "inputs": {"duration": 0.5, "sample_rate": 8000, "channels": 1}},
        "2": {"class_type": "SaveAudio", "inputs": {"audio": ["1", 0], "filename_prefix": "a"}},
    }
    (content,) = client.outputs(graph, "2")
    assert content[:4] == b"fLaC"
    described = int.from_bytes(content[18:26])
    assert (described >> 44, described & (1 << 36) - 1) == (8000, 4000)
    assert content[42:44] == b"\xff\xf8"
