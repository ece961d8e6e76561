"""A stand-in running as a process of its own, as its users run it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

DEV = Path(__file__).resolve().parents[1]


class Standin:
    """Started on a free port; ends with `stop`, and with the tests if that is never called."""

    def __init__(self, base: Path, *arguments: str):
        self.base = base
        command = [sys.executable, "-m", "comfyui_standin", "--port", "0", "--base-directory", str(base)]
        self.process = subprocess.Popen(
            [*command, "--exit-with-parent", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(DEV)},
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the stand-in ended with status {self.process.wait()} before it was ready")
        self.port = json.loads(line)["port"]
        self.address = f"http://127.0.0.1:{self.port}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal, and answers the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=10)
        self.process.stdin.close()
        self.process.stdout.close()
        return status
