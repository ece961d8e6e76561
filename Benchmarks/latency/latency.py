"""From ComfyUI's last message to the job completed and announced, beside the bare calls for the same.

`latency.py PROGRAMS BARE [ROUNDS]`: the folder with `comfy-lambda` and `bootstrap`, and the program of this package.
"""

import collections
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import system
from tap import Tap

WARM_UP = 5


def graph(seed: int) -> dict:
    """One picture of 512 × 512, another one for each seed."""
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["1", 1]}},
        "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
        "4": {
            "class_type": "KSampler",
            "inputs": {"seed": seed, "steps": 2, "cfg": 7, "sampler_name": "euler", "scheduler": "normal"}
            | {"denoise": 1, "model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["3", 0]},
        },
        "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
        "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": str(seed)}},
    }


def ours(run: system.System, tap: Tap, log: Path, seed: int) -> tuple[float, list[str]]:
    """Milliseconds to the answer to Publish, and the calls to AWS on the way."""
    since = time.time()
    job = run.submit(graph(seed)).encode()
    # Asking for the job's state would keep the local AWS busy.
    while not (found := [one for one in tap.named(since) if one.operation == "Publish" and job in one.request]):
        if time.time() > since + 60:
            raise TimeoutError("the job was not announced")
        time.sleep(0.02)
    time.sleep(0.3)
    published = found[0].end
    # The worker writes the line just before it sends its last message.
    ended = [json.loads(line) for line in log.read_text().splitlines()][-1]["end"]
    way = [one.operation for one in tap.named(since) if one.end > ended and one.start < published]
    return (published - ended) * 1000, way


def bare(worker: str, program: subprocess.Popen, seed: int) -> float:
    """The same picture, made for nobody, through the bare calls."""
    prompt = str(uuid.uuid4())
    system.call(f"{worker}/prompt", {"prompt": graph(seed), "prompt_id": prompt, "client_id": "bench"})
    while prompt not in system.call(f"{worker}/history/{prompt}"):
        time.sleep(0.02)
    time.sleep(0.1)
    program.stdin.write(prompt + "\n")
    program.stdin.flush()
    return float(program.stdout.readline())


def main() -> None:
    programs, program = Path(sys.argv[1]), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    folder = tempfile.TemporaryDirectory()
    log = Path(folder.name) / "runs"
    process, worker = system.standin("--log", str(log))
    tap = Tap()
    address = f"http://127.0.0.1:{tap.port}"
    with system.System(programs, worker, AWS_ENDPOINT_URL=address) as run:
        tap.target = int(run.aws.rsplit(":", 1)[1])
        names = [run.environment[name] for name in ("TABLE_NAME", "BUCKET_NAME", "TOPIC_ARN")]
        floor = subprocess.Popen(
            [program, worker, *names],
            env={**os.environ, **run.environment, "AWS_ENDPOINT_URL": address},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        mine: list[float] = []
        floors: list[float] = []
        ways: collections.Counter[str] = collections.Counter()
        for number in range(WARM_UP + rounds):
            measured: dict[str, float] = {}
            for side in random.sample(["ours", "bare"], 2):
                if side == "ours":
                    measured[side], way = ours(run, tap, log, 2 * number)
                else:
                    measured[side] = bare(worker, floor, 2 * number + 1)
            if number >= WARM_UP:
                mine.append(measured["ours"])
                floors.append(measured["bare"])
                ways[" ".join(way)] += 1
        floor.stdin.close()
        floor.wait(10)
    process.terminate()
    for name, values in (("bare calls", floors), ("dispatch", mine)):
        low, middle, high = statistics.quantiles(values, n=4)
        print(f"  {name:12} {middle:6.1f} ms (quartiles {low:.1f} to {high:.1f}), {rounds} rounds")
    ratio = statistics.median(mine) / statistics.median(floors)
    print(f"  {ratio:.2f} × the bare calls; at most 1.5 ({'met' if ratio <= 1.5 else 'MISSED'}), hoped for 1.2")
    print("  calls to AWS between the last message and the announcement, most often:")
    for way, count in ways.most_common(3):
        print(f"    {count} times {way}")


if __name__ == "__main__":
    main()
