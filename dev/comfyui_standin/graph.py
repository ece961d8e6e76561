"""The order in which a prompt's nodes run."""

from collections.abc import Callable


class Graph:
    """A prompt plus the nodes that expanding nodes add while it runs."""

    def __init__(self, prompt: dict):
        self.nodes: dict[str, dict] = dict(prompt)
        self.parents: dict[str, str] = {}

    def add(self, node_id: str, node: dict, parent: str) -> None:
        self.nodes[node_id] = node
        self.parents[node_id] = parent

    def real_id(self, node_id: str) -> str:
        """The id in the prompt, for a node of an expanded subgraph too."""
        while node_id in self.parents:
            node_id = self.parents[node_id]
        return node_id

    def links(self, node_id: str) -> list[tuple[str, str, int]]:
        """(input name, source node, slot) of the linked inputs, in the order of the prompt."""
        inputs = self.nodes[node_id]["inputs"]
        return [(name, *value) for name, value in inputs.items() if is_link(value)]


class ExecutionOrder:
    """Topological, and among the nodes that are ready ComfyUI's preference: outputs first, then
    what leads to an output in one step, then in two."""

    def __init__(self, graph: Graph, cached: Callable[[str], bool], is_output: Callable[[str], bool]):
        self.graph = graph
        self.cached = cached
        self.is_output = is_output
        self.waiting: dict[str, set[str]] = {}

    def add(self, output: str) -> None:
        """Adds a node and what it needs; of its inputs the last one comes first."""
        stack = [output]
        while stack:
            node_id = stack.pop()
            if node_id in self.waiting:
                continue
            sources = [source for _, source, _ in self.graph.links(node_id) if not self.cached(source)]
            self.waiting[node_id] = set(sources)
            stack += sources

    def pick(self) -> str:
        ready = [node_id for node_id, sources in self.waiting.items() if not sources & self.waiting.keys()]
        for wanted in (self._is_output, self._feeds_output, self._feeds_feeder):
            for node_id in ready:
                if wanted(node_id):
                    return node_id
        return ready[0]

    def finish(self, node_id: str) -> None:
        del self.waiting[node_id]

    def needs(self, node_id: str, sources: list[str]) -> None:
        """Makes a node wait for more: its own subgraph."""
        for source in sources:
            self.add(source)
        self.waiting[node_id] |= set(sources)

    def _blocked_by(self, node_id: str) -> list[str]:
        return [other for other, sources in self.waiting.items() if node_id in sources]

    def _is_output(self, node_id: str) -> bool:
        return self.is_output(self.graph.nodes[node_id]["class_type"])

    def _feeds_output(self, node_id: str) -> bool:
        return any(map(self._is_output, self._blocked_by(node_id)))

    def _feeds_feeder(self, node_id: str) -> bool:
        return any(map(self._feeds_output, self._blocked_by(node_id)))


def is_link(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)
