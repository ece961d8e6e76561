"""The process dies in mid-run (recordings 50 and 51): sockets break, and nothing is remembered."""

import asyncio

import aiohttp
from normaliser import Normaliser
from recording import load
from replay import Replay, Socket


async def use_up_numbers(session: aiohttp.ClientSession, count: int) -> None:
    """The recordings began when so many prompts had been posted; each bad one takes a number too."""
    for _ in range(count):
        await session.post("/prompt", json={})


async def hear_out(socket: Socket) -> int | None:
    """Until the connection is gone; the close code, 1006 when there was no close frame."""
    await asyncio.wait_for(socket._task, 5)
    return socket.socket.close_code


def test_crash_forgets_everything(standin) -> None:
    recording = load("50")
    first, second = standin("--probe-nodes"), None

    async def before() -> list[str]:
        async with aiohttp.ClientSession(first.address) as session:
            await use_up_numbers(session, 296)
            replay = Replay(first, recording, session, normaliser, burst=True, steps=False)
            socket = await Socket.open(session, "/ws?clientId=client-A")
            await replay.exchange(recording.http[0])
            await replay.idle()
            await replay.exchange(recording.http[1])
            await replay.exchange(recording.http[2])
            assert await hear_out(socket) == 1006
            await replay.finish([(recording.sockets[0], socket)], cut_short=True)
            return replay.found

    async def after() -> list[str]:
        async with aiohttp.ClientSession(second.address) as session:
            replay = Replay(second, recording, session, normaliser)
            socket = await Socket.open(session, "/ws?clientId=client-A")
            for exchange in recording.http[3:]:
                await replay.exchange(exchange)
            await replay.idle()
            await replay.finish([(recording.sockets[1], socket)])
            return replay.found

    normaliser = Normaliser(first.base)
    found = asyncio.run(before())
    assert first.process.wait(timeout=5) == 137
    second = standin("--probe-nodes")
    found += asyncio.run(after())
    assert not found, "\n".join(found)


def test_sigterm_ends_a_run_without_a_close_frame(standin) -> None:
    recording, server = load("51"), standin("--probe-nodes")

    async def play() -> list[str]:
        async with aiohttp.ClientSession(server.address) as session:
            await use_up_numbers(session, 1)
            replay = Replay(server, recording, session, Normaliser(server.base), burst=True, steps=False)
            socket = await Socket.open(session, "/ws?clientId=client-A")
            await replay.exchange(recording.http[0])
            await socket.hears(lambda frame: frame.get("type") == "progress")
            server.process.terminate()
            assert await hear_out(socket) == 1006
            await replay.finish([(recording.sockets[0], socket)])
            return replay.found

    found = asyncio.run(play())
    assert server.process.wait(timeout=5) == -15
    assert not found, "\n".join(found)
