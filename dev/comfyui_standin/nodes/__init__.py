"""The node classes that run. Each is an async function of a NodeRun and the node's inputs."""

from collections.abc import Awaitable, Callable

from ..node_run import NodeResult
from . import audio_video, images, outputs, probes, sampling

NODES: dict[str, Callable[..., Awaitable[NodeResult]]] = {
    **images.NODES,
    **sampling.NODES,
    **audio_video.NODES,
    **outputs.NODES,
    **probes.NODES,
}
