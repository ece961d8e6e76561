"""A picture's way from a client's disk through the API, the bucket and a worker back into a picture."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from process import Standin
from served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    worker = Standin(tmp_path_factory.mktemp("comfyui"), "--step-ms", "1")
    system = Served(worker.address)
    yield system
    assert system.stop() == 0
    worker.stop()


def picture() -> bytes:
    buffer = BytesIO()
    Image.radial_gradient("L").resize((96, 64)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def call(served: Served, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(served.address + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def put(upload: dict, content: bytes) -> int:
    request = urllib.request.Request(upload["url"], content, upload["headers"], method=upload["method"])
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status


def loading(image: str) -> dict:
    return {
        "workflow": {
            "1": {"class_type": "LoadImage", "inputs": {"image": image}},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "copy"}},
        }
    }


def finished(served: Served, job: str) -> dict:
    for _ in range(120):
        _, page = call(served, "GET", f"/v1/jobs/{job}")
        if page["status"] in ("completed", "failed", "cancelled"):
            return page
        # The state as it changes: the stream ends with the job.
        with urllib.request.urlopen(f"{served.address}/v1/jobs/{job}/events", timeout=60) as events:
            events.read()
    raise AssertionError("the job did not end")


def pixels(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as image:
        return image.convert("RGB").tobytes()


def output(page: dict) -> bytes:
    assert page["status"] == "completed", page["error"]
    with urllib.request.urlopen(page["image_url"], timeout=60) as answer:
        return answer.read()


def test_an_uploaded_picture_is_what_the_workflow_loads(served: Served) -> None:
    content = picture()
    announced = {"filename": "gradient.png", "content_type": "image/png", "bytes": len(content)}
    status, file = call(served, "POST", "/v1/files", announced)
    assert (status, file["status"]) == (201, "pending")
    reference = f"file:{file['file_id']}"
    status, refused = call(served, "POST", "/v1/workflows/execute", loading(reference))
    assert (status, refused["error"]["details"]["errors"][0]["code"]) == (400, "file_not_uploaded")
    assert put(file["upload"], content) == 200
    status, job = call(served, "POST", "/v1/workflows/execute", loading(reference))
    assert status == 202
    assert pixels(output(finished(served, job["job_id"]))) == pixels(content)

    _, shown = call(served, "GET", f"/v1/files/{file['file_id']}")
    assert (shown["status"], shown["width"], shown["height"]) == ("ready", 96, 64)
    with urllib.request.urlopen(shown["url"], timeout=60) as answer:
        assert answer.read() == content
    assert call(served, "DELETE", f"/v1/files/{file['file_id']}")[0] == 204
    assert call(served, "GET", f"/v1/files/{file['file_id']}")[0] == 404


def test_so_is_one_that_came_with_the_request(served: Served) -> None:
    content = picture()
    uri = "data:image/png;base64," + base64.b64encode(content).decode()
    status, job = call(served, "POST", "/v1/workflows/execute", loading(uri))
    assert status == 202
    assert pixels(output(finished(served, job["job_id"]))) == pixels(content)


def test_a_private_address_is_not_fetched(served: Served) -> None:
    status, refused = call(served, "POST", "/v1/workflows/execute", loading(f"{served.address}/docs"))
    assert (status, refused["error"]["details"]["errors"][0]["code"]) == (400, "address_not_allowed")
