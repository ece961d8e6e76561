"""Recordings whose point is the moment when a socket opens or closes: what the client did, step by step."""

import asyncio
from collections.abc import Awaitable, Callable

from replay import Replay, Socket


def _has_step(frame: dict) -> bool:
    return frame.get("type") == "progress"


async def _open(replay: Replay, number: int) -> Socket:
    return await Socket.open(replay.session, replay.recording.sockets[number]["handshake"]["path"])


async def _finish(replay: Replay, number: int, socket: Socket) -> None:
    await replay.finish([(replay.recording.sockets[number], socket)])


async def older_closes(replay: Replay) -> None:
    """40: two sockets with one id; the older one closes between two runs."""
    older, newer = await _open(replay, 0), await _open(replay, 1)
    await replay.exchange(replay.recording.http[0])
    await replay.idle()
    await _finish(replay, 0, older)
    await replay.exchange(replay.recording.http[1])
    await replay.idle()
    await _finish(replay, 1, newer)


async def reconnects(replay: Replay) -> None:
    """41: the client drops in mid-run and comes back."""
    first = await _open(replay, 0)
    await replay.exchange(replay.recording.http[0])
    await first.hears(_has_step)
    await _finish(replay, 0, first)
    second = await _open(replay, 1)
    await replay.exchange(replay.recording.http[1])
    await _finish(replay, 1, second)


async def comes_back_late(replay: Replay) -> None:
    """42: the client drops in mid-run and comes back when the run is over."""
    first = await _open(replay, 0)
    await replay.exchange(replay.recording.http[0])
    await first.hears(_has_step)
    await _finish(replay, 0, first)
    await replay.exchange(replay.recording.http[1])
    await _finish(replay, 1, await _open(replay, 1))


async def connects_after_post(replay: Replay) -> None:
    """43: the run's own client connects when it has begun."""
    bystander = await _open(replay, 0)
    await replay.exchange(replay.recording.http[0])
    await asyncio.sleep(0.1)  # about three steps
    client = await _open(replay, 1)
    await replay.idle()
    await _finish(replay, 0, bystander)
    await _finish(replay, 1, client)


async def sends_junk(replay: Replay) -> None:
    """44: what the client sends makes no sense."""
    socket = await _open(replay, 0)
    await socket.socket.send_str("no JSON")
    await socket.socket.send_bytes(b"\x00\x01\x02")
    await socket.socket.send_str("[1, 2]")
    await _finish(replay, 0, socket)


async def has_empty_id(replay: Replay) -> None:
    """45: the server makes up an id."""
    await _finish(replay, 0, await _open(replay, 0))


async def repeats_without_id(replay: Replay) -> None:
    """02c: cached runs without a client id, then the older of two sockets closes.

    The third POST stands in the recording as the fourth one's body, but the history shows that the second
    one's was sent: that is what is sent here.
    """
    http = replay.recording.http
    http[4]["request"]["body"] = http[2]["request"]["body"]
    for exchange in http[:6]:
        await replay.exchange(exchange)
    older, newer = await _open(replay, 0), await _open(replay, 1)
    await _finish(replay, 0, older)
    await replay.exchange(http[6])
    await replay.idle()
    await _finish(replay, 1, newer)


SCRIPTS: dict[str, Callable[[Replay], Awaitable[None]]] = {
    "02c": repeats_without_id,
    "40": older_closes,
    "41": reconnects,
    "42": comes_back_late,
    "43": connects_after_post,
    "44": sends_junk,
    "45": has_empty_id,
}
