"""Runs the prompts of the queue, one after the other."""

import asyncio
import os
import random
import string

from .folders import Folders
from .graph import ExecutionOrder, Graph, is_link
from .node_error import node_error
from .node_run import Interrupted, NodeResult, NodeRun, OutOfMemory
from .nodes import NODES
from .object_info import ObjectInfo
from .options import Options
from .output_cache import CachedOutput, OutputCache
from .progress import Progress
from .prompt_queue import PromptQueue
from .run import Run
from .run_log import RunLog
from .sockets import Sockets
from .values import Blocked


class Executor:
    """Owns the node cache and the interrupt flag."""

    def __init__(
        self, options: Options, folders: Folders, info: ObjectInfo, queue: PromptQueue, sockets: Sockets, log: RunLog
    ):
        self.options = options
        self.folders = folders
        self.info = info
        self.queue = queue
        self.sockets = sockets
        self.log = log
        self.cache = OutputCache(folders)
        self._interrupted = False
        self._forget = False
        self._temp_prefix = "".join(random.choices(string.ascii_lowercase, k=5))

    def interrupt(self, prompt_id: str | None = None) -> bool:
        """Stops the running prompt when it next looks; with an id only that one."""
        running = self.queue.running
        if running is None or prompt_id not in (None, running[1]):
            return False
        self._interrupted = True
        return True

    def free(self) -> None:
        """Forgets all cached outputs, after the run if there is one."""
        self._forget = True
        if self.queue.running is None:
            self._forget_now()

    async def work(self) -> None:
        """Runs prompts for ever."""
        while True:
            _, prompt_id, prompt, extra_data, outputs, _, overlap = await self.queue.next()
            self.log.start(prompt_id, extra_data.get("client_id"), overlap.count)
            run = self._begin(prompt_id, prompt, extra_data)
            cached = [node_id for node_id in prompt if self.cache.get(node_id)]
            run.tell("execution_cached", {"nodes": cached, "prompt_id": prompt_id}, keep=True)
            status = await self._run(run, outputs)
            await asyncio.sleep(self.options.faults.history_delay_ms / 1000)
            self.log.end(prompt_id, status, len(cached), len(run.executed))
            succeeded = status == "success"
            self.queue.done(
                {"outputs": run.outputs, "meta": run.meta},
                {"status_str": "success" if succeeded else "error", "completed": succeeded, "messages": run.messages},
            )
            run.tell("executing", {"node": None, "prompt_id": prompt_id})
            if self._forget:
                self._forget_now()

    def _begin(self, prompt_id: str, prompt: dict, extra_data: dict) -> Run:
        self._interrupted = False
        self.sockets.client_id = extra_data.get("client_id")
        graph = Graph(prompt)
        self.cache.use_for(graph)
        progress = Progress(self.sockets, prompt_id, self.sockets.client_id, graph)
        order = ExecutionOrder(graph, lambda node_id: self.cache.get(node_id) is not None, self.info.is_output)
        run = Run(prompt_id, prompt, extra_data, self.sockets, graph, progress, order)
        run.tell("execution_start", {"prompt_id": prompt_id}, keep=True)
        return run

    async def _run(self, run: Run, outputs: list[str]) -> str:
        """Executes what the outputs need; the answer is success, error or interrupted."""
        for output in outputs:
            run.order.add(output)
        status = "success"
        while run.order.waiting and status == "success":
            await asyncio.sleep(0)
            node_id = run.order.pick()
            try:
                await self._execute(run, node_id)
            except Interrupted:
                status = "interrupted"
                data = {**run.where(node_id), "executed": list(run.executed)}
                run.tell("execution_interrupted", data, keep=True, broadcast=True)
            except Exception as problem:  # a node may raise anything
                status = "error"
                run.tell("execution_error", self._error(run, node_id, problem), keep=True)
        self.sockets.last_node_id = None
        if status == "success":
            run.tell("execution_success", {"prompt_id": run.prompt_id}, keep=True)
        return status

    async def _execute(self, run: Run, node_id: str) -> None:
        node = run.graph.nodes[node_id]
        found = self.cache.get(node_id)
        if found:
            run.show(node_id, found.ui, found.meta)
            run.finish(node_id, found.values)
            return
        if node_id in run.expanded:
            self._complete(run, node_id, NodeResult(run.values[run.expanded[node_id]]))
            return

        run.progress.start(node_id)
        real_id = run.graph.real_id(node_id)
        self.sockets.last_node_id = real_id
        run.tell("executing", {"node": node_id, "display_node": real_id, "prompt_id": run.prompt_id})
        if self._interrupted:
            raise Interrupted
        self._apply_faults(node_id, node["class_type"])

        inputs = self._inputs(run, node_id)
        blocked = next((value for value in inputs.values() if isinstance(value, Blocked)), None)
        if blocked:
            self._block(run, node_id, blocked)
            return
        result = await NODES[node["class_type"]](self._node_run(run, node_id), **inputs)
        if result.subgraph:
            self._expand(run, node_id, result.subgraph)
        else:
            self._complete(run, node_id, result)

    def _complete(self, run: Run, node_id: str, result: NodeResult) -> None:
        real_id, parent = run.graph.real_id(node_id), run.graph.parents.get(node_id)
        meta = {"node_id": node_id, "display_node": real_id, "parent_node": parent, "real_node_id": real_id}
        run.show(node_id, result.ui, meta)
        self.cache.put(run.graph, node_id, CachedOutput(result.values, result.ui, meta))
        run.executed.append(node_id)
        run.finish(node_id, result.values)

    def _expand(self, run: Run, node_id: str, subgraph: dict[str, dict]) -> None:
        for child, node in subgraph.items():
            run.graph.add(child, node, node_id)
        run.expanded[node_id] = list(subgraph)[-1]
        run.order.needs(node_id, [run.expanded[node_id]])

    def _block(self, run: Run, node_id: str, blocked: Blocked) -> None:
        if blocked.message is not None:
            problem = {
                "exception_message": f"Execution Blocked: {blocked.message}",
                "exception_type": "ExecutionBlocked",
                "traceback": [],
                "current_inputs": [],
                "current_outputs": [],
            }
            run.tell("execution_error", {**run.where(node_id), "executed": list(run.executed), **problem})
        slots = len(self.info.output_types(run.graph.nodes[node_id]["class_type"]))
        run.finish(node_id, (Blocked(None),) * slots)

    def _inputs(self, run: Run, node_id: str) -> dict:
        """The declared inputs; what else the prompt carries is ignored, as ComfyUI does."""
        node = run.graph.nodes[node_id]
        declared = self.info.describe(node["class_type"])["input"]
        names = {**declared.get("required", {}), **declared.get("optional", {})}
        inputs = {}
        for name, value in node["inputs"].items():
            if name in names:
                inputs[name] = self._value(run, *value) if is_link(value) else value
        return inputs

    def _value(self, run: Run, source: str, slot: int) -> object:
        if source in run.values:
            return run.values[source][slot]
        found = self.cache.get(source)
        return found.values[slot] if found else None

    def _node_run(self, run: Run, node_id: str) -> NodeRun:
        return NodeRun(
            node_id,
            run.prompt,
            run.extra_data,
            self.options,
            self.folders,
            run.progress,
            lambda: self._interrupted,
            self._temp_prefix,
        )

    def _apply_faults(self, node_id: str, class_type: str) -> None:
        faults = self.options.faults
        if faults.hits("crash_on", node_id, class_type):
            os._exit(137)
        if faults.hits("oom_on", node_id, class_type):
            raise OutOfMemory("CUDA out of memory. Tried to allocate 20.00 GiB")
        if faults.hits("raise_on", node_id, class_type):
            raise ValueError("this node was told to fail")

    def _error(self, run: Run, node_id: str, problem: Exception) -> dict:
        inputs = self._inputs(run, node_id)
        for hidden in self.info.hidden_inputs(run.graph.nodes[node_id]["class_type"]):
            inputs[hidden] = run.prompt if hidden == "prompt" else run.extra_data.get(hidden)
        told = {**run.where(node_id), "executed": list(run.executed), **node_error(problem, inputs)}
        return {**told, "current_outputs": list(run.prompt)}

    def _forget_now(self) -> None:
        self.cache.clear()
        self._forget = False
