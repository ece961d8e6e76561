"""/prompt, /queue, /history, /interrupt and /free."""

import json
import uuid

from aiohttp import web

from ..validation import Validation

BAD_ID = (
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one"
)
REJECTED = {
    "error": {
        "type": "prompt_outputs_failed_validation",
        "message": "Prompt outputs failed validation",
        "details": "",
        "extra_info": {},
    },
    "node_errors": {
        "1": {
            "errors": [
                {
                    "type": "value_not_in_list",
                    "message": "Value not in list",
                    "details": "ckpt_name: 'gone.safetensors' not in []",
                    "extra_info": {
                        "input_name": "ckpt_name",
                        "input_config": [[], {}],
                        "received_value": "gone.safetensors",
                    },
                }
            ],
            "dependent_outputs": ["9"],
            "class_type": "CheckpointLoaderSimple",
        },
    },
}


class Prompts:
    """What a client does to submit, watch and stop prompts."""

    def __init__(self, server):  # the Server owns all parts
        self.server = server
        self.number = 0

    def add(self, routes: web.RouteTableDef) -> None:
        routes.get("/prompt")(self.get_prompt)
        routes.post("/prompt")(self.post_prompt)
        routes.get("/queue")(self.get_queue)
        routes.post("/queue")(self.post_queue)
        routes.get("/history")(self.get_history)
        routes.get("/history/{prompt_id}")(self.get_history_of)
        routes.post("/history")(self.post_history)
        routes.post("/interrupt")(self.post_interrupt)
        routes.post("/free")(self.post_free)

    async def get_prompt(self, request: web.Request) -> web.Response:
        return web.json_response({"exec_info": {"queue_remaining": self.server.queue.remaining}})

    async def post_prompt(self, request: web.Request) -> web.Response:
        """What is wrong in a way that ComfyUI does not expect raises, and aiohttp answers 500."""
        faults = self.server.options.faults
        body = await request.json()
        if faults.take("fail_prompt"):
            raise RuntimeError("fault: fail_prompt")
        if faults.take("reject_prompt"):
            return web.json_response(REJECTED, status=400)
        number = self._number(body)
        if "prompt" not in body:
            message = "No prompt provided"
            return _refused({"type": "no_prompt", "message": message, "details": message, "extra_info": {}})
        prompt_id = body.get("prompt_id")
        if prompt_id is None:
            prompt_id = str(uuid.uuid4())
        elif not _is_canonical_uuid(prompt_id):
            message = "prompt_id must be a valid UUID"
            return _refused({"type": "invalid_prompt_id", "message": message, "details": BAD_ID, "extra_info": {}})

        prompt = body["prompt"]
        validation = Validation(prompt, self.server.info, self.server.folders)
        verdict = validation.verdict(body.get("partial_execution_targets"))
        extra_data = body.get("extra_data", {})
        if "client_id" in body:
            extra_data["client_id"] = body["client_id"]
        if verdict.error:
            return _refused(verdict.error, verdict.node_errors)
        self.server.queue.put(number, prompt_id, prompt, extra_data, verdict.outputs)
        if faults.take("fail_after_queue"):
            raise RuntimeError("fault: fail_after_queue")
        if faults.take("drop_answer") and request.transport:
            request.transport.abort()
        return web.json_response({"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors})

    def _number(self, body: dict) -> float:
        if "number" in body:
            return float(body["number"])
        number = self.number
        self.number += 1
        to_the_front = isinstance(body, dict) and body.get("front")
        return -number if to_the_front else number

    async def get_queue(self, request: web.Request) -> web.Response:
        return web.json_response(self.server.queue.snapshot())

    async def post_queue(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            self.server.queue.clear()
        for prompt_id in body.get("delete", []):
            self.server.queue.delete(prompt_id)
        return web.Response()

    async def get_history(self, request: web.Request) -> web.Response:
        query = request.rel_url.query
        maximum = int(query["max_items"]) if query.get("max_items") else None
        offset = int(query["offset"]) if query.get("offset") else -1
        return web.json_response(self.server.queue.past(maximum, offset))

    async def get_history_of(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["prompt_id"]
        entry = self.server.queue.history.get(prompt_id)
        return web.json_response({prompt_id: entry} if entry else {})

    async def post_history(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("clear"):
            self.server.queue.history.clear()
        for prompt_id in body.get("delete", []):
            self.server.queue.history.pop(prompt_id, None)
        return web.Response()

    async def post_interrupt(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except json.JSONDecodeError:
            body = {}
        self.server.executor.interrupt(body.get("prompt_id"))
        return web.Response()

    async def post_free(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("free_memory"):
            self.server.executor.free()
        return web.Response()


def _refused(error: dict, node_errors: dict | None = None) -> web.Response:
    return web.json_response({"error": error, "node_errors": node_errors or {}}, status=400)


def _is_canonical_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False
