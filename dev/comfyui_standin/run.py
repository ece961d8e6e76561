"""The prompt that runs, and what has come of it so far."""

import time
from dataclasses import dataclass, field

from .graph import ExecutionOrder, Graph
from .progress import Progress
from .sockets import Sockets


@dataclass
class Run:
    """One prompt's execution."""

    prompt_id: str
    prompt: dict
    extra_data: dict
    sockets: Sockets
    graph: Graph
    progress: Progress
    order: ExecutionOrder
    outputs: dict = field(default_factory=dict)
    meta: dict = field(default_factory=dict)
    messages: list = field(default_factory=list)
    """What the history keeps of what was sent."""
    executed: list[str] = field(default_factory=list)
    values: dict[str, tuple] = field(default_factory=dict)
    expanded: dict[str, str] = field(default_factory=dict)
    """For a node that became a subgraph, the node of it whose values are its own."""

    @property
    def client_id(self) -> str | None:
        return self.extra_data.get("client_id")

    def where(self, node_id: str) -> dict:
        """How messages name a node: by its id in the prompt."""
        real_id = self.graph.real_id(node_id)
        return {"prompt_id": self.prompt_id, "node_id": real_id, "node_type": self.graph.nodes[real_id]["class_type"]}

    def tell(self, event: str, data: dict, *, keep: bool = False, broadcast: bool = False) -> None:
        """A message to the run's client. Without a client id nobody hears it, or with `broadcast` everybody;
        `keep` adds it, with the time, to the history."""
        if keep:
            data = {**data, "timestamp": int(time.time() * 1000)}
            self.messages.append([event, data])
        if self.client_id is not None or broadcast:
            self.sockets.send(event, data, self.client_id)

    def show(self, node_id: str, ui: dict | None, meta: dict | None) -> None:
        """What an output node gave; an empty one is not told."""
        if not ui or meta is None:
            return
        self.outputs[node_id] = ui
        self.meta[node_id] = meta
        shown = {"node": node_id, "display_node": meta["display_node"], "output": ui, "prompt_id": self.prompt_id}
        self.tell("executed", shown)

    def finish(self, node_id: str, values: tuple) -> None:
        """The node is done; those that wait for it may run."""
        self.values[node_id] = values
        self.progress.finish(node_id)
        self.order.finish(node_id)
