"""What the command line sets."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Faults

DEFAULT_CHECKPOINTS = ["sd_xl_base_1.0.safetensors", "v1-5-pruned-emaonly.safetensors"]
MAX_UPLOAD_BYTES = 100 * 1024 * 1024


@dataclass
class Options:
    """The settings of one server."""

    listen: str = "127.0.0.1"
    port: int = 8188
    base_directory: Path | None = None
    step_ms: float = 50
    probe_time_scale: float = 1.0
    checkpoints: list[str] = field(default_factory=lambda: list(DEFAULT_CHECKPOINTS))
    loras: list[str] = field(default_factory=list)
    control_nets: list[str] = field(default_factory=list)
    upscale_models: list[str] = field(default_factory=list)
    preview_method: str = "none"
    probe_nodes: bool = False
    control: bool = False
    log: Path | None = None
    exit_with_parent: bool = False
    faults: Faults = field(default_factory=Faults)

    @property
    def models(self) -> dict[str, list[str]]:
        """What is offered, by the folder that ComfyUI keeps it in."""
        return {
            "checkpoints": self.checkpoints,
            "loras": self.loras,
            "controlnet": self.control_nets,
            "upscale_models": self.upscale_models,
        }


def parse(arguments: list[str] | None = None) -> Options:
    """Reads the command line; a mistake in it ends the program with a sentence and status 2."""
    parser = argparse.ArgumentParser(
        prog="comfyui_standin",
        description="Speaks ComfyUI's protocol and draws a picture from prompt and seed.",
        epilog='When it is ready it prints one line: {"event": "ready", "port": N}.',
    )
    add = parser.add_argument
    add("--listen", default="127.0.0.1", metavar="ADDRESS", help="default 127.0.0.1")
    add("--port", type=int, default=8188, help="0 takes a free one; default 8188")
    add(
        "--base-directory",
        type=Path,
        metavar="DIR",
        help="keeps input/, output/ and temp/; default: a temporary one, removed at the end",
    )
    add("--step-ms", type=float, default=50, metavar="MS", help="time of one sampling step; default 50")
    add(
        "--checkpoint",
        action="append",
        metavar="NAME",
        help="a checkpoint to offer, repeatable; default: " + ", ".join(DEFAULT_CHECKPOINTS),
    )
    add("--no-checkpoints", action="store_true", help="offer none")
    add("--lora", action="append", default=[], metavar="NAME", help="a LoRA to offer, repeatable")
    add("--control-net", action="append", default=[], metavar="NAME", help="a ControlNet to offer, repeatable")
    add("--upscale-model", action="append", default=[], metavar="NAME", help="an upscaling model to offer, repeatable")
    add(
        "--preview-method",
        choices=["none", "auto", "latent2rgb", "taesd"],
        default="none",
        help="previews while sampling, unless the prompt chooses; default none",
    )
    add("--probe-nodes", action="store_true", help="offer the recordings' Probe* nodes")
    add(
        "--probe-time-scale",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="stretches the times that the Probe* nodes are given; default 1",
    )
    add("--control", action="store_true", help="answer under /standin/: set faults, read the run log")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a fault from the start, repeatable: " + ", ".join(Faults.names()),
    )
    add("--log", type=Path, metavar="FILE", help="append one JSON line when a run starts and one when it ends")
    add("--exit-with-parent", action="store_true", help="end when standard input closes or the parent dies")
    given = parser.parse_args(arguments)

    faults = Faults()
    for assignment in given.fault:
        name, _, value = assignment.partition("=")
        try:
            faults.set(name, value)
        except ValueError as problem:
            parser.error(f"--fault {assignment}: {problem}")
    checkpoints = [] if given.no_checkpoints else given.checkpoint or list(DEFAULT_CHECKPOINTS)
    return Options(
        listen=given.listen,
        port=given.port,
        base_directory=given.base_directory,
        step_ms=given.step_ms,
        probe_time_scale=given.probe_time_scale,
        checkpoints=checkpoints,
        loras=given.lora,
        control_nets=given.control_net,
        upscale_models=given.upscale_model,
        preview_method=given.preview_method,
        probe_nodes=given.probe_nodes,
        control=given.control,
        log=given.log,
        exit_with_parent=given.exit_with_parent,
        faults=faults,
    )
