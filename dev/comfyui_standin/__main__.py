"""`python3 -m comfyui_standin`: starts one server and runs it until a signal, or its parent's end."""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable

from .options import Options, parse

try:
    from .server import Server
except ModuleNotFoundError as missing:
    sys.exit(f"the stand-in needs the Python package {missing.name}: run dev/setup.sh, then use .venv/bin/python")

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
    try:
        if options.exit_with_parent:
            _follow_parent(loop, lambda: end(signal.SIGTERM))
        port = await _listen(server)
    except SystemExit:
        server.folders.remove()
        raise
    print(json.dumps({"event": "ready", "port": port}), flush=True)
    await asyncio.Event().wait()


async def _listen(server: Server) -> int:
    try:
        return await server.start()
    except OSError as problem:
        where = f"{server.options.listen}:{server.options.port}"
        sys.exit(f"cannot listen on {where}: {problem.strerror}; choose another --port, or 0 for a free one")


def _follow_parent(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """Standard input closes with the parent; the kernel's signal covers one that somebody else holds open."""
    parent = os.getppid()

    def parent_signal() -> None:
        # The kernel sends it when the thread that started us ends, and the parent may live on without it.
        if os.getppid() != parent:
            end()

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            end()

    loop.add_signal_handler(signal.SIGUSR2, parent_signal)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGUSR2)
    try:
        loop.add_reader(sys.stdin.fileno(), readable)
    except (PermissionError, ValueError, AttributeError):
        sys.exit("--exit-with-parent needs standard input to be a pipe")


if __name__ == "__main__":
    asyncio.run(serve(parse()))
