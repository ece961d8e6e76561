"""Templates, manifests and the workflow, by AWS's, Kubernetes' and GitHub's own rules. Nothing leaves the machine."""

import subprocess

import pytest
import yaml
from template import ROOT

HANDLERS = ["Api", "Dispatch", "Notify", "Stream", "Sweep"]


def sam(*command: str) -> subprocess.CompletedProcess:
    """In the environment of dev/sam.sh, without credentials."""
    return subprocess.run(
        ["dev/sam.sh", "env", "-u", "AWS_PROFILE", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", *command],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        ("cfn-lint", "--include-checks", "W", "--non-zero-exit-code", "warning", "--", "template.yaml",
         "deploy/worker/ecs.yaml", "deploy/scaling/ecs.yaml"),
        ("sam", "validate", "--lint"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml"),
        ("kubernetes-validate", "--strict", "deploy/worker/kubernetes.yaml"),
        ("yamllint", "--strict", "-d", "{extends: relaxed, rules: {line-length: {max: 160}}}", "template.yaml",
         ".github/workflows/ci.yml", "deploy/worker/ecs.yaml", "deploy/worker/kubernetes.yaml",
         "deploy/scaling/ecs.yaml", "deploy/scaling/keda.yaml"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    result = sam(*command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_sam_build_puts_the_one_program_into_every_function() -> None:
    result = sam("sam", "build")
    assert result.returncode == 0, result.stdout + result.stderr
    program = (ROOT / ".build/lambda/bootstrap").read_bytes()
    for handler in HANDLERS:
        folder = ROOT / ".aws-sam/build" / f"{handler}Function"
        assert [path.name for path in folder.iterdir()] == ["bootstrap"]
        assert (folder / "bootstrap").read_bytes() == program
        assert (folder / "bootstrap").stat().st_mode & 0o111 == 0o111


def test_the_workflow_only_reads_and_runs_what_is_run_here() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert any(".ci/run" in step.get("run", "") for step in steps)
    for step in steps:
        if "uses" in step:
            # A tag can be moved, a commit not.
            assert len(step["uses"].partition("@")[2]) == 40, step["uses"]
