"""What nodes gave in the last run, by what went into them."""

import hashlib
import json
from dataclasses import dataclass

from .folders import Folders
from .graph import Graph, is_link

NEVER_EQUAL = {"SaveImageWebsocket"}


@dataclass
class CachedOutput:
    """A node's values and, for an output node, what it showed and where that belongs."""

    values: tuple
    ui: dict | None
    meta: dict | None


class OutputCache:
    """Keeps only what the newest prompt can use, as ComfyUI's default cache does."""

    def __init__(self, folders: Folders):
        self.folders = folders
        self._kept: dict[str, CachedOutput] = {}
        self._signatures: dict[str, str | None] = {}

    def use_for(self, graph: Graph) -> None:
        """Forgets everything that this graph has no node for."""
        self._signatures = {}
        signatures = {self._signature(graph, node_id) for node_id in graph.nodes}
        self._kept = {key: value for key, value in self._kept.items() if key in signatures}

    def get(self, node_id: str) -> CachedOutput | None:
        return self._kept.get(self._signatures.get(node_id) or "")

    def put(self, graph: Graph, node_id: str, output: CachedOutput) -> None:
        signature = self._signature(graph, node_id)
        if signature:
            self._kept[signature] = output

    def clear(self) -> None:
        self._kept.clear()

    def _signature(self, graph: Graph, node_id: str) -> str | None:
        if node_id in self._signatures:
            return self._signatures[node_id]
        node = graph.nodes.get(node_id, {})
        inputs = node.get("inputs")
        self._signatures[node_id] = None  # a node that cannot be signed, or stands in a cycle, is never found
        if not isinstance(inputs, dict) or node.get("class_type") in NEVER_EQUAL:
            return None
        parts: list = [node["class_type"], self._changed(node)]
        for name in sorted(inputs):
            value = inputs[name]
            if is_link(value):
                source = self._signature(graph, value[0])
                if source is None:
                    return None
                parts.append([name, source, value[1]])
            else:
                parts.append([name, value])
        text = json.dumps(parts, sort_keys=True)
        self._signatures[node_id] = hashlib.sha256(text.encode()).hexdigest()
        return self._signatures[node_id]

    def _changed(self, node: dict) -> str | None:
        if node["class_type"] not in ("LoadImage", "LoadImageMask"):
            return None
        path = self.folders.find_input(str(node["inputs"].get("image")))
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else None
