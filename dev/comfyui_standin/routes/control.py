"""/standin/…: what tests steer the stand-in with. There only with `--control`."""

from aiohttp import web

from ..faults import Faults


class Control:
    """Faults and the run log."""

    def __init__(self, server):  # the Server owns all parts
        self.server = server

    def add(self, routes: web.RouteTableDef) -> None:
        routes.get("/standin/faults")(self.get_faults)
        routes.post("/standin/faults")(self.post_faults)
        routes.delete("/standin/faults")(self.delete_faults)
        routes.get("/standin/runs")(self.get_runs)

    async def get_faults(self, request: web.Request) -> web.Response:
        return web.json_response(self.server.options.faults.as_dict())

    async def post_faults(self, request: web.Request) -> web.Response:
        """Sets the faults named in a JSON object; the others stay."""
        try:
            for name, value in (await request.json()).items():
                self.server.options.faults.set(name, value)
        except (ValueError, AttributeError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return await self.get_faults(request)

    async def delete_faults(self, request: web.Request) -> web.Response:
        """All back to their defaults."""
        for name, value in Faults().as_dict().items():
            self.server.options.faults.set(name, value)
        return await self.get_faults(request)

    async def get_runs(self, request: web.Request) -> web.Response:
        return web.json_response(self.server.log.lines)
