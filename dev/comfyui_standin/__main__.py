"""`python3 -m comfyui_standin`: starts one server and runs it until a signal, or its parent's end."""

import asyncio
import ctypes
import json
import os
import signal
import sys

from .options import Options, parse
from .server import Server

PR_SET_PDEATHSIG = 1


async def serve(options: Options) -> None:
    """Ends by a signal, at once and without a word to its clients, as ComfyUI does."""
    server = Server(options)
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        server.folders.remove()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    if options.exit_with_parent:
        _follow_parent(loop, lambda: end(signal.SIGTERM))
    try:
        port = await server.start()
    except OSError as problem:
        server.folders.remove()
        where = f"{options.listen}:{options.port}"
        sys.exit(f"cannot listen on {where}: {problem.strerror}; choose another --port, or 0 for a free one")
    print(json.dumps({"event": "ready", "port": port}), flush=True)
    await asyncio.Event().wait()


def _follow_parent(loop: asyncio.AbstractEventLoop, end) -> None:
    """Standard input closes with the parent; the kernel's signal also covers one that left it open elsewhere."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            end()

    try:
        loop.add_reader(sys.stdin.fileno(), readable)
    except PermissionError:
        sys.exit("--exit-with-parent needs standard input to be a pipe, not a file")


if __name__ == "__main__":
    asyncio.run(serve(parse()))
