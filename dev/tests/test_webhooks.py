"""Webhooks as a receiver sees them, judged by the Standard Webhooks convention's own library."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
from process import Standin
from served import Served
from standardwebhooks import Webhook, WebhookVerificationError


class Receiver:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        received: Queue[tuple[dict[str, str], bytes]] = Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.put(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.received = received
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def served(receiver: Receiver, tmp_path) -> Iterator[Served]:
    worker = Standin(tmp_path, "--step-ms", "1")
    system = Served(
        worker.address, "--sweep-every", "1", WEBHOOK_ALLOWED_HOSTS=receiver.host, TRUSTED_HOSTS=receiver.host
    )
    yield system
    assert system.stop() == 0
    worker.stop()


def post(served: Served, path: str, body: dict | None = None) -> dict:
    data = json.dumps(body).encode() if body is not None else b""
    request = urllib.request.Request(
        served.address + path, data=data, headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_receiver_believes_what_is_signed_and_nothing_else(served: Served, receiver: Receiver) -> None:
    first = post(served, "/v1/webhook-secret", {})["secret"]
    job = post(served, "/v1/generate", {"prompt": "a lighthouse", "steps": 2, "webhook_url": f"{receiver.host}/hook"})
    headers, body = receiver.received.get(timeout=60)
    completion = Webhook(first).verify(body, headers)
    assert completion["job_id"] == job["job_id"]
    assert completion["event"] == "job.completed"
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(body.replace(b"completed", b"cancelled"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(body, {**headers, "webhook-id": "another"})

    # After a rotation whoever knows either secret is content.
    second = post(served, "/v1/webhook-secret", {})["secret"]
    assert second != first
    delivery = post(served, f"/v1/jobs/{job['job_id']}/deliveries/job.completed/resend")
    assert delivery["webhook_id"] == headers["webhook-id"]
    again, body = receiver.received.get(timeout=60)
    assert again["webhook-id"] == headers["webhook-id"]
    for secret in (first, second):
        assert Webhook(secret).verify(body, again) == completion
