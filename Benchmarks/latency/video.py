"""Memory of dispatch while it moves large outputs from a worker to S3.

`video.py PROGRAMS [MEGABYTES]`: one video of that size, then four at once. The worker is the stand-in behind a proxy
that answers `/view` with as many bytes; S3 keeps nothing.
"""

import asyncio
import http.server
import sys
import threading
import time
from pathlib import Path

import aiohttp
import system
from aiohttp import web

sys.path.append(str(Path(__file__).resolve().parents[1] / "streaming"))
from run import Handler

PIECE = bytes(range(256)) * 4096
HEAD = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"


class Worker:
    """Passes everything on but `/view`."""

    def __init__(self, behind: str):
        self.behind = behind
        self.size = 0
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True).start()
        ready.wait(10)

    async def _serve(self, ready: threading.Event) -> None:
        application = web.Application(client_max_size=1 << 26)
        application.router.add_get("/view", self._view)
        application.router.add_get("/ws", self._socket)
        application.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.client = aiohttp.ClientSession()
        ready.set()
        await asyncio.Event().wait()

    async def _view(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.content_length = self.size
        await answer.prepare(request)
        await answer.write(HEAD)
        left = self.size - len(HEAD)
        while left > 0:
            await answer.write(PIECE[: min(left, len(PIECE))])
            left -= len(PIECE)
        return answer

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        front = web.WebSocketResponse()
        await front.prepare(request)
        async with self.client.ws_connect(self.behind + request.path_qs, max_msg_size=0) as back:

            async def backward() -> None:
                async for message in back:
                    await front.send_str(message.data)

            task = asyncio.create_task(backward())
            async for _ in front:
                pass
            task.cancel()
        return front

    async def _pass(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with self.client.request(
            request.method, self.behind + request.path_qs, data=body, headers={"Content-Type": "application/json"}
        ) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type="application/json")


def graph(count: int, color: int) -> dict:
    """That many pictures, which the proxy makes videos."""
    nodes = {}
    for number in range(count):
        size = {"width": 64, "height": 64, "batch_size": 1, "color": color}
        nodes[f"{number}a"] = {"class_type": "EmptyImage", "inputs": size}
        nodes[f"{number}b"] = {"class_type": "SaveImage", "inputs": {"images": [f"{number}a", 0]}}
        nodes[f"{number}b"]["inputs"]["filename_prefix"] = f"video{number}"
    return nodes


def memory(process: Path, name: str) -> float:
    """A line of /proc/PID/status, in MB."""
    for line in (process / "status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"{name} is not known here")


def main() -> None:
    programs = Path(sys.argv[1])
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    process, behind = system.standin()
    worker = Worker(behind)
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    s3 = f"http://127.0.0.1:{store.server_address[1]}"
    with system.System(programs, worker.url, AWS_ENDPOINT_URL_S3=s3) as run:
        # Idle is after a first job has been there.
        worker.size = 1000
        run.run(graph(1, 0))
        for count in (1, 4):
            time.sleep(1)
            dispatcher = run.dispatcher()
            idle = memory(dispatcher, "VmRSS")
            # Makes VmHWM begin again (proc(5)).
            (dispatcher / "clear_refs").write_text("5")
            worker.size = megabytes << 20
            start = time.time()
            job = run.run(graph(count, count), 600)
            seconds = time.time() - start
            assert [output["bytes"] for output in job["outputs"]] == [worker.size] * count
            assert {output["content_type"] for output in job["outputs"]} == {"video/mp4"}
            above = memory(dispatcher, "VmHWM") - idle
            limit = f"; at most 40 ({'met' if above <= 40 else 'MISSED'})" if count == 1 else ""
            print(f"  {count} × {megabytes} MB in {seconds:5.1f} s: {above:5.1f} MB above {idle:.1f} MB idle{limit}")
    process.terminate()


if __name__ == "__main__":
    main()
