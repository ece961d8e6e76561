"""How long progress stands still when an invocation hands a job to the next one.

`handoff.py PROGRAMS`: one job of 30 s of even steps, in invocations of 9 s that hand over after 6. What a user sees,
`GET /v1/jobs/{id}`, is asked 20 times a second.
"""

import itertools
import statistics
import sys
import time
from pathlib import Path

import system

STEPS, STEP_MS = 150, 200
TIMEOUT, MARGIN = 9, 3


def graph() -> dict:
    """A picture after that many steps."""
    sampler = {
        "seed": 7,
        "steps": STEPS,
        "cfg": 7,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1,
        "model": ["1", 0],
        "positive": ["2", 0],
        "negative": ["2", 0],
        "latent_image": ["3", 0],
    }
    inputs = {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": "sd_xl_base_1.0.safetensors"}),
        "2": ("CLIPTextEncode", {"text": "a lighthouse", "clip": ["1", 1]}),
        "3": ("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1}),
        "4": ("KSampler", sampler),
        "5": ("VAEDecode", {"samples": ["4", 0], "vae": ["1", 2]}),
        "6": ("SaveImage", {"images": ["5", 0], "filename_prefix": "test"}),
    }
    return {node: {"class_type": kind, "inputs": values} for node, (kind, values) in inputs.items()}


def main() -> None:
    process, worker = system.standin("--step-ms", str(STEP_MS))
    options = ("--dispatch-timeout", str(TIMEOUT))
    with system.System(Path(sys.argv[1]), worker, *options, HANDOFF_MARGIN_SECONDS=str(MARGIN)) as run:
        address = f"{run.url}/v1/jobs/{run.submit(graph())}"
        changes: list[float] = []
        seen, state = None, "queued"
        end = time.time() + 120
        while state in ("queued", "running") and time.time() < end:
            job = system.call(address)
            state = job["status"]
            value = (job.get("progress") or {}).get("value")
            if state == "running" and value != seen:
                seen = value
                changes.append(time.monotonic())
            time.sleep(0.05)
        assert state == "completed", job
        assert len(job["attempts"]) == 1, job["attempts"]
    process.terminate()
    gaps = [later - earlier for earlier, later in itertools.pairwise(changes)]
    longest = max(gaps)
    whole, part = STEPS * STEP_MS / 1000, TIMEOUT - MARGIN
    print(
        f"  {whole:.0f} s in invocations of {part} s: progress changes every {statistics.median(gaps):.2f} s,"
        f" at the longest after {longest:.2f} s; at most 2 ({'met' if longest <= 2 else 'MISSED'})"
    )


if __name__ == "__main__":
    main()
