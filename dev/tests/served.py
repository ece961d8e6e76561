"""`comfy-lambda serve` of the release build, as a process of its own."""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from process import DEV

ROOT = DEV.parent
# Another build's programs, while developing.
PROGRAM = Path(os.environ.get("COMFY_LAMBDA") or ROOT / ".build/release/comfy-lambda")
BOOTSTRAP = Path(os.environ.get("COMFY_LAMBDA_BOOTSTRAP") or ROOT / ".build/lambda/bootstrap")


class Served:
    """With its own AWS and its own state; ends with `stop`."""

    def __init__(self, comfyui: str, *arguments: str, **variables: str):
        assert PROGRAM.exists() and BOOTSTRAP.exists(), "There is no release build: run `make build package` first."
        self.folder = tempfile.TemporaryDirectory()
        command = [
            "timeout", "--foreground", "900", str(PROGRAM), "serve", "--port", "0", "--json",
            "--bootstrap", str(BOOTSTRAP), "--state", f"{self.folder.name}/state", *arguments,
        ]  # fmt: skip
        for name, value in variables.items():
            command += ["--env", f"{name}={value}"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=(Path(self.folder.name) / "errors").open("w"),
            env={"PATH": "/usr/bin:/bin", "COMFYUI_URLS": comfyui},
        )  # fmt: skip
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise RuntimeError(f"serve did not start: {(Path(self.folder.name) / 'errors').read_text()[-2000:]}")
        ready = json.loads(line)
        self.address = ready["url"]
        # The functions' variables, for commands that work on the table.
        self.variables = ready["env_file"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.folder.cleanup()
        return status
