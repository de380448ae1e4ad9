"""The collector's real throughput handlers on a real socket, with a middleware in place of its authentication."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic

from aiohttp import web
from aiohttp.test_utils import TestServer

from collector.api.keys import SCHOOL
from collector.api.throughput import ThroughputDesk, routes
from collector.slots import Bounds, Rules, SlotBook

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def school_by_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The token is the school's name, and `wrong` is no token."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token in ("", "wrong"):
        return web.Response(status=401)
    request[SCHOOL] = token
    return await handler(request)


@asynccontextmanager
async def throughput_server(
    concurrent: int = 1,
    slot_seconds: float = 60,
    max_bytes: int = 50_000_000_000,
    clock: Callable[[], float] = monotonic,
    rules: Rules | None = None,
    links: Mapping[str, str] | None = None,
    opens_in: Callable[[], float] = lambda: 0.0,
) -> AsyncIterator[tuple[str, ThroughputDesk]]:
    """Its URL and its desk. `links` is the aggregation link of each school."""
    book = SlotBook(rules or Rules(Bounds(concurrent)), slot_seconds, clock, opens_in)
    desk = ThroughputDesk(book, max_bytes)
    app = web.Application(middlewares=[school_by_token])
    app.add_routes(routes(desk, lambda school: (links or {}).get(school, "")))
    server = TestServer(app)
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}", desk
    finally:
        await server.close()
