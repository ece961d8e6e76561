"""dev/deploy.py: what it refuses in a sentence, and what it has sam do. STS is moto's; sam and make are stubs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from template import ROOT

STUBS = {
    "make": 'echo "make $*" >>calls; mkdir -p .build/lambda; echo "${CODE:-code}" >.build/lambda/bootstrap',
    "sam": 'echo "sam $*" >>calls; exit ${SAM_STATUS:-0}',
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


class Project:
    """A copy of what the script reads."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        for name in ("dev/deploy.py", "samconfig.toml", "template.yaml"):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        for name, script in STUBS.items():
            stub = folder / "bin" / name
            stub.parent.mkdir(exist_ok=True)
            stub.write_text(f"#!/bin/bash\n{script}\n")
            stub.chmod(0o755)
        self.environment = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true", "YES": "1", "ENV": "dev",
            # The machine's own, whatever it is.
            "PARAMETERS": "Architecture=" + {"aarch64": "arm64"}.get(os.uname().machine, "x86_64"),
        }  # fmt: skip

    def deploy(self, **changes: str | None) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in (self.environment | changes).items() if v is not None}
        (self.folder / "calls").write_text("")
        return subprocess.run(
            [sys.executable, "dev/deploy.py"], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def project(tmp_path: Path, endpoint: str) -> Project:
    return Project(tmp_path, endpoint)


OTHER = "arm64" if os.uname().machine == "x86_64" else "x86_64"
REFUSALS = {
    "no environment": ({"ENV": ""}, "ENV is missing. samconfig.toml has dev, staging, production"),
    "unknown environment": ({"ENV": "prod"}, "there is no environment 'prod'"),
    "nobody to ask": ({"YES": None}, "Say YES=1"),
    "no credentials": (
        {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "there are no AWS credentials. Log in"
    ),
    "unknown profile": ({"AWS_PROFILE": "nobody"}, "Set AWS_PROFILE to one of your profiles"),
    "no region": ({"AWS_REGION": None}, "no region is set. Set AWS_REGION"),
    "AWS out of reach": ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "AWS cannot be asked who you are"),
    "no parameter": ({"PARAMETERS": "ComfyUIURLs"}, "'ComfyUIURLs' is no parameter; expected Name=value"),
    "another architecture": ({"PARAMETERS": f"Architecture={OTHER}"}, f"the functions are to run on {OTHER}"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_say_what_to_do_and_do_nothing(project: Project, name: str) -> None:
    changes, sentence = REFUSALS[name]
    result = project.deploy(**changes)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert project.calls == []


def test_it_says_where_and_what_and_hands_it_to_sam(project: Project) -> None:
    more = project.environment["PARAMETERS"] + " 'ComfyUIURLs=http://10.0.1.17:8188,http://10.0.1.18:8188'"
    result = project.deploy(PARAMETERS=more)
    assert result.returncode == 0, result.stderr
    assert "stack comfy-lambda-dev to account 123456789012, region eu-central-1, as arn:aws:" in result.stdout
    assert "ComfyUIURLs = http://10.0.1.17:8188,http://10.0.1.18:8188" in result.stdout
    package, build, deploy = project.calls
    assert (package, build) == ("make --no-print-directory package", "sam build")
    assert deploy.startswith("sam deploy --config-env dev --region eu-central-1 --no-confirm-changeset")
    assert 'Environment="dev"' in deploy
    assert 'ComfyUIURLs="http://10.0.1.17:8188,http://10.0.1.18:8188"' in deploy


def test_a_release_is_its_code_and_its_parameters(project: Project) -> None:
    def release(**changes: str) -> str:
        assert project.deploy(**changes).returncode == 0
        return project.calls[-1].partition('Release="')[2].partition('"')[0]

    first = release()
    assert len(first) == 16
    assert release() == first
    assert release(CODE="other") != first
    assert release(PARAMETERS=project.environment["PARAMETERS"] + " LogLevel=DEBUG") != first


def test_a_failed_step_ends_it(project: Project) -> None:
    result = project.deploy(SAM_STATUS="1")
    assert result.returncode == 1
    assert "'sam build' ended with status 1" in result.stderr
    assert len(project.calls) == 2


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_every_environment_deploys_itself(project: Project, environment: str) -> None:
    result = project.deploy(ENV=environment)
    assert result.returncode == 0, result.stderr
    assert f'Environment="{environment}"' in project.calls[-1]
