"""deploy/worker: what the GPU worker's programs do, with the stand-in as ComfyUI and moto as S3."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from client import text_to_image
from moto.server import ThreadedMotoServer
from process import DEV
from template import ROOT

WORKER = ROOT / "deploy/worker"
# As ComfyUI's main.py is called, and as the stand-in is.
MAIN = """
import argparse, json, os, runpy, sys
parser = argparse.ArgumentParser()
for name in ("listen", "port", "base-directory", "database-url", "step-ms"):
    parser.add_argument("--" + name)
for name in ("disable-auto-launch", "disable-api-nodes", "cpu"):
    parser.add_argument("--" + name, action="store_true")
found = parser.parse_args()
with open("environment.json", "w") as file:
    json.dump(dict(os.environ), file)
sys.argv = ["comfyui_standin", "--port", found.port, "--base-directory", found.base_directory,
            "--step-ms", found.step_ms or "1"]
runpy.run_module("comfyui_standin", run_name="__main__")
"""


def until(what: Callable[[], object], seconds: float = 20) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


class Worker:
    """The entrypoint with a ComfyUI of its own."""

    def __init__(self, folder: Path, main: str = MAIN, **variables: str):
        self.home, self.data = folder / "home", folder / "data"
        self.home.mkdir()
        (self.home / "main.py").write_text(main)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(DEV), "COMFYUI_HOME": str(self.home),
            "COMFYUI_DATA": str(self.data), "COMFYUI_PORT": str(self.port), "COMFYUI_ARGS": "--cpu", **variables,
        }  # fmt: skip
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER / "entrypoint.py")], env=self.environment, stderr=self.log, stdout=self.log
        )

    def ask(self, path: str, body: object = None, method: str | None = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read() or b"null")

    def ready(self) -> "Worker":
        def answers() -> bool:
            try:
                return bool(self.ask("/system_stats"))
            except urllib.error.URLError:
                assert self.process.poll() is None, self.output()
                return False

        until(answers)
        return self

    def submit(self, **sampler: object) -> str:
        return self.ask("/prompt", {"prompt": text_to_image(n3=sampler)})["prompt_id"]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        return self.process.wait(timeout=30)

    def output(self) -> str:
        return Path(self.log.name).read_text()

    def health(self) -> int:
        return subprocess.run(
            [sys.executable, str(WORKER / "health.py")], env=self.environment, capture_output=True, check=False
        ).returncode


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def start(**arguments: str) -> Worker:
        started.append(Worker(tmp_path, **arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()
            each.stop()
            each.process.wait(timeout=20)
        each.log.close()


def test_it_runs_comfyui_and_gives_it_nothing_of_aws(worker) -> None:
    found = worker(
        AWS_SECRET_ACCESS_KEY="s", AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/c", ECS_CONTAINER_METADATA_URI="u"
    )
    found.ready()
    environment = json.loads((found.home / "environment.json").read_text())
    assert [name for name in environment if name.startswith(("AWS", "ECS"))] == []
    assert found.health() == 0


def test_a_stop_waits_for_the_run_and_for_who_fetches_its_outputs(worker) -> None:
    found = worker(COMFYUI_ARGS="--cpu --step-ms 100").ready()
    prompt = found.submit(steps=15)
    until(lambda: found.ask("/queue")["queue_running"])
    found.stop()
    # It runs on, and the outputs stay until the dispatcher has deleted the history's entry.
    history = until(lambda: found.ask(f"/history/{prompt}"))
    assert history[prompt]["status"]["status_str"] == "success"
    image = history[prompt]["outputs"]["9"]["images"][0]
    address = f"http://127.0.0.1:{found.port}/view?filename={image['filename']}&type=output"
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert answer.read(8) == b"\x89PNG\r\n\x1a\n"
    assert found.process.poll() is None
    found.ask("/history", {"delete": [prompt]})
    assert found.wait() == 0
    assert "stopped" in found.output()


def test_an_idle_worker_stops_at_once(worker) -> None:
    found = worker(DRAIN_SECONDS="3600").ready()
    found.stop()
    assert found.wait() == 0


def test_a_run_longer_than_the_drain_is_cut_off(worker) -> None:
    found = worker(COMFYUI_ARGS="--cpu --step-ms 1000", DRAIN_SECONDS="1").ready()
    found.submit(steps=100)
    until(lambda: found.ask("/queue")["queue_running"])
    found.stop()
    assert found.wait() == 0
    assert "what runs is lost here" in found.output()


def test_a_second_signal_ends_the_drain(worker) -> None:
    found = worker(COMFYUI_ARGS="--cpu --step-ms 1000", DRAIN_SECONDS="3600").ready()
    found.submit(steps=100)
    until(lambda: found.ask("/queue")["queue_running"])
    found.stop()
    until(lambda: "asked to stop" in found.output())
    found.stop()
    assert found.wait() == 0


def test_comfyui_that_ends_by_itself_takes_the_worker_with_it(worker) -> None:
    found = worker(main="raise SystemExit(3)")
    assert found.wait() == 3
    assert "ComfyUI ended by itself, with status 3" in found.output()
    assert found.health() == 1


def test_without_a_gpu_it_says_what_to_ask_for(worker) -> None:
    if list(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("this machine has a GPU")
    found = worker(COMFYUI_ARGS="")
    assert found.wait() == 1
    assert "no GPU is visible in this container. Ask for one" in found.output()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DRAIN_SECONDS", "soon", "DRAIN_SECONDS is 'soon'; a whole number from 0 to 86400 is expected."),
        ("COMFYUI_PORT", "0", "COMFYUI_PORT is '0'; a whole number from 1 to 65535 is expected."),
        ("COMFYUI_DATA", "/proc/nowhere", "must be writable for user"),
    ],
)
def test_a_faulty_setting_is_named(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    found = Worker(tmp_path, **{name: value})
    assert found.wait() == 2
    assert sentence in found.output()
    assert "Traceback" not in found.output()
    found.log.close()


def test_old_files_go_and_new_ones_stay(tmp_path: Path) -> None:
    for name in ("output/a/old.png", "output/new.png", "input/old.png", "models/old.safetensors"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if "old" in name:
            os.utime(path, (1, 1))
    program = (
        "import os; from entrypoint import *; Worker(Settings.read(dict(os.environ))).sweep_files()"  # as `serve` does
    )
    environment = {**os.environ, "PYTHONPATH": str(WORKER), "COMFYUI_DATA": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=20)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["models/old.safetensors", "output/new.png"]


# --- Models

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
               "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment that leads to an S3 with models in the bucket `weights`."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.get_host_and_port()[1]}"}
    client = boto3.client(
        "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name="us-east-1", aws_access_key_id="AKIATEST",
        aws_secret_access_key="test",
    )  # fmt: skip
    client.create_bucket(Bucket="weights")
    client.put_object(Bucket="weights", Key="models/", Body=b"")
    client.put_object(Bucket="weights", Key="models/checkpoints/a.safetensors", Body=b"a" * 100_000)
    client.put_object(Bucket="weights", Key="models/loras/b.safetensors", Body=b"b" * 10)
    client.put_object(Bucket="weights", Key="models-of-others/c.safetensors", Body=b"c")
    client.put_object(Bucket="weights", Key="climbing/../../d.safetensors", Body=b"d")
    yield environment
    server.stop()


def fetch(address: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(WORKER / "models.py"), address, str(folder)],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_models_come_whole_and_once(s3, tmp_path: Path) -> None:
    first = fetch("s3://weights/models", tmp_path, s3)
    assert first.returncode == 0, first.stderr
    assert (tmp_path / "checkpoints/a.safetensors").read_bytes() == b"a" * 100_000
    assert (tmp_path / "loras/b.safetensors").read_bytes() == b"b" * 10
    files = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert files == [".sync.lock", "a.safetensors", "b.safetensors"]
    assert "models: 2 of 2 files" in first.stderr
    # What is the same stays; what is not whole is fetched again, and what a death left is removed.
    (tmp_path / "loras/b.safetensors").write_bytes(b"b")
    (tmp_path / "loras/.b.safetensors.part").touch()
    before = (tmp_path / "checkpoints/a.safetensors").stat().st_ino
    second = fetch("s3://weights/models/", tmp_path, s3)
    assert "1 of 2 files are there already" in second.stderr
    assert (tmp_path / "loras/b.safetensors").read_bytes() == b"b" * 10
    assert (tmp_path / "checkpoints/a.safetensors").stat().st_ino == before
    assert not (tmp_path / "loras/.b.safetensors.part").exists()


@pytest.mark.parametrize(
    ("address", "changes", "sentence"),
    [
        ("weights/models", {}, "'weights/models' is no address of models; s3://BUCKET/PREFIX is expected."),
        ("s3://weights/nothing", {}, "There is nothing under s3://weights/nothing/. Is the prefix right?"),
        ("s3://nobodys", {}, "There is no bucket 'nobodys'."),
        ("s3://weights/climbing", {}, "would be written outside of"),
        ("s3://weights", {"AWS_ACCESS_KEY_ID": ""}, "There are no AWS credentials. Give the task"),
        ("s3://weights", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, "gateway endpoint"),
    ],
)
def test_a_failure_to_fetch_says_what_to_do(s3, tmp_path: Path, address: str, changes: dict, sentence: str) -> None:
    environment = {name: value for name, value in {**s3, **changes}.items() if value}
    if "AWS_ACCESS_KEY_ID" not in environment:
        del environment["AWS_SECRET_ACCESS_KEY"]
    result = fetch(address, tmp_path, environment)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_worker_without_its_models_does_not_start(s3, worker) -> None:
    found = worker(MODELS_S3="s3://weights/nothing", **s3)
    assert found.wait() == 1
    assert "There is nothing under" in found.output()
    assert not (found.home / "environment.json").exists()


def test_while_models_come_the_worker_counts_as_healthy_and_can_be_stopped(worker) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = worker(MODELS_S3="s3://weights/models", **{**CREDENTIALS, "AWS_ENDPOINT_URL": address})
        until(lambda: (found.data / ".fetching-models").exists())
        assert found.health() == 0
        found.stop()
        assert found.wait() == 0
    assert found.health() == 1
    assert not (found.home / "environment.json").exists()
