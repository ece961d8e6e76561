"""Writes dev/bootstrap.order, the order of functions for the linker.

First what the packaged program runs from exec to its first GET /next, then what a first POST /v1/generate adds. Needs
valgrind, and what build.sh builds.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import subjects as s

# Before it is stripped.
PROGRAM = s.ROOT / ".build/static/swift/release/bootstrap"
ORDER = s.ROOT / "dev/bootstrap.order"
PATIENCE_SECONDS = 120
# What stands out of its place packs worse, some ten bytes a function, and function.zip has a limit: all of a start, and
# what comes next of a submit.
MOST = 2400


def valgrind(profile: Path) -> tuple[str, ...]:
    """The program under a profiler that notes each function that ran."""
    return ("valgrind", "-q", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}", str(PROGRAM))


def start(profile: Path) -> None:
    """From exec to the first GET /next, which is not answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        environment = {"AWS_LAMBDA_RUNTIME_API": address, "_HANDLER": "api", "AWS_REGION": "us-east-1"}
        program = subprocess.Popen(valgrind(profile), env=os.environ | s.PRODUCT_ENVIRONMENT | environment)
        try:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE_SECONDS)
                connection.recv(1)
                program.send_signal(signal.SIGTERM)
                program.wait(PATIENCE_SECONDS)
        finally:
            program.kill()


def submit(profile: Path) -> None:
    """Through the answer to the first POST /v1/generate."""
    s.Subject("bootstrap", valgrind(profile), s.PRODUCT.options, s.PRODUCT.environment).run(*s.GENERATE)


def functions(profile: Path) -> list[str]:
    """What ran; a function without a name has its address in its place."""
    names = re.findall(r"^c?fn=\(\d+\) ([^\s(]\S*)", profile.read_text(), re.MULTILINE)
    return [name.split("'")[0] for name in names if not name.startswith("0x")]


def main() -> None:
    """Writes each name once."""
    order: dict[str, None] = {}
    with tempfile.TemporaryDirectory() as directory:
        for step in (start, submit):
            profile = Path(directory) / step.__name__
            step(profile)
            order |= dict.fromkeys(functions(profile))
            print(f"order: {len(order)} functions after the {step.__name__}", file=sys.stderr)
    ORDER.write_text("".join(f"{name}\n" for name in list(order)[:MOST]))


if __name__ == "__main__":
    main()
