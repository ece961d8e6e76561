"""GET /openapi.json: that it is OpenAPI, and that the service keeps to it."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from process import DEV, Standin
from served import PROGRAM, Served


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
    return contract(served)


def contract(served: Served) -> dict:
    with urllib.request.urlopen(f"{served.address}/openapi.json", timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def guarded() -> Iterator[Served]:
    """One that asks who is calling. Nothing runs there."""
    system = Served(
        "http://127.0.0.1:9", AUTH_MODE="both", REGISTRATION="open", TOKEN_SECRET="t" * 32, KEY_PEPPER="p" * 32
    )
    with forgiving(system):
        yield system
    assert system.stop() == 0


@contextlib.contextmanager
def forgiving(served: Served) -> Iterator[None]:
    """Schemathesis comes without credentials more often than one address may: what was refused to it is not counted."""
    lines = Path(served.variables).read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    dynamodb = boto3.client(
        "dynamodb", endpoint_url=variables["AWS_ENDPOINT_URL"], region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"], aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    ended = threading.Event()

    def forgive() -> None:
        while not ended.wait(0.1):
            minute = int(time.time()) // 60 * 60
            key = {"pk": {"S": "LIMIT#ADDRESS#refusal#127.0.0.1"}, "sk": {"S": str(minute)}}
            dynamodb.delete_item(TableName=variables["TABLE_NAME"], Key=key)

    thread = threading.Thread(target=forgive, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


def examine(served: Served, folder: Path, *options: str) -> str:
    program = Path(sys.executable).with_name("schemathesis")
    result = subprocess.run(
        [str(program), "--config-file", str(DEV / "schemathesis.toml"), "run", f"{served.address}/openapi.json",
         *options],
        cwd=folder, env={**os.environ, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=480, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
    return result.stdout


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
    said = examine(served, tmp_path)
    # Every operation; the contract itself it does not ask for again.
    operations = sum(map(len, document["paths"].values())) - 1
    assert f"Tested: {operations}\n" in said, said[-2000:]


def call(served: Served, method: str, path: str, body: dict | None = None, token: str | None = None) -> tuple:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(
        served.address + path, method=method, headers=headers, data=json.dumps(body).encode() if body else None
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


# What needs somebody, or is about who somebody is.
ACCOUNTS = "^/v1/(auth|api-keys|usage|admin)"


def test_it_keeps_to_it_for_who_has_signed_in_too(guarded: Served, tmp_path: Path) -> None:
    """The first administrator is made in the table, as on AWS. Who says nothing, or makes a token up, is refused."""
    # Not the contract's example, by which any call could delete the account.
    password = "a password of this test"
    made = subprocess.run(
        [str(PROGRAM), "admin", "create", "--email", "root@example.org", "--password-stdin", "--json",
         "--env-file", guarded.variables],
        input=f"{password}\n", capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert password not in made.stdout + made.stderr
    status, tokens = call(guarded, "POST", "/v1/auth/login", {"email": "root@example.org", "password": password})
    assert status == 200
    token = tokens["access_token"]
    said = examine(
        guarded, tmp_path, "--header", f"Authorization: Bearer {token}", "--include-path-regex", ACCOUNTS,
        # Its first call would end the session that all others need; it is called below.
        "--exclude-operation-id", "logout", "--max-examples", "5",
    )  # fmt: skip
    paths = contract(guarded)["paths"]
    operations = sum(len(methods) for path, methods in paths.items() if re.match(ACCOUNTS, path)) - 1
    assert f"Tested: {operations}\n" in said, said[-2000:]
    # All of it was asked by an administrator.
    status, account = call(guarded, "GET", "/v1/auth/account", token=token)
    assert (status, account["tier"]) == (200, "admin")
    assert call(guarded, "POST", "/v1/auth/logout", token=token) == (204, None)
    assert call(guarded, "GET", "/v1/auth/account", token=token)[0] == 401
