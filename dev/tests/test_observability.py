"""What a running system tells of itself: GET /metrics, by promtool, and its traces, by OpenTelemetry's own messages."""

import base64
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from process import Standin
from served import Served


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP and keeps the bodies."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Receiver)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json"):
            self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    server = Collector()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[str]:
    """A system that has run one job and swept once."""
    worker = Standin(tmp_path_factory.mktemp("comfyui"), "--step-ms", "1")
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "METRICS_FLUSH_SECONDS": "1", "COST_PER_GPU_SECOND": "0.5",
    }  # fmt: skip
    system = Served(worker.address, "--sweep-every", "1", **variables)
    body = json.dumps({"prompt": "a lighthouse", "width": 64, "height": 64, "steps": 2}).encode()
    headers = {"Content-Type": "application/json"}
    job = fetch(urllib.request.Request(f"{system.address}/v1/generate", body, headers))
    wait_for(lambda: fetch(f"{system.address}/v1/jobs/{json.loads(job)['job_id']}").find(b'"completed"') > 0)
    wait_for(lambda: {b"workflow_executions_total{", b"workflow_queue_depth{"} <= names(system.address))
    yield system.address
    assert system.stop() == 0
    worker.stop()


def fetch(request: str | urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def names(address: str) -> set[bytes]:
    return set(re.findall(rb"^\w+\{", fetch(f"{address}/metrics"), re.M))


def wait_for(is_so: object) -> None:
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.2)
    pytest.fail("it did not come about within a minute")


def test_promtool_finds_nothing_to_say(address: str) -> None:
    text = fetch(f"{address}/metrics")
    program = shutil.which("promtool")
    assert program, "promtool is missing: run `make setup`"
    result = subprocess.run([program, "check", "metrics"], input=text, capture_output=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_the_job_is_counted_with_its_cost(address: str) -> None:
    text = fetch(f"{address}/metrics").decode()
    executions = 'workflow_executions_total{status="completed",priority="normal",user_tier="admin"} 1\n'
    assert executions in text
    assert 'execution_cost_dollars_count{resource_type="gpu",user_tier="admin"} 1\n' in text
    assert 'model_load_duration_seconds_count{model_type="checkpoint",cache_level="disk"} 1\n' in text
    assert 'workflow_queue_depth{priority_level="normal"} ' in text
    assert 'endpoint="/v1/generate",status_code="202"' in text


def test_the_traces_are_opentelemetrys(address: str, collector: Collector) -> None:
    """Its JSON has ids in hexadecimal where Protobuf's own would have base64; all else is Protobuf's."""
    wait_for(lambda: any(b'"run job"' in body for body in collector.bodies))
    spans = {}
    for body in list(collector.bodies):
        text = re.sub(
            r'"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"',
            lambda match: f'"{match[1]}":"{base64.b64encode(bytes.fromhex(match[2])).decode()}"',
            body.decode(),
        )
        message = json_format.Parse(text, ExportTraceServiceRequest())
        for resource in message.resource_spans:
            known = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
            assert known["service.name"] == "comfy-lambda"
            spans |= {span.name: span for scope in resource.scope_spans for span in scope.spans}
    run, submitted = spans["run job"], spans["POST /v1/generate"]
    assert run.trace_id == submitted.trace_id
    assert run.parent_span_id == submitted.span_id
    assert (len(run.trace_id), len(run.span_id)) == (16, 8)
    assert run.start_time_unix_nano < run.end_time_unix_nano
    assert {"S3 PutObject", "SNS Publish", "node KSampler"} <= spans.keys()
    assert not any(b"lighthouse" in body for body in collector.bodies)
