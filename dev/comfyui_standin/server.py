"""The parts put together as one aiohttp application."""

import asyncio
import logging
from urllib.parse import urlsplit

from aiohttp import web

from .executor import Executor
from .folders import Folders
from .nodes import NODES
from .object_info import ObjectInfo
from .options import MAX_UPLOAD_BYTES, Options
from .prompt_queue import PromptQueue
from .routes.control import Control
from .routes.files import Files
from .routes.jobs import JobRoutes
from .routes.prompts import Prompts
from .routes.system import System
from .run_log import RunLog
from .sockets import Sockets

CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self' data:; frame-src 'self'; object-src 'self';"
)


class Server:
    """Owns every part; the routes reach them through it."""

    def __init__(self, options: Options):
        self.options = options
        self.folders = Folders(options.base_directory)
        self.sockets = Sockets(options.faults)
        self.queue = PromptQueue(self.sockets)
        self.log = RunLog(options.log)
        self.info = ObjectInfo(options, self.folders, set(NODES))
        self.executor = Executor(options, self.folders, self.info, self.queue, self.sockets, self.log)
        self._tasks: list[asyncio.Task] = []

    async def start(self) -> int:
        """Listens, and answers the port."""
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a 500 is part of the protocol here
        runner = web.AppRunner(self._application(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, self.options.listen, self.options.port)
        await site.start()
        self._tasks = [asyncio.create_task(self.sockets.publish()), asyncio.create_task(self.executor.work())]
        return runner.addresses[0][1]

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[_policy, _guard],
            client_max_size=MAX_UPLOAD_BYTES,
        )
        routes = web.RouteTableDef()
        parts = [Prompts(self), Files(self), JobRoutes(self), System(self)]
        for part in parts + ([Control(self)] if self.options.control else []):
            part.add(routes)
        application.add_routes(routes)
        application.add_routes([web.route(r.method, "/api" + r.path, r.handler) for r in routes])
        application.router.add_get("/{rest:.*}", _unknown)
        return application


async def _unknown(request: web.Request) -> web.Response:
    return web.Response(status=404, content_type="application/octet-stream")


@web.middleware
async def _policy(request: web.Request, handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
    return response


@web.middleware
async def _guard(request: web.Request, handler) -> web.StreamResponse:
    """A browser's request from another site is refused; OPTIONS is always fine."""
    if request.method == "OPTIONS":
        return web.Response()
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return web.Response(status=403)
    origin, host = request.headers.get("Origin"), request.headers.get("Host")
    if origin and host and urlsplit(origin).netloc != host and host.partition(":")[0] in ("127.0.0.1", "localhost"):
        return web.Response(status=403)
    return await handler(request)
