"""The API behind the local front, under wrk: each route beside one that answers a constant."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Another build's programs, while developing.
PROGRAM = os.environ.get("COMFY_LAMBDA") or str(ROOT / ".build/release/comfy-lambda")
BOOTSTRAP = os.environ.get("COMFY_LAMBDA_BOOTSTRAP") or str(ROOT / ".build/lambda/bootstrap")
JOB = "01a0b1c2-d3e4-7f56-8a9b-0c1d2e3f4a5b"
ROUTES = [
    ("GET /health/live", "GET", "/health/live", None, 200),
    ("GET /v1/jobs/{id}", "GET", f"/v1/jobs/{JOB}", None, 200),
    ("POST /v1/generate", "POST", "/v1/generate", '{"prompt": "a lighthouse in the storm"}', 202),
]
MOST_TIMES_CONSTANT = 3
MOST_GROWTH = 0.02


def job_page() -> str:
    """A finished job with one picture, as DynamoDB has it."""
    start = 1_790_000_000_000
    attempt = {"worker": {"S": "w-1"}, "started_at": {"N": str(start + 2000)}, "ended_at": {"N": str(start + 6000)}}
    output = {
        "index": {"N": "0"}, "node": {"S": "9"}, "kind": {"S": "image"}, "name": {"S": "picture_00001_.png"},
        "type": {"S": "image/png"}, "bytes": {"N": "393216"}, "sha256": {"S": "ab" * 32},
        "key": {"S": f"outputs/local/{JOB}/1/0.png"}, "width": {"N": "512"}, "height": {"N": "512"},
    }  # fmt: skip
    job = {
        "pk": {"S": f"JOB#{JOB}"}, "sk": {"S": "JOB"}, "schema": {"N": "1"}, "user": {"S": "local"},
        "state": {"S": "completed"}, "version": {"N": "4"}, "priority": {"N": "5"}, "attempt": {"N": "1"},
        "timeout_seconds": {"N": "600"}, "execution_mode": {"S": "sequential"}, "seed": {"N": "7"},
        "created_at": {"N": str(start)}, "queued_at": {"N": str(start)}, "started_at": {"N": str(start + 2000)},
        "completed_at": {"N": str(start + 6000)}, "expires_at": {"N": "4102444800"},
        "attempts": {"L": [{"M": attempt}]}, "outputs": {"L": [{"M": output}]}, "output_count": {"N": "1"},
    }  # fmt: skip
    return json.dumps({"Items": [job], "Count": 1, "ScannedCount": 1})


def build_stub(folder: Path) -> Path:
    stub = folder / "stub"
    sources = [HERE / "stub.c", *(HERE.parent / "runtime/load" / name for name in ("aws_stub.c", "connection.c"))]
    subprocess.run(
        ["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", stub, *map(str, sources)], check=True
    )
    return stub


def anonymous_memory(parent: int) -> int:
    """Of the front and of the functions it started, in kB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        is_function = fields.get("PPid", "").strip() == str(parent) and fields["Name"].startswith("bootstrap")
        if is_function or status.parent.name == str(parent):
            total += int(fields["RssAnon"].split()[0])
    return total


def wrk(address: str, seconds: int, method: str, path: str, body: str | None, status: int, front: int) -> dict:
    """One route's minute, with the memory after a third of it and at its end."""
    environment = {**os.environ, "LOAD_METHOD": method, "LOAD_STATUS": str(status)}
    if body:
        environment["LOAD_BODY"] = body
    memory: list[int] = []
    timers = [
        threading.Timer(moment, lambda: memory.append(anonymous_memory(front)))
        for moment in (seconds / 3, seconds * 0.97)
    ]
    for timer in timers:
        timer.start()
    done = subprocess.run(
        ["wrk", "-t", "2", "-c", "64", "-d", f"{seconds}s", "--timeout", "10s", "-s", str(HERE / "report.lua"),
         address + path],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for timer in timers:
        timer.join()
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return {**json.loads(line.removeprefix("RESULT ")), "memory_kb": memory}


def show(name: str, result: dict, constant: dict) -> bool:
    """Prints a route's figures beside the constant's; whether they are good."""
    early, late = result["memory_kb"]
    growth = late / early - 1
    times = result["p99_ms"] / constant["p99_ms"]
    faults = [
        *(["ERRORS"] if result["unexpected"] or result["socket_errors"] else []),
        *([f"p99 OVER {MOST_TIMES_CONSTANT} ×"] if times > MOST_TIMES_CONSTANT else []),
        *(["MEMORY GROWS"] if growth > MOST_GROWTH else []),
    ]
    print(
        f"{name:18} {result['requests'] / result['seconds']:7.0f}/s  p50 {result['p50_ms']:6.1f} ms  "
        f"p99 {result['p99_ms']:6.1f} ms ({times:.2f} × the constant's)  "
        f"{result['unexpected']} unexpected, {result['socket_errors']} socket errors  "
        f"memory {early / 1024:.1f} to {late / 1024:.1f} MB  {', '.join(faults) or 'good'}",
        flush=True,
    )
    return not faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each route; 60 unless said")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job.json").write_text(job_page())
        stub = subprocess.Popen([build_stub(folder), folder / "job.json"], stdout=subprocess.PIPE, text=True)
        variables = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(stub.stdout.readline())}", "AWS_LAMBDA_LOG_LEVEL": "WARN",
        }  # fmt: skip
        command = [
            PROGRAM, "serve", "--port", "0", "--json", "--sweep-every", "3600", "--bootstrap", BOOTSTRAP,
            "--state", f"{name}/state", *(part for pair in variables.items() for part in ("--env", "=".join(pair))),
        ]  # fmt: skip
        front = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            address = json.loads(front.stdout.readline())["url"]
            for route in ROUTES:
                wrk(address, 5, *route[1:], front.pid)
            results = [wrk(address, seconds, *route[1:], front.pid) for route in ROUTES]
        finally:
            front.send_signal(signal.SIGINT)
            front.wait(timeout=60)
            stub.kill()
            stub.wait()
    verdicts = [show(route[0], result, results[0]) for route, result in zip(ROUTES, results, strict=True)]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
