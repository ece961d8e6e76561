"""The stand-in against the recordings of ComfyUI 0.33.0, request by request and frame by frame.

Three conversations with one server each, in the order in which they were recorded: prompt numbers, file
names, cached nodes and history go on from one file to the next. What is not replayed here:

- 50 and 51, in which the server dies: test_death.py;
- 52: measurements, no conversation;
- v0.3.64: an older version, which the stand-in does not play.
"""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from normaliser import Normaliser
from process import Standin
from recording import load
from replay import Replay
from scripts import SCRIPTS

PROBES = ("--probe-nodes", "--step-ms", "5", "--probe-time-scale", "0.3")
SESSIONS = {
    "main": (
        ["00-get", "01", "02", "02b", "03", "04", "05", "06", "07", "10", "11", "12", "12b", "13", "14", "15", "15b",
         "15c", "20", "20b", "21", "21b", "21c", "22", "23", "30", "31", "32", "33", "34", "35",
         "40", "41", "42", "43", "44", "45", "08", "30b"],
        [*PROBES, "--no-checkpoints"],
    ),
    "sampling": (
        ["60-sampling-tiny", "60-sampling-full", "02c"],
        [*PROBES, "--checkpoint", "probe_full_sd15.safetensors", "--checkpoint", "probe_tiny_sd15.safetensors"],
    ),
    "inputs": (["16"], [*PROBES, "--no-checkpoints"]),
}  # fmt: skip
BURSTS = {"08", "20", "20b", "21", "21b", "21c", "22", "60-sampling-tiny"}
STEPS_BY_CHANCE = {"21", "21b", "22", "40", "41", "42", "43", "60-sampling-tiny"}
"""Runs are interrupted, or sockets come and go: how many steps are heard is the moment's."""

FIRST_NUMBERS = {"inputs": 20}
"""How many prompts had been posted before the first recording of a session."""

NOT_COMPARED = {
    "16 /object_info/LoadImage": "the files that other sessions left in input/",
    "00-get /internal/logs": "the text of a log",
    "00-get /extensions": "the files of a web page that the stand-in does not have",
    "60-sampling-tiny /system_stats": "versions and memory of a machine",
    "60-sampling-full /system_stats": "versions and memory of a machine",
}


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """All sessions, played side by side: what differs, by recording."""

    async def play_all() -> list[dict[str, list[str]]]:
        return await asyncio.gather(*(play(name) for name in SESSIONS))

    async def play(session_name: str) -> dict[str, list[str]]:
        names, arguments = SESSIONS[session_name]
        base = tmp_path_factory.mktemp(session_name) / "ComfyUI"
        standin = Standin(base, *arguments)
        found = {}
        normaliser = Normaliser(base)
        try:
            async with aiohttp.ClientSession(standin.address) as session:
                for _ in range(FIRST_NUMBERS.get(session_name, 0)):
                    await session.post("/prompt", json={})  # takes a number and queues nothing
                for name in names:
                    found[name] = await play_one(standin, session, normaliser, name)
        finally:
            standin.stop()
        return found

    return {name: found for each in asyncio.run(play_all()) for name, found in each.items()}


async def play_one(standin: Standin, session: aiohttp.ClientSession, normaliser: Normaliser, name: str) -> list[str]:
    recording = load(name)
    recording.http = [
        exchange for exchange in recording.http if f"{name} {exchange['request']['path']}" not in NOT_COMPARED
    ]
    prepare(standin.base, name)
    replay = Replay(standin, recording, session, normaliser, name in BURSTS, name not in STEPS_BY_CHANCE)
    if name in SCRIPTS:
        await SCRIPTS[name](replay)
    else:
        await replay.run()
    if name == "10":
        await clear_away(session, standin.base)
    return replay.found


def prepare(base: Path, name: str) -> None:
    """What happened on ComfyUI's disk between two recordings."""
    if name == "02b":
        (base / "output/ok01_00001_.png").unlink()


async def clear_away(session: aiohttp.ClientSession, base: Path) -> None:
    """After 10, three accepted prompts are in no later listing: the recorder cleared them from the queue
    before they ran. Here they ran, and are taken out afterwards."""
    async with session.get("/history") as answer:
        history = await answer.json()
    cleared = [prompt_id for prompt_id, entry in history.items() if entry["prompt"][0] in (36, 50, 51)]
    await session.post("/history", json={"delete": cleared})
    for number in (2, 3):
        (base / f"output/part_0000{number}_.png").unlink()


@pytest.mark.parametrize("name", [name for names, _ in SESSIONS.values() for name in names])
def test_recording(name: str, differences: dict[str, list[str]]) -> None:
    assert not differences[name], "\n".join(differences[name])
