"""One JSON line when a run starts and one when it ends, for tests that count runs."""

import json
import time
from pathlib import Path


class RunLog:
    """Kept in memory for `GET /standin/runs`, and appended to a file when one is given."""

    def __init__(self, path: Path | None):
        self.path = path
        self.lines: list[dict] = []
        self._started: dict[str, float] = {}

    def start(self, prompt_id: str, client_id: str | None, overlap: int) -> None:
        """`overlap`: how many other prompts ran or waited here when this one was queued."""
        now = time.time()
        self._started[prompt_id] = now
        self._add({"event": "start", "prompt_id": prompt_id, "client_id": client_id, "start": now, "overlap": overlap})

    def end(self, prompt_id: str, status: str, cached: int, executed: int) -> None:
        """`status` is success, error or interrupted; `cached` and `executed` count nodes."""
        started = self._started.pop(prompt_id, None)
        self._add(
            {
                "event": "end",
                "prompt_id": prompt_id,
                "status": status,
                "start": started,
                "end": time.time(),
                "cached": cached,
                "executed": executed,
            }
        )

    def _add(self, line: dict) -> None:
        self.lines.append(line)
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
