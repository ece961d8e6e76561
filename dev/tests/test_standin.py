"""The stand-in's own switches: faults, the run log, and how it starts and ends."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import aiohttp
import pytest
from client import Client, text_to_image
from process import DEV
from replay import Socket

FAST = ("--step-ms", "1", "--control")


@pytest.fixture
def client(standin) -> Client:
    return Client(standin(*FAST))


def faults(client: Client, **values: object) -> None:
    client.json("POST", "/standin/faults", values)


def submit(client: Client) -> tuple[int, bytes]:
    return client.call("POST", "/prompt", {"prompt": text_to_image(), "client_id": "me"})


def known_prompts(client: Client) -> int:
    queue = client.json("GET", "/queue")
    return len(client.json("GET", "/history")) + len(queue["queue_running"]) + len(queue["queue_pending"])


def test_control_is_off_unless_asked_for(standin) -> None:
    assert Client(standin()).call("GET", "/standin/faults")[0] == 404


def test_a_wrong_fault_is_refused(client: Client) -> None:
    status, content = client.call("POST", "/standin/faults", {"no_such": 1})
    assert (status, b"no_such" in content) == (400, True)
    assert client.call("POST", "/standin/faults", {"fail_view": "often"})[0] == 400


@pytest.mark.parametrize(("fault", "status", "queued"), [
    ("reject_prompt", 400, 0), ("fail_prompt", 500, 0), ("fail_after_queue", 500, 1),
])  # fmt: skip
def test_a_post_fault_hits_once(client: Client, fault: str, status: int, queued: int) -> None:
    faults(client, **{fault: 1})
    assert submit(client)[0] == status
    assert known_prompts(client) == queued
    assert submit(client)[0] == 200


def test_dropped_answer_leaves_the_prompt_queued(client: Client) -> None:
    faults(client, drop_answer=1)
    with pytest.raises(aiohttp.ClientError):
        submit(client)
    assert known_prompts(client) == 1


@pytest.mark.parametrize(("fault", "kind", "heard"), [
    ("raise_on", "ValueError", "KSampler"), ("oom_on", "torch.OutOfMemoryError", "KSampler"),
])  # fmt: skip
def test_a_node_fault_ends_the_run(client: Client, fault: str, kind: str, heard: str) -> None:
    faults(client, **{fault: "KSampler"})
    entry, frames = client.run(text_to_image())
    (error,) = [frame["data"] for frame in frames if frame.get("type") == "execution_error"]
    assert (error["exception_type"], error["node_type"], error["node_id"]) == (kind, heard, "3")
    assert entry["status"]["status_str"] == "error"
    client.json("DELETE", "/standin/faults")
    assert client.run(text_to_image())[0]["status"]["status_str"] == "success"


def test_crash_ends_the_process(standin) -> None:
    server = standin(*FAST, "--fault", "crash_on=KSampler")
    assert submit(Client(server))[0] == 200
    assert server.process.wait(timeout=5) == 137


def test_view_faults(client: Client) -> None:
    entry, _ = client.run(text_to_image())
    path = "/view?filename=" + entry["outputs"]["9"]["images"][0]["filename"]
    whole = client.call("GET", path)[1]
    faults(client, fail_view=1, cut_view=1)
    assert client.call("GET", path)[0] == 500
    with pytest.raises(aiohttp.ClientPayloadError):
        client.call("GET", path)
    assert client.call("GET", path) == (200, whole)


def test_upload_fault(client: Client) -> None:
    faults(client, fail_upload=1)
    assert client.call("POST", "/upload/image", data=upload())[0] == 500
    assert client.call("POST", "/upload/image", data=upload())[0] == 200


def upload() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("image", b"x", filename="x.png")
    return form


def test_history_is_late_by_the_delay(client: Client) -> None:
    faults(client, history_delay_ms=300)

    async def play() -> tuple[dict, dict]:
        async with aiohttp.ClientSession(client.address) as session:
            socket = await Socket.open(session, "/ws?clientId=me")
            await session.post("/prompt", json={"prompt": text_to_image(), "client_id": "me"})
            await socket.hears(lambda frame: frame.get("type") == "execution_success")
            early = await (await session.get("/history")).json()
            await socket.hears(lambda f: f.get("type") == "executing" and f["data"]["node"] is None)
            return early, await (await session.get("/history")).json()

    early, late = asyncio.run(play())
    assert (len(early), len(late)) == (0, 1)


@pytest.mark.parametrize(("fault", "stays_open"), [("deaf_socket", True), ("drop_socket", False)])
def test_socket_faults_leave_the_run_alone(client: Client, fault: str, stays_open: bool) -> None:
    faults(client, **{fault: 1})

    async def play() -> tuple[list[str], bool]:
        async with aiohttp.ClientSession(client.address) as session:
            heard = await Socket.open(session, "/ws?clientId=me")
            witness = await Socket.open(session, "/ws?clientId=other")
            await session.post("/prompt", json={"prompt": text_to_image(), "client_id": "me"})
            await witness.hears(
                lambda f: f["type"] == "status" and f["data"]["status"]["exec_info"]["queue_remaining"] == 1
            )
            await witness.hears(
                lambda f: f["data"]["status"]["exec_info"]["queue_remaining"] == 0 and f is not witness.frames[0]
            )
            return [frame["type"] for frame in heard.frames], not heard.socket.closed

    kinds, is_open = asyncio.run(play())
    assert is_open == stays_open
    assert "execution_success" not in kinds
    assert len(client.json("GET", "/history")) == 1


def test_run_log(standin, tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    client = Client(standin(*FAST, "--log", str(log)))

    async def two_at_once() -> None:
        async with aiohttp.ClientSession(client.address) as session:
            socket = await Socket.open(session, "/ws?clientId=me")
            for _ in range(2):
                await session.post("/prompt", json={"prompt": text_to_image(), "client_id": "me"})
            ends = lambda: sum(f.get("type") == "executing" and f["data"]["node"] is None for f in socket.frames)  # noqa: E731
            await socket.hears(lambda _: ends() == 2)

    asyncio.run(two_at_once())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["event"], line.get("overlap")) for line in lines] == [
        ("start", 0), ("end", None), ("start", 1), ("end", None),
    ]  # fmt: skip
    first, second = lines[1], lines[3]
    assert (first["status"], first["executed"], first["cached"]) == ("success", 7, 0)
    assert (second["status"], second["executed"], second["cached"]) == ("success", 0, 7)
    assert first["end"] <= second["start"]
    assert client.json("GET", "/standin/runs") == lines


def test_ends_when_its_input_closes(standin) -> None:
    server = standin()
    server.process.stdin.close()
    assert server.process.wait(timeout=5) == -15


def test_outlives_the_thread_that_started_it(standin) -> None:
    started = []
    thread = threading.Thread(target=lambda: started.append(standin()))
    thread.start()
    thread.join()
    assert Client(started[0]).call("GET", "/prompt")[0] == 200
    assert started[0].process.poll() is None


def launch(*arguments: str, **options: object) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(DEV)}
    command = [sys.executable, "-m", "comfyui_standin", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False, **options)


def test_a_taken_port_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = launch("--port", str(taken.getsockname()[1]))
    assert result.returncode == 1
    assert "cannot listen" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [("--fault", "no_such=1"), ("--fault", "fail_view=often"), ("--port", "x")])
def test_a_wrong_option_is_a_sentence(arguments: tuple) -> None:
    result = launch(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_input_that_is_no_pipe_is_a_sentence(tmp_path: Path) -> None:
    with Path(__file__).open() as file:
        result = launch("--port", "0", "--exit-with-parent", stdin=file)
    assert (result.returncode, "to be a pipe" in result.stderr) == (1, True)


def start_with_temporary_folder(folder: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(DEV), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "comfyui_standin", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    process.stdout.readline()
    process.stdout.close()
    return process


def test_temporary_folder_is_removed_even_of_one_that_was_killed(tmp_path: Path) -> None:
    killed = start_with_temporary_folder(tmp_path)
    killed.kill()
    killed.wait(timeout=5)
    assert len(list(tmp_path.iterdir())) == 1
    process = start_with_temporary_folder(tmp_path)
    assert [folder.name.split("-")[2] for folder in tmp_path.iterdir()] == [str(process.pid)]
    process.terminate()
    process.wait(timeout=5)
    assert list(tmp_path.iterdir()) == []
