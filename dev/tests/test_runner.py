"""dev/test.sh: what it makes of the runners' closing lines."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from process import DEV

SWIFT_GOOD = """◇ Test run started.
✔ Test good() passed after 0.001 seconds.
➜ Test off() skipped: "off"
✔ Test param(_:) with 3 test cases passed after 0.001 seconds.
━ Test known() passed after 0.001 seconds with 1 known issue.
✔ Suite S passed after 0.001 seconds.
✔ Test run with 4 tests in 1 suite passed after 0.010 seconds with 1 known issue."""
SWIFT_BAD = """◇ Test run started.
✔ Test good() passed after 0.001 seconds.
✘ Test param(_:) recorded an issue with 1 argument x → 1 at A.swift:4:52: Expectation failed: (x → 1) == 2
✘ Test param(_:) recorded an issue with 1 argument x → 3 at A.swift:4:52: Expectation failed: (x → 3) == 2
✘ Test param(_:) with 3 test cases failed after 0.001 seconds with 2 issues.
✘ Test "run with me" failed after 0.001 seconds with 1 issue.
✘ Suite S failed after 0.001 seconds with 3 issues.
✘ Test run with 3 tests in 1 suite failed after 0.011 seconds with 3 issues."""
SWIFT_CRASHED = """◇ Test run started.
✔ Test good() passed after 0.001 seconds.
*** Signal 4: Backtracing from 0x7fd5c9af9361... done ***"""
PYTEST_GOOD = "..s [100%]\n2 passed, 1 skipped in 0.35s"
PYTEST_BAD = "FAILED dev/tests/test_a.py::test_b - assert 1\n1 failed, 12 passed, 1 error in 75.12s (0:01:15)"

CASES = {
    "all good": (SWIFT_GOOD, 0, PYTEST_GOOD, 0, "11 passed, 0 failed", []),
    "Swift fails": (SWIFT_BAD, 1, PYTEST_GOOD, 0, "9 passed, 2 failed", ["x → 3"]),
    "Swift crashes": (SWIFT_CRASHED, 1, PYTEST_GOOD, 0, "9 passed, 1 failed", ["did not come to its end"]),
    "Swift runs nothing": ("", 0, PYTEST_GOOD, 0, "8 passed, 1 failed", ["did not come to its end"]),
    "Python fails": (SWIFT_GOOD, 0, PYTEST_BAD, 1, "21 passed, 2 failed", ["FAILED dev/tests/test_a.py"]),
    "Python breaks": (SWIFT_GOOD, 0, "INTERNALERROR", 3, "9 passed, 1 failed", ["pytest ended with status 3"]),
    "Python runs nothing": (SWIFT_GOOD, 0, "no tests ran in 0.01s", 5, "9 passed, 1 failed", ["status 5"]),
}


def run(folder: Path, swift: str, python: str, package: str = "exit 0") -> subprocess.CompletedProcess:
    """The script in a project of its own, with programs that only talk."""
    (folder / "dev").mkdir()
    shutil.copy(DEV / "test.sh", folder / "dev/test.sh")
    fuzz = "echo '6 passed, 0 failed'"
    programs = (("bin/swift", swift), (".venv/bin/python", python), ("dev/package.sh", package), ("dev/fuzz.sh", fuzz))
    for path, script in programs:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"#!/bin/bash\n{script}\n")
        (folder / path).chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    return subprocess.run(
        [str(folder / "dev/test.sh")], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("name", CASES)
def test_closing_line(tmp_path: Path, name: str) -> None:
    swift_says, swift_status, python_says, python_status, closing, shown = CASES[name]
    (tmp_path / "swift.txt").write_text(swift_says + "\n")
    (tmp_path / "python.txt").write_text(python_says + "\n")
    result = run(
        tmp_path,
        f"[[ $1 == build ]] && exit 0; cat {tmp_path}/swift.txt; exit {swift_status}",
        f"cat {tmp_path}/python.txt; exit {python_status}",
    )
    assert result.stdout.splitlines()[-1] == closing
    assert result.returncode == (0 if closing.endswith(" 0 failed") else 1)
    assert [words for words in shown if words not in result.stdout] == []


def test_failed_build(tmp_path: Path) -> None:
    result = run(tmp_path, 'echo "A.swift:1:1: error: no such module"; exit 1', "exit 0")
    assert result.returncode == 1
    assert "no such module" in result.stdout
    assert result.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_failed_package(tmp_path: Path) -> None:
    """What is deployed could not be built: told, counted, and the tests that do not need it run all the same."""
    result = run(
        tmp_path,
        f"[[ $1 == build ]] && exit 0; cat <<'END'\n{SWIFT_GOOD}\nEND",
        f"cat <<'END'\n{PYTEST_GOOD}\nEND",
        "echo 'package: no compiler'; exit 1",
    )
    assert result.returncode == 1
    assert "package: no compiler" in result.stdout
    assert result.stdout.splitlines()[-1] == "11 passed, 1 failed"
