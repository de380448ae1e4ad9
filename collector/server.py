"""The collector's HTTP server: who may do what, and which module answers which path."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from ipaddress import ip_address
from time import monotonic
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from collector.api import description, enrol, explain, read, reports, throughput
from collector.api import district as clauses
from collector.api.keys import DISTRICT, INTAKE, SCHOOL, SETTINGS, SLOTS
from collector.api.problems import problem_response
from collector.district import District
from collector.intake import Intake
from collector.interfaces import try_interfaces
from collector.metrics import metrics_route
from collector.pages.routes import page_routes
from collector.settings import CollectorSettings, ThroughputSettings
from collector.slots import SlotBook
from collector.store.access import school_of
from common.windows import seconds_until_open
from wire.api import REPORTS, THROUGHPUT
from wire.limits import MAX_BODY_BYTES

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SHUTDOWN_SECONDS = 5.0
TRY_INTERFACES_SECONDS = 900.0


def make_app(settings: CollectorSettings, district: District) -> web.Application:
    """The application over a loaded district. It stores and judges for as long as it runs."""
    app = web.Application(middlewares=[_plain_refusals, _agents_only], client_max_size=MAX_BODY_BYTES)
    app[SETTINGS], app[DISTRICT], app[INTAKE] = settings, district, Intake(district)
    app[SLOTS] = _slots(settings.throughput, district)
    desk = throughput.ThroughputDesk(app[SLOTS], settings.throughput.max_bytes)
    slots = throughput.routes(desk, lambda school: _link_of(district, school))
    app.add_routes([*reports.ROUTES, *slots, *enrol.routes(), *description.ROUTES])
    app.add_routes([*read.ROUTES, *clauses.ROUTES, *explain.ROUTES])
    app.add_routes([metrics_route(app), *page_routes(app)])
    app.cleanup_ctx.append(_background)
    return app


def _slots(settings: ThroughputSettings, district: District) -> SlotBook:
    """The slots of this run. Where schools make tests, nothing is granted until those of the last run have ended."""
    tested = any(one.probe == "throughput" for latest in district.snapshot().latest.values() for one in latest)
    return SlotBook(
        settings.rules,
        settings.seconds,
        monotonic,
        opens_in=lambda: seconds_until_open(settings.windows, datetime.now(ZoneInfo(district.policy.zone))),
        opens_at=monotonic() + settings.seconds if tested else 0.0,
    )


def _link_of(district: District, school: str) -> str:
    known = district.schools.get(school)
    return known.network if known is not None else ""


async def _background(app: web.Application) -> AsyncIterator[None]:
    storing = asyncio.create_task(app[INTAKE].keep_storing(), name="storing")
    judging = asyncio.create_task(app[DISTRICT].keep_judging(app[SETTINGS].evaluate_every_seconds), name="judging")
    for task in (storing, judging):
        task.add_done_callback(_ended)
    yield
    for task in (judging, storing):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _ended(task: "asyncio.Task[None]") -> None:
    """Without these two the collector only looks alive: better gone, and started again by whoever watches it."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("the collector stops: a task that must run ended", task=task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)


@web.middleware
async def _plain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is a problem document, and a fault of ours says no more than that it is one."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem_response(error.status, f"{error.reason}", request.path[:200])
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception:
        log.exception("a request failed", path=request.path)
        return problem_response(500, "服务器内部错误 / internal error", "the collector's log has the details")
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
    return response


@web.middleware
async def _agents_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What writes, and what costs bandwidth, asks for a school's credential; `request[SCHOOL]` is its school."""
    if request.path != REPORTS and not request.path.startswith(THROUGHPUT):
        return await handler(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        headers = {"WWW-Authenticate": "Bearer"}
        return problem_response(
            401, "缺少凭证 / no credential", "an agent sends its token as 'Bearer'", headers=headers
        )
    school = await request.app[DISTRICT].database.read(lambda connection: school_of(connection, token.strip()))
    if school is None:
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        detail = "the collector does not know this token; enrol the agent again"
        return problem_response(401, "凭证无效 / the credential is not valid", detail, headers=headers)
    request[SCHOOL] = school
    return await handler(request)


def own_address(settings: CollectorSettings) -> str:
    """Where the collector reaches itself: an address that stands for all of them is no address to go to."""
    host, port = settings.host_and_port
    address = ip_address(host)
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


async def _keep_trying(district: District, address: str) -> None:
    """Try the collector's own interfaces now and then: the clause on open data rests on it."""
    while True:
        district.interfaces_tried(await try_interfaces(address))
        await asyncio.sleep(TRY_INTERFACES_SECONDS)


async def serve(settings: CollectorSettings, district: District) -> None:
    """Answer until SIGTERM or SIGINT. Raises OSError when the address cannot be bound."""
    await district.load()
    runner = web.AppRunner(make_app(settings, district), access_log=None, auto_decompress=False)
    await runner.setup()
    host, port = settings.host_and_port
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, host, port, shutdown_timeout=SHUTDOWN_SECONDS).start()
        if not settings.is_loopback:
            log.warning(
                "listening off loopback without TLS or sign-in: put a reverse proxy with both in front",
                listen=settings.listen,
            )
        log.info("collector listens", listen=settings.listen, pages=settings.public_url)
        trying = asyncio.create_task(_keep_trying(district, own_address(settings)), name="trying interfaces")
        await stop.wait()
        trying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await trying
    finally:
        await runner.cleanup()
