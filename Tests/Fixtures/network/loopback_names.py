"""A network of its own for one program: names, addresses, and a server that waits for the program's first request.

    unshare --mount --net python3 loopback_names.py PROGRAM HOST

Run in a new network namespace. On 127.0.0.1:53 a DNS server answers the zone below. An HTTP server listens on port 9001 of
127.0.0.1 and ::1. PROGRAM is started with AWS_LAMBDA_RUNTIME_API=HOST:9001. Printed is one JSON line: the first request
that arrived (its Host header and the address that it came to), or the program's exit status; the DNS queries; its output.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading

A, AAAA = 1, 28
ZONE = {
    ("four.dns.test", A): bytes([127, 0, 0, 1]),
    ("six.dns.test", AAAA): bytes(15) + b"\x01",
}
NAMES = {name for name, _ in ZONE}


def bring_loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCSIFFLAGS with IFF_UP and IFF_RUNNING (netdevice(7)).
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def answer(query: bytes, queries: list) -> bytes:
    """RFC 1035, 4.1: one question, at most one answer."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    question = query[12 : at + 5]
    kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
    name = ".".join(labels).lower()
    queries.append([name, {A: "A", AAAA: "AAAA"}.get(kind, str(kind))])
    address = ZONE.get((name, kind))
    code = 0 if name in NAMES else 3
    head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, 1 if address else 0, 0, 0)
    if not address:
        return head + question
    return head + question + struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(address)) + address


def serve_names(queries: list):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, peer = server.recvfrom(4096)
        server.sendto(answer(query, queries), peer)


def serve_requests(family: int, address: str, finish):
    server = socket.create_server((address, 9001), family=family)
    connection, _ = server.accept()
    lines = connection.recv(65536).decode().split("\r\n")
    host = next(line[6:] for line in lines if line.lower().startswith("host: "))
    finish({"request": lines[0], "host": host, "address": address})
    threading.Event().wait()


def main():
    program, host = sys.argv[1:3]
    bring_loopback_up()
    queries, result, is_over = [], {}, threading.Event()

    def finish(found):
        result.update(found)
        is_over.set()

    def run(target, *arguments):
        threading.Thread(target=target, args=arguments, daemon=True).start()

    run(serve_names, queries)
    run(serve_requests, socket.AF_INET, "127.0.0.1", finish)
    run(serve_requests, socket.AF_INET6, "::1", finish)
    process = subprocess.Popen(
        [program],
        env={**os.environ, "AWS_LAMBDA_RUNTIME_API": f"{host}:9001"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def wait():
        finish({"status": process.wait()})

    run(wait)
    is_over.wait()
    process.kill()
    output = process.stdout.read().decode()
    print(json.dumps({**result, "queries": queries, "output": output}))


main()
