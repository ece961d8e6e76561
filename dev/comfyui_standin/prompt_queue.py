"""The queue of prompts and the history of those that ran."""

import asyncio
import copy
import heapq
import time
from dataclasses import dataclass

from .sockets import Sockets

SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")
MAXIMUM_HISTORY = 10_000


@dataclass
class Overlap:
    """How many others were here when a prompt was queued; never part of a comparison."""

    count: int

    def __lt__(self, other: object) -> bool:
        return False


class PromptQueue:
    """A heap by number, as ComfyUI's: an equal number and an equal id compare the graphs, which raises."""

    def __init__(self, sockets: Sockets):
        self.sockets = sockets
        self.pending: list[tuple] = []
        self.running: tuple | None = None
        self.history: dict[str, dict] = {}
        self._arrived = asyncio.Event()

    @property
    def remaining(self) -> int:
        return len(self.pending) + (self.running is not None)

    def put(self, number: float, prompt_id: str, prompt: dict, extra_data: dict, outputs: list[str]) -> None:
        secrets = {name: extra_data.pop(name) for name in SECRETS if name in extra_data}
        extra_data["create_time"] = int(time.time() * 1000)
        item = (number, prompt_id, prompt, extra_data, outputs, secrets, Overlap(self.remaining))
        heapq.heappush(self.pending, item)
        self.sockets.status(self.remaining)
        self._arrived.set()

    async def next(self) -> tuple:
        """Waits for the first in line and makes it the running one."""
        while not self.pending:
            self._arrived.clear()
            await self._arrived.wait()
        self.running = heapq.heappop(self.pending)
        self.sockets.status(self.remaining)
        return self.running

    def done(self, result: dict, status: dict) -> None:
        """Moves the running prompt into the history."""
        if self.running is None:
            return
        item, self.running = self.running, None
        if len(self.history) >= MAXIMUM_HISTORY:
            self.history.pop(next(iter(self.history)))
        self.history[item[1]] = {
            "prompt": list(item[:5]),
            "outputs": result["outputs"],
            "status": status,
            "meta": result["meta"],
        }
        self.sockets.status(self.remaining)

    def snapshot(self) -> dict:
        running = [list(self.running[:5])] if self.running else []
        return {"queue_running": running, "queue_pending": [list(item[:5]) for item in self.pending]}

    def delete(self, prompt_id: str) -> bool:
        """Removes one pending prompt with this id, without a trace."""
        for index, item in enumerate(self.pending):
            if item[1] == prompt_id:
                self.pending.pop(index)
                heapq.heapify(self.pending)
                self.sockets.status(self.remaining)
                return True
        return False

    def clear(self) -> None:
        self.pending.clear()
        self.sockets.status(self.remaining)

    def past(self, maximum: int | None, offset: int) -> dict:
        """A part of the history; a negative `offset` with a `maximum` takes the newest."""
        ids = list(self.history)
        if offset < 0 and maximum is not None:
            offset = len(ids) - maximum
        chosen = ids[max(0, offset) :]
        if maximum is not None:
            chosen = chosen[: max(0, maximum)]
        return copy.deepcopy({prompt_id: self.history[prompt_id] for prompt_id in chosen})
