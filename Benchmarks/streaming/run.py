"""Runs the transfers against an S3 that keeps nothing, in a process of its own, and prints what they took.

`run.py TRANSFER-BINARY [MEGABYTES]`
"""

import http.server
import multiprocessing
import subprocess
import sys
import urllib.parse

PIECE = bytes(1 << 20)


class Handler(http.server.BaseHTTPRequestHandler):
    """Takes every body to its end; a GET gives as many zeros as its key says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def take(self) -> None:
        rest = int(self.headers.get("content-length", 0))
        while rest > 0:
            piece = self.rfile.read(min(rest, 1 << 20))
            if not piece:
                return
            rest -= len(piece)

    def answer(self, body: str = "") -> None:
        self.take()
        data = body.encode()
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        begins = "uploads=" in urllib.parse.urlsplit(self.path).query
        self.answer("<R><UploadId>u</UploadId></R>" if begins else '<R><ETag>"e"</ETag></R>')

    def do_GET(self) -> None:
        rest = int(self.path.rsplit("/", 1)[1])
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(rest))
        self.end_headers()
        while rest > 0:
            count = min(rest, len(PIECE))
            self.wfile.write(PIECE[:count])
            rest -= count


def main() -> None:
    binary, megabytes = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "1024"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    process = multiprocessing.Process(target=server.serve_forever, daemon=True)
    process.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    output = subprocess.run([binary, address, megabytes], check=True, capture_output=True, text=True).stdout
    process.terminate()
    for line in output.splitlines():
        name, milliseconds, memory = line.split("\t")
        rate = int(megabytes) * 1000 / float(milliseconds)
        print(f"  {megabytes} MB, {name:22} {rate:6.0f} MB/s {int(memory) / 1024:6.1f} MB above idle")


if __name__ == "__main__":
    main()
