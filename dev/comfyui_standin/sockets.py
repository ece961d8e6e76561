"""The WebSockets and who hears what."""

import asyncio
import json
import struct
import uuid
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from .faults import Faults

FEATURES = {
    "supports_preview_metadata": True,
    "supports_model_type_tags": True,
    "max_upload_size": 104857600,
    "extension": {"manager": {"supports_v4": True}},
    "node_replacements": True,
    "assets": False,
}
PREVIEW_IMAGE, PREVIEW_IMAGE_WITH_METADATA = 1, 4
FORMATS = {"JPEG": 1, "PNG": 2}


@dataclass
class Client:
    """One open socket."""

    socket: web.WebSocketResponse
    request: web.Request
    features: dict = field(default_factory=dict)
    drops: bool = False


class Sockets:
    """Keeps one client per id, as ComfyUI does, with what follows from that.

    A second socket with the same id takes the first one's place. When the first closes, the id is
    forgotten, and the second stays open and hears nothing more.
    """

    def __init__(self, faults: Faults):
        self.faults = faults
        self.client_id: str | None = None
        """Of the prompt that runs, or ran last."""
        self.last_node_id: str | None = None
        self._clients: dict[str, Client] = {}
        self._messages: asyncio.Queue[tuple[str | bytes, str | None]] = asyncio.Queue()

    async def accept(self, request: web.Request, remaining: int) -> web.WebSocketResponse:
        """Serves one socket until it closes."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        sid = request.rel_url.query.get("clientId", "") or uuid.uuid4().hex
        client = Client(socket, request, drops=self.faults.take("drop_socket"))
        self._clients.pop(sid, None)
        self._clients[sid] = client
        try:
            self.status(remaining, sid)
            if self.client_id == sid and self.last_node_id is not None:
                self.send("executing", {"node": self.last_node_id}, sid)
            if self.faults.take("deaf_socket"):
                await self._flushed()
                self._clients.pop(sid, None)
            first = True
            async for message in socket:
                if message.type == WSMsgType.TEXT and first:
                    self._hear_features(message.data, client, sid)
                first = False
        finally:
            self._clients.pop(sid, None)
        return socket

    def _hear_features(self, text: str, client: Client, sid: str) -> None:
        try:
            message = json.loads(text)
            if message.get("type") == "feature_flags":
                client.features = dict(message.get("data") or {})
                self.send("feature_flags", FEATURES, sid)
        except (ValueError, AttributeError, TypeError):
            pass  # ComfyUI ignores what it cannot read

    def status(self, remaining: int, sid: str | None = None) -> None:
        """The queue's length: to all, or with its `sid` to a new socket."""
        data: dict = {"status": {"exec_info": {"queue_remaining": remaining}}}
        if sid is not None:
            data["sid"] = sid
        self.send("status", data, sid)

    def send(self, event: str, data: dict, sid: str | None = None) -> None:
        """To one client, or to all. An id without a socket hears nothing."""
        self._messages.put_nowait((json.dumps({"type": event, "data": data}), sid))

    def send_preview(self, image: bytes, image_format: str, metadata: dict | None, sid: str | None) -> None:
        """A picture as a binary frame; `metadata` makes it the newer kind of frame."""
        if metadata is None:
            frame = struct.pack(">II", PREVIEW_IMAGE, FORMATS[image_format]) + image
        else:
            text = json.dumps({**metadata, "image_type": f"image/{image_format.lower()}"}).encode()
            frame = struct.pack(">II", PREVIEW_IMAGE_WITH_METADATA, len(text)) + text + image
        self._messages.put_nowait((frame, sid))

    def wants_metadata(self, sid: str | None) -> bool:
        client = self._clients.get(sid) if sid else None
        return bool(client and client.features.get("supports_preview_metadata"))

    async def publish(self) -> None:
        """Sends what is queued, in order, for ever."""
        while True:
            message, sid = await self._messages.get()
            clients = list(self._clients.values()) if sid is None else [self._clients.get(sid)]
            for client in clients:
                if client:
                    await self._deliver(client, message)
            self._messages.task_done()

    async def _deliver(self, client: Client, message: str | bytes) -> None:
        if client.drops and isinstance(message, str) and message.startswith('{"type": "progress"'):
            if client.request.transport:
                client.request.transport.abort()
            return
        try:
            if isinstance(message, bytes):
                await client.socket.send_bytes(message)
            else:
                await client.socket.send_str(message)
        except (ConnectionError, RuntimeError):
            pass  # it went away; its own task cleans up

    async def _flushed(self) -> None:
        await self._messages.join()
