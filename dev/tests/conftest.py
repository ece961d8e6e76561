"""Makes the stand-in and the helpers here importable, and starts stand-ins for tests."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from process import Standin


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Callable[..., Standin]]:
    """Starts stand-ins with the given arguments; they end with the test."""
    started: list[Standin] = []

    def start(*arguments: str, base: Path = tmp_path / "ComfyUI") -> Standin:
        started.append(Standin(base, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.stop()
