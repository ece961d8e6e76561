"""The worker: fetches models, runs ComfyUI, and on SIGTERM lets what runs come to its end.

SIGTERM comes from whoever takes the worker away: ECS when it replaces a task, or when the machine has its notice of
interruption (ECS_ENABLE_SPOT_INSTANCE_DRAINING); Kubernetes when a pod is deleted or its node is drained. Both take the
worker out of DNS at that moment, and dispatchers go by that: nothing new comes, once they have looked.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


class SettingError(Exception):
    """Which variable, what was found, what is expected."""


@dataclass(frozen=True)
class Settings:
    """From the environment."""

    home: Path
    data: Path
    listen: str
    port: int
    models: str
    arguments: list[str]
    drain_seconds: int
    keep_minutes: int

    @staticmethod
    def read(environment: dict[str, str]) -> "Settings":
        def text(name: str, default: str) -> str:
            return environment.get(name) or default

        def number(name: str, default: int, low: int, high: int) -> int:
            found = text(name, str(default))
            if not (found.isascii() and found.isdecimal() and low <= int(found) <= high):
                raise SettingError(f"{name} is '{found}'; a whole number from {low} to {high} is expected.")
            return int(found)

        return Settings(
            home=Path(text("COMFYUI_HOME", "/opt/ComfyUI")),
            data=Path(text("COMFYUI_DATA", "/data")),
            listen=text("COMFYUI_LISTEN", "0.0.0.0"),
            port=number("COMFYUI_PORT", 8188, 1, 65535),
            models=text("MODELS_S3", ""),
            arguments=shlex.split(text("COMFYUI_ARGS", "")),
            drain_seconds=number("DRAIN_SECONDS", 100, 0, 86400),
            keep_minutes=number("KEEP_MINUTES", 180, 1, 525600),
        )


class Worker:
    """One child process at a time: the fetching of models, then ComfyUI."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.stopping = threading.Event()
        self.signals = 0

    def take_signal(self, number: int, _frame: object) -> None:
        self.signals += 1
        self.stopping.set()

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.take_signal)
        for folder in ("models", "input", "output", "temp", "user", "custom_nodes", "cache"):
            (self.settings.data / folder).mkdir(parents=True, exist_ok=True)
        return self.fetch_models() or self.serve()

    def fetch_models(self) -> int:
        """0 when they are there, or ComfyUI is not to start any more."""
        mark = self.settings.data / ".fetching-models"
        mark.unlink(missing_ok=True)
        if not self.settings.models:
            return 0
        mark.touch()
        folder = str(self.settings.data / "models")
        child = subprocess.Popen([sys.executable, str(HERE / "models.py"), self.settings.models, folder])
        while (status := child.poll()) is None and not self.stopping.wait(0.2):
            pass
        if status is None:
            self.end(child)
            status = 0
        mark.unlink()
        return status

    def serve(self) -> int:
        if self.stopping.is_set():
            return 0
        if "--cpu" not in self.settings.arguments and not list(Path("/dev").glob("nvidia[0-9]*")):
            say(
                "no GPU is visible in this container. Ask for one: a GPU resource requirement (ECS), a limit of "
                "nvidia.com/gpu (Kubernetes), --gpus all (Docker). COMFYUI_ARGS=--cpu does without, slowly."
            )
            return 1
        child = subprocess.Popen(self.command(), cwd=self.settings.home, env=self.environment())
        swept = time.monotonic()
        while child.poll() is None and not self.stopping.wait(0.5):
            if time.monotonic() - swept >= 60:
                swept = time.monotonic()
                self.sweep_files()
        if child.poll() is None:
            self.drain(child)
            return 0
        say(f"ComfyUI ended by itself, with status {child.returncode}; its last lines stand above")
        return child.returncode if child.returncode > 0 else 1

    def command(self) -> list[str]:
        data = self.settings.data
        return [
            sys.executable, "main.py", "--listen", self.settings.listen, "--port", str(self.settings.port),
            "--base-directory", str(data), "--database-url", f"sqlite:///{data}/user/comfyui.db",
            "--disable-auto-launch", "--disable-api-nodes", *self.settings.arguments,
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """ComfyUI runs what users send: it gets nothing that opens AWS."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "ECS_")) and name != "MODELS_S3"
        }
        return {**kept, "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(self.settings.data / "cache")}

    def drain(self, child: subprocess.Popen) -> None:
        """Until nothing runs and every output is fetched, the time is over, or a second signal comes."""
        end = time.monotonic() + self.settings.drain_seconds
        say(f"asked to stop: at most {self.settings.drain_seconds} s for what runs")
        while child.poll() is None and self.signals < 2 and self.is_busy():
            if time.monotonic() >= end:
                say("the time is over; what runs is lost here, and its dispatcher has it run elsewhere")
                break
            time.sleep(0.25)
        self.end(child)
        say("stopped")

    def is_busy(self) -> bool:
        """A dispatcher fetches a run's outputs when it has ended, and then deletes it from the history."""
        try:
            queue = self.ask("/queue")
            return bool(queue["queue_running"] or queue["queue_pending"] or self.ask("/history?max_items=1"))
        except urllib.error.URLError as error:
            # Nobody listens: it has not started yet.
            return not isinstance(error.reason, ConnectionRefusedError)
        except (OSError, ValueError, KeyError):
            return True

    def ask(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.settings.port}{path}", timeout=5) as answer:
            return json.load(answer)

    def end(self, child: subprocess.Popen) -> None:
        child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def sweep_files(self) -> None:
        """Outputs are in S3 by now, and nobody asks for inputs again: a worker's disk does not grow."""
        oldest = time.time() - 60 * self.settings.keep_minutes
        for folder in ("input", "output", "temp"):
            for path in (self.settings.data / folder).rglob("*"):
                try:
                    if path.is_file() and path.lstat().st_mtime < oldest:
                        path.unlink()
                except OSError as error:
                    say(f"cannot remove {path}: {error.strerror}")


def say(text: str) -> None:
    print(f"worker: {text}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        settings = Settings.read(dict(os.environ))
        return Worker(settings).run()
    except SettingError as error:
        say(str(error))
    except OSError as error:
        say(f"{error.strerror}: {error.filename}. The volume of COMFYUI_DATA must be writable for user {os.getuid()}.")
    return 2


if __name__ == "__main__":
    sys.exit(main())
