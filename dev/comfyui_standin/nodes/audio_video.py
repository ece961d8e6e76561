"""Videos and sound: small, but files that a player opens."""

import asyncio

from ..flac import silence
from ..mp4 import motion_jpeg
from ..node_run import NodeResult, NodeRun
from ..values import Audio, Video


async def create_video(run: NodeRun, images: list, fps: float, **_: object) -> NodeResult:
    return NodeResult((Video(images, fps),))


async def save_video(run: NodeRun, video: Video, filename_prefix: str, **_: object) -> NodeResult:
    folder, stem, subfolder, counter = run.folders.next_output(filename_prefix, "output", video.frames[0].size)
    name = f"{stem}_{counter:05}_.mp4"
    (folder / name).write_bytes(await asyncio.to_thread(motion_jpeg, video.frames, video.fps))
    saved = {"filename": name, "subfolder": subfolder, "type": "output"}
    return NodeResult((video,), {"images": [saved], "animated": [True]})


async def empty_audio(run: NodeRun, duration: float, sample_rate: int, channels: int) -> NodeResult:
    return NodeResult((Audio(duration, sample_rate, channels),))


async def save_audio(run: NodeRun, audio: Audio, filename_prefix: str) -> NodeResult:
    folder, stem, subfolder, counter = run.folders.next_output(filename_prefix, "output")
    name = f"{stem}_{counter:05}.flac"
    content = await asyncio.to_thread(silence, audio.seconds, audio.sample_rate, audio.channels)
    (folder / name).write_bytes(content)
    return NodeResult((audio,), {"audio": [{"filename": name, "subfolder": subfolder, "type": "output"}]})


NODES = {
    "CreateVideo": create_video,
    "SaveVideo": save_video,
    "EmptyAudio": empty_audio,
    "SaveAudio": save_audio,
}
