"""The test nodes of the recordings (`--probe-nodes`): they wait, fail, block and expand on demand."""

import asyncio
import os

from PIL import Image

from ..node_run import NodeResult, NodeRun, OutOfMemory
from ..values import Blocked


async def probe_sleep(run: NodeRun, image: list, steps: int, ms: int, preview: bool, seed: int) -> NodeResult:
    """Reports its steps and notices an interrupt after each."""
    for step in range(1, steps + 1):
        await run.sleep(ms * run.options.probe_time_scale)
        shown = Image.new("RGB", (256, 256), (255 * step // steps, 64, 128)) if preview else None
        await run.step(step, steps, shown)
    return NodeResult((image,))


async def probe_busy(run: NodeRun, image: list, ms: int, seed: int) -> NodeResult:
    """Notices no interrupt."""
    await asyncio.sleep(ms * run.options.probe_time_scale / 1000)
    return NodeResult((image,))


async def probe_raise(run: NodeRun, image: list, kind: str, message: str) -> NodeResult:
    if kind == "exit":
        os._exit(137)
    if kind == "OOM":
        raise OutOfMemory("CUDA out of memory. Tried to allocate 20.00 GiB (probe)")
    raise ValueError(message)


async def probe_block(run: NodeRun, image: list, message: str) -> NodeResult:
    return NodeResult((Blocked(message or None),))


async def probe_expand(run: NodeRun, image: list) -> NodeResult:
    """Becomes an ImageInvert and a ProbeSleep; the last one's outputs are its own."""
    first, second = f"{run.node_id}.0.0.1", f"{run.node_id}.0.0.2"
    source = run.prompt[run.node_id]["inputs"]["image"]
    sleep = {"image": [first, 0], "steps": 2, "ms": 50, "preview": False, "seed": 0}
    return NodeResult(
        subgraph={
            first: {"class_type": "ImageInvert", "inputs": {"image": source}},
            second: {"class_type": "ProbeSleep", "inputs": sleep},
        }
    )


NODES = {
    "ProbeSleep": probe_sleep,
    "ProbeBusy": probe_busy,
    "ProbeRaise": probe_raise,
    "ProbeBlock": probe_block,
    "ProbeExpand": probe_expand,
}
