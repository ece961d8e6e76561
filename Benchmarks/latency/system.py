"""The local system with the release programs, in front of a ComfyUI of the benchmark's own."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def standin(*options: str) -> tuple[subprocess.Popen, str]:
    """The stand-in for ComfyUI; its history has the run 1 ms after the last node, as ComfyUI's."""
    command = [sys.executable, "-m", "comfyui_standin", "--port", "0", "--step-ms", "1", *options]
    process = subprocess.Popen(
        [*command, "--fault", "history_delay_ms=1"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "dev")},
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"


def call(address: str, body: object = None) -> dict:
    """A GET, or with a body a POST, of JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"{}")


class System:
    """`comfy-lambda serve`, for as long as the `with` lasts."""

    def __init__(self, programs: Path, comfyui: str, *options: str, **variables: str):
        self.programs = programs
        self.options = options
        self.comfyui = comfyui
        self.variables = variables

    def __enter__(self) -> "System":
        self.folder = tempfile.TemporaryDirectory()
        options = [option for name, value in self.variables.items() for option in ("--env", f"{name}={value}")]
        self.process = subprocess.Popen(
            [
                *(self.programs / "comfy-lambda", "serve", "--json", "--port", "0", "--state", self.folder.name),
                *("--bootstrap", self.programs / "bootstrap", *self.options, *options),
            ],
            cwd=ROOT,
            env={**os.environ, "COMFYUI_URLS": self.comfyui},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ready = json.loads(self.process.stdout.readline())
        self.url, self.aws = ready["url"], ready["aws"]
        self.environment = dict(line.split("=", 1) for line in Path(ready["env_file"]).read_text().splitlines())
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.folder.cleanup()

    def submit(self, workflow: dict) -> str:
        """The new job's id."""
        return call(f"{self.url}/v1/workflows/execute", {"workflow": workflow})["job_id"]

    def run(self, workflow: dict, seconds: float = 60) -> dict:
        """A job from its submission to its end."""
        job = self.submit(workflow)
        end = time.time() + seconds
        while (job := call(f"{self.url}/v1/jobs/{job}"))["status"] in ("queued", "running"):
            if time.time() > end:
                raise TimeoutError(f"the job is {job['status']}")
            time.sleep(0.2)
            job = job["job_id"]
        if job["status"] != "completed":
            raise RuntimeError(f"the job has {job['status']}: {job.get('error')}")
        return job

    def dispatcher(self) -> Path:
        """The process that runs the jobs, in /proc."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.process.pid and b"_HANDLER=dispatch" in (folder / "environ").read_bytes():
                    return folder
            except OSError:
                continue
        raise RuntimeError("there is no dispatcher")
