"""Asks a stand-in what a recording asked ComfyUI, and compares the answers and the frames."""

import asyncio
import json
import time
from dataclasses import dataclass, field

import aiohttp
from frames import differences, recorded
from normaliser import Normaliser, binary_frame
from process import Standin
from recording import Recording, uploaded_bytes

PATIENCE = 4.0
KEPT_REQUEST_HEADERS = ("Origin", "Sec-Fetch-Site", "Range", "If-None-Match", "Content-Type")
COMPARED_HEADERS = (
    "Content-Type", "Allow", "Content-Disposition", "Content-Range", "Accept-Ranges", "X-Content-Type-Options",
    "Content-Security-Policy",
)  # fmt: skip
MADE_BY_ENCODER = ("preview=", "channel=")


class Socket:
    """One open WebSocket and what it heard."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse):
        self.socket = socket
        self.frames: list[dict] = []
        self.arrived = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, path: str, first: list[dict] = ()) -> "Socket":
        socket = cls(await session.ws_connect(path, max_msg_size=0))
        for message in first:
            await socket.socket.send_json(message)
        await socket.hears(lambda frame: frame.get("type") == "status")
        return socket

    async def _listen(self) -> None:
        async for message in self.socket:
            is_text = message.type == aiohttp.WSMsgType.TEXT
            self.frames.append(json.loads(message.data) if is_text else binary_frame(message.data))
            self.arrived.set()

    async def hears(self, wanted, patience: float = PATIENCE) -> bool:
        """Waits for a frame; whether it came."""
        end = time.monotonic() + patience
        while not any(wanted(frame) for frame in self.frames):
            self.arrived.clear()
            try:
                await asyncio.wait_for(self.arrived.wait(), end - time.monotonic())
            except TimeoutError:
                return False
        return True

    async def close(self) -> None:
        await self.socket.close()
        await self._task


@dataclass
class Replay:
    """One recording against one stand-in. `burst`: the client did not wait for runs to end before it went on."""

    standin: Standin
    recording: Recording
    session: aiohttp.ClientSession
    normaliser: Normaliser
    burst: bool = False
    steps: bool = True
    sockets: list[Socket] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    async def run(self) -> list[str]:
        """Everything in order; the answer is the list of differences."""
        for recorded_socket in self.recording.sockets:
            sent = [frame["text"] for frame in recorded_socket["frames"] if frame.get("dir") == "client->server"]
            self.sockets.append(await Socket.open(self.session, recorded_socket["handshake"]["path"], sent))
        for exchange in self.recording.http:
            await self.exchange(exchange)
        await self.idle()
        await self.finish(list(zip(self.recording.sockets, self.sockets, strict=True)))
        return self.found

    async def finish(self, pairs: list[tuple[dict, Socket]], cut_short: bool = False) -> None:
        """Compares each socket with its recording and closes it.

        `cut_short`: the server died, and whether it still sent its last frames is chance.
        """
        await asyncio.sleep(0.05)  # what comes after the queue is empty
        for number, (recorded_socket, socket) in enumerate(pairs):
            name = f"{self.recording.name} socket {number}"
            expected = recorded(recorded_socket)
            self.found += differences(name, expected, socket.frames, self.normaliser, self.steps, cut_short)
            await socket.close()

    async def exchange(self, exchange: dict) -> None:
        """One request; a GET is repeated until the answer is the recorded one, or patience ends."""
        request, response = exchange["request"], exchange["response"]
        if self.burst:
            if "/interrupt" in request["path"] or "/cancel" in request["path"]:
                await self.running_has_begun()
        else:
            await self.idle()
        end = time.monotonic() + (PATIENCE if request["method"] == "GET" else 0)
        first = None
        while True:
            difference = await self._attempt(request, response)
            if difference is None:
                return
            first = first or difference
            if time.monotonic() > end:
                case = exchange.get("case", "")
                self.found.append(f"{self.recording.name} {request['method']} {request['path']} {case}: {first}")
                return
            await asyncio.sleep(0.01)

    async def _attempt(self, request: dict, response: dict) -> str | None:
        headers = {
            name: self.normaliser.to_actual(request["headers"][name])
            for name in KEPT_REQUEST_HEADERS
            if name in request["headers"]
        }
        body = self._body(request, headers)
        path = self.normaliser.to_actual(request["path"])
        async with self.session.request(request["method"], path, data=body, headers=headers) as answer:
            content = await answer.read()
        self._learn(response, answer, content)
        if request["path"] == "/prompt":
            await asyncio.sleep(0.002)  # /api/jobs sorts by the millisecond, and no client posts two in one
        expected_body = response["body"]
        facts = [("status", response["status"], answer.status)]
        for name in COMPARED_HEADERS:
            if name in response["headers"]:
                facts.append((name, response["headers"][name], answer.headers.get(name)))
        if "Content-Type" not in response["headers"]:
            facts.append(("Content-Type", None, answer.headers.get("Content-Type")))
        facts.append(("body", *self._bodies(request["path"], expected_body, content)))
        for name, expected, actual in facts:
            if expected != actual:
                return f"{name}\n  recorded {str(expected)[:1500]}\n  answered {str(actual)[:1500]}"
        return None

    def _body(self, request: dict, headers: dict) -> object:
        body = request.get("body")
        if not body:
            return None
        if "json" in body:
            return self.normaliser.to_actual(json.dumps(body["json"])).encode()
        if "text" in body:
            return body["text"].encode()
        headers.pop("Content-Type", None)
        if "multipart_raw_filename" in body:
            return _raw_multipart(body["multipart_raw_filename"], headers)
        if "note" in body:
            return b'"' + bytes([97]) * (101 * 1024 * 1024) + b'"'
        form = aiohttp.FormData()
        for part in body["multipart"]:
            if "filename" in part:
                content = uploaded_bytes(part["value"])
                form.add_field(part["name"], content, filename=part["filename"], content_type=part["content_type"])
            else:
                form.add_field(part["name"], part["value"])
        return form

    def _learn(self, response: dict, answer: aiohttp.ClientResponse, content: bytes) -> None:
        recorded_body = response["body"].get("json")
        if isinstance(recorded_body, dict) and "prompt_id" in recorded_body and answer.status == 200:
            self.normaliser.learn(recorded_body["prompt_id"], json.loads(content)["prompt_id"])
        if "Etag" in response["headers"] and "Etag" in answer.headers:
            self.normaliser.learn(response["headers"]["Etag"], answer.headers["Etag"])

    def _bodies(self, path: str, expected: dict, content: bytes) -> tuple[object, object]:
        if "json" in expected:
            return self.normaliser.json(expected["json"]), self.normaliser.json(_parsed(content))
        if "text" in expected:
            return expected["text"], content.decode("utf-8", "replace")
        if "binary_length" not in expected:
            return None, None  # trimmed by the recorder
        head = bytes.fromhex(expected["head_hex"])
        if any(part in path for part in MADE_BY_ENCODER):
            return head[:4], content[:4]
        return (expected["binary_length"], head), (len(content), content[: len(head)])

    async def idle(self) -> None:
        """Until nothing runs or waits."""
        end = time.monotonic() + 3 * PATIENCE
        while time.monotonic() < end:
            async with self.session.get("/prompt") as answer:
                if (await answer.json())["exec_info"]["queue_remaining"] == 0:
                    return
            await asyncio.sleep(0.005)
        self.found.append(f"{self.recording.name}: the queue never became empty")

    async def running_has_begun(self) -> None:
        """Until the running prompt reported a step; one that reports none gets a moment."""
        async with self.session.get("/queue") as answer:
            running = [item[1] for item in (await answer.json())["queue_running"]]
        if running and self.sockets:
            await self.sockets[0].hears(
                lambda frame: frame.get("type") == "progress" and frame["data"]["prompt_id"] == running[0], 0.3
            )


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return f"no JSON: {content[:200]!r}"


def _raw_multipart(filename: str, headers: dict) -> bytes:
    headers["Content-Type"] = "multipart/form-data; boundary=edge"
    head = f'--edge\r\nContent-Disposition: form-data; name="image"; filename="{filename}"\r\n'
    return head.encode() + b"Content-Type: image/png\r\n\r\nx\r\n--edge--\r\n"
