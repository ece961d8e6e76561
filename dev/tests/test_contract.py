"""GET /openapi.json: that it is OpenAPI, and that the service keeps to it."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from process import DEV, Standin
from served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """As `make serve` has it, with a ComfyUI that is quick."""
    worker = Standin(tmp_path_factory.mktemp("comfyui"), "--step-ms", "1")
    # The jobs of this test are one user's: they are not to wait for each other.
    system = Served(worker.address, COMFYUI_SLOTS="4", MAX_CONCURRENT_EXECUTIONS="100")
    yield system
    assert system.stop() == 0
    worker.stop()


@pytest.fixture(scope="module")
def document(served: Served) -> dict:
    with urllib.request.urlopen(f"{served.address}/openapi.json", timeout=10) as answer:
        return json.load(answer)


def test_it_is_openapi(document: dict) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_example_is_what_its_schema_allows(document: dict) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for name, example in content.get("examples", {}).items():
                validator = Draft202012Validator({**content["schema"], "components": document["components"]})
                faults = [error.message for error in validator.iter_errors(example["value"])]
                assert faults == [], f"{method} {path} {name}"


def test_the_service_keeps_to_it(served: Served, document: dict, tmp_path: Path) -> None:
    """No 5xx, no status that is not told of, no answer that breaks its schema, no faulty request that is taken."""
    program = Path(sys.executable).with_name("schemathesis")
    result = subprocess.run(
        [str(program), "--config-file", str(DEV / "schemathesis.toml"), "run", f"{served.address}/openapi.json",
         "--checks", "all"],
        cwd=tmp_path, env={**os.environ, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=480, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
    # Every operation; the contract itself it does not ask for again.
    operations = sum(map(len, document["paths"].values())) - 1
    assert f"Tested: {operations}\n" in result.stdout, result.stdout[-2000:]
