"""How far each node of a run is: the `progress_state`, `progress` and preview frames."""

from .graph import Graph
from .sockets import Sockets


class Progress:
    """One run's progress. A run without a client id tells everybody."""

    def __init__(self, sockets: Sockets, prompt_id: str, client_id: str | None, graph: Graph):
        self.sockets = sockets
        self.prompt_id = prompt_id
        self.client_id = client_id
        self.graph = graph
        self.nodes: dict[str, dict] = {}

    def start(self, node_id: str) -> None:
        self._entry(node_id).update(value=0.0, max=1.0, state="running")
        self._send_state()

    def step(self, node_id: str, value: int, maximum: int, preview: tuple[bytes, str] | None) -> None:
        """One step; the newer kind of preview comes before `progress`, the older kind after it."""
        self._entry(node_id).update(value=value, max=maximum, state="running")
        self._send_state()
        with_metadata = preview is not None and self.sockets.wants_metadata(self.client_id)
        if preview and with_metadata:
            self.sockets.send_preview(*preview, self._identity(node_id), self.client_id)
        data = {"value": value, "max": maximum, "prompt_id": self.prompt_id, "node": node_id}
        self.sockets.send("progress", data, self.client_id)
        if preview and not with_metadata:
            self.sockets.send_preview(*preview, None, self.client_id)

    def finish(self, node_id: str) -> None:
        entry = self._entry(node_id)
        entry.update(value=entry["max"], state="finished")
        self._send_state()

    def _entry(self, node_id: str) -> dict:
        if node_id not in self.nodes:
            self.nodes[node_id] = {"value": 0, "max": 1, "state": "pending", **self._identity(node_id)}
        return self.nodes[node_id]

    def _identity(self, node_id: str) -> dict:
        real_id = self.graph.real_id(node_id)
        return {
            "node_id": node_id,
            "prompt_id": self.prompt_id,
            "display_node_id": real_id,
            "parent_node_id": self.graph.parents.get(node_id),
            "real_node_id": real_id,
        }

    def _send_state(self) -> None:
        nodes = {node_id: dict(entry) for node_id, entry in self.nodes.items()}
        self.sockets.send("progress_state", {"prompt_id": self.prompt_id, "nodes": nodes}, self.client_id)
