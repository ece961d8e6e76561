"""dev/setup.sh: every failure is a sentence that says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from process import DEV

TOOLS = [
    "bash", "dirname", "sha256sum", "stat", "grep", "sed", "head", "tail", "sort", "awk", "mkdir", "flock", "rm", "cat",
]  # fmt: skip
ALL_PACKAGES = """case "$1" in -W) shift 2; for p; do echo "$p ii"; done;; esac"""
GOOD = {
    "swift": 'echo "Swift version 6.3.1 (swift-6.3.1-RELEASE)"',
    "python3": 'case "$*" in *" -m "*|"-m "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; '
    '*fetch_emulator*) cp "$0" "$2";; esac; exit 0',
    "dpkg-query": ALL_PACKAGES,
    "id": "echo 0",
    "df": 'printf "Filesystem\\nx 9 9 9000\\n"',
    "cp": 'exec /bin/cp "$@"',
    "apt-get": "exit 0",
}
FAILURES = {
    "no swift": ({"swift": None}, "there is no swift"),
    "old swift": ({"swift": 'echo "Swift version 5.10.1"'}, "swift is version 5.10, and 6.3"),
    "no python": ({"python3": None}, "there is no python3"),
    "old python": ({"python3": 'case "$2" in *version_info*) exit 1;; --version) echo Python 3.9;; esac'}, "3.11"),
    "no venv": ({"python3": 'case "$2" in *ensurepip*) exit 1;; esac; exit 0'}, "python3-venv"),
    "little disk": ({"df": 'printf "Filesystem\\nx 9 9 100\\n"'}, "only 100 MB are free"),
    "not root": (
        {"id": "echo 1000", "dpkg-query": "exit 1"},
        "these Debian packages are missing and installing them needs root: advancecomp binutils ca-certificates",
    ),
    "no apt": ({"apt-get": None, "dpkg-query": "exit 1"}, "there is no apt-get"),
    "apt without network": (
        {"apt-get": 'echo "Could not resolve deb.example"; exit 100', "dpkg-query": "exit 1"},
        "the network or its proxy did not answer",
    ),
    "apt locked": (
        {"apt-get": 'echo "Could not get lock /var/lib/dpkg/lock-frontend"; exit 100', "dpkg-query": "exit 1"},
        "another package manager is at work",
    ),
    "pip without network": (
        {"python3": 'case "$*" in *"pip install"*) echo "Temporary failure in name resolution"; exit 1;; esac; '
                    + GOOD["python3"]},
        "the network or its proxy did not answer",
    ),
    "emulator without network": (
        {"python3": 'case "$*" in *fetch_emulator*) echo "Temporary failure in name resolution"; exit 1;; esac; '
                    + GOOD["python3"]},
        "AWS's Lambda emulator could not be fetched: the network or its proxy did not answer",
    ),
    "pip on a full disk": (
        {"python3": 'case "$*" in *"pip install"*) echo "No space left on device"; exit 1;; esac; ' + GOOD["python3"]},
        "the disk is full",
    ),
}  # fmt: skip


def project(folder: Path, programs: dict[str, str | None]) -> dict[str, str]:
    """A copy of what the script reads, and a PATH with only the given programs; the answer is the environment."""
    (folder / "dev").mkdir()
    for name in ("setup.sh", "requirements.txt", "emulator.txt", "fetch_emulator.py"):
        shutil.copy(DEV / name, folder / "dev" / name)
    path = folder / "bin"
    path.mkdir()
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool))
    for name, script in programs.items():
        if script is not None:
            (path / name).write_text(f"#!/bin/bash\n{script}\n")
            (path / name).chmod(0o755)
    return {"PATH": str(path), "CI": "true", "HOME": str(folder)}


def setup(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(folder / "dev/setup.sh"), *arguments], env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_failure_says_what_to_do(tmp_path: Path, name: str) -> None:
    programs, sentence = FAILURES[name]
    result = setup(tmp_path, project(tmp_path, {**GOOD, **programs}))
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert not (tmp_path / ".venv/.setup-stamp").exists()


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    environment = project(tmp_path, GOOD)
    first = setup(tmp_path, environment)
    assert (first.returncode, first.stderr.splitlines()[-1]) == (0, "setup: done")
    second = setup(tmp_path, environment)
    assert (second.returncode, second.stdout + second.stderr) == (0, "")
    with (tmp_path / "dev/requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert "installing" in setup(tmp_path, environment).stderr


def test_check_only_tells(tmp_path: Path) -> None:
    environment = project(tmp_path, {**GOOD, "dpkg-query": "exit 1"})
    before = sorted(os.listdir(tmp_path))
    result = setup(tmp_path, environment, "--check")
    assert (result.returncode, "missing Debian packages" in result.stderr) == (1, True)
    assert sorted(os.listdir(tmp_path)) == before
