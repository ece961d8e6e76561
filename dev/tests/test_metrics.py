"""What a running system tells of itself: GET /metrics, by promtool."""

import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator

import pytest
from process import Standin
from served import Served


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A system that has run one job and swept once."""
    worker = Standin(tmp_path_factory.mktemp("comfyui"), "--step-ms", "1")
    variables = {
        "METRICS_FLUSH_SECONDS": "1", "COST_PER_GPU_SECOND": "0.5",
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
    assert 'workflow_queue_depth{priority_level="normal"} 0\n' in text
    assert 'endpoint="/v1/generate",status_code="202"' in text
