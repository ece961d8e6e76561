"""/api/jobs: the newer view of queue and history."""

import json
import uuid

from aiohttp import web

from ..jobs import BadQuery, Jobs


class JobRoutes:
    """Listing, one job, cancelling."""

    def __init__(self, server):  # the Server owns all parts
        self.server = server
        self.jobs = Jobs(server.queue)

    def add(self, routes: web.RouteTableDef) -> None:
        routes.get("/api/jobs")(self.listing)
        routes.get("/api/jobs/{job_id}")(self.one)
        routes.post("/api/jobs/cancel")(self.cancel_many)
        routes.post("/api/jobs/{job_id}/cancel")(self.cancel_one)

    async def listing(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self.jobs.listing(dict(request.rel_url.query)))
        except BadQuery as problem:
            return _wrong(str(problem))

    async def one(self, request: web.Request) -> web.Response:
        job = self.jobs.find(request.match_info["job_id"])
        return web.json_response(job) if job else _wrong("Job not found", 404)

    async def cancel_one(self, request: web.Request) -> web.Response:
        return web.json_response({"cancelled": self._cancel(request.match_info["job_id"])})

    async def cancel_many(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return _wrong("Request body must be valid JSON")
        ids = body.get("job_ids") if isinstance(body, dict) else None
        if not isinstance(ids, list):
            return _wrong("job_ids must be a list")
        invalid = [each for each in ids if not _is_uuid(each)]
        if invalid:
            return web.json_response({"error": "job_ids contains invalid id(s)", "invalid_ids": invalid}, status=400)
        cancelled = [self._cancel(each) for each in ids]
        if any(cancelled):
            self.server.sockets.status(self.server.queue.remaining)  # once more, for the batch
        return web.json_response({"cancelled": any(cancelled)})

    def _cancel(self, job_id: str) -> bool:
        return self.server.queue.delete(job_id) or self.server.executor.interrupt(job_id)


def _wrong(message: str, status: int = 400) -> web.Response:
    return web.json_response({"error": message}, status=status)


def _is_uuid(value: object) -> bool:
    try:
        return bool(uuid.UUID(str(value)))
    except ValueError:
        return False
