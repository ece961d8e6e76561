"""A forwarder in front of the local AWS that notes which call began and ended when, on a clock of this process."""

import asyncio
import re
import threading
import time
from dataclasses import dataclass


@dataclass
class Call:
    """One exchange; `operation` is AWS's name of it, or S3's method."""

    operation: str
    request: bytes
    start: float
    end: float


class Tap:
    """Listens on a free loopback port, in a thread of its own."""

    def __init__(self) -> None:
        self.target = 0
        """The port of the local AWS; who comes before it is known waits."""
        self.calls: list[Call] = []
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True).start()
        ready.wait(10)

    async def _serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.target:
            await asyncio.sleep(0.05)
        try:
            upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()  # the local AWS has ended
            return
        call: Call | None = None

        async def requests() -> None:
            nonlocal call
            while data := await reader.read(1 << 16):
                if call is None or call.end:
                    call = Call("", b"", time.time(), 0)
                    self.calls.append(call)
                call.request += data[:8192]
                upstream.write(data)
                await upstream.drain()
            upstream.close()

        async def answers() -> None:
            while data := await upstream_reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
                if call:
                    call.end = time.time()
            writer.close()

        await asyncio.gather(requests(), answers(), return_exceptions=True)

    def named(self, since: float) -> list[Call]:
        """The calls that began since then, with their names."""
        chosen = [call for call in self.calls if call.start >= since]
        for call in chosen:
            target = re.search(rb"(?i)x-amz-target: \S+\.(\w+)", call.request)
            action = re.search(rb"Action=(\w+)", call.request)
            found = target or action
            call.operation = found[1].decode() if found else call.request.split(b" ")[0].decode()
        return chosen
