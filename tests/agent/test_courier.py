"""Against a real HTTP server that behaves well and badly: nothing is forgotten without a receipt."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from agent.clock import Clock
from agent.courier import REFUSED_SECONDS, Courier, own_measures
from agent.probes.base import CollectorLink, Context, Probe, ProbeSettings
from agent.spool import Spool
from common.secrets import SecretUnavailable
from tests.agent.clocks import ListedClock
from tests.agent.made import ids, observation
from wire.api import REPORTS
from wire.measures import HOST_CPU
from wire.problem import Problem
from wire.report import AgentState, Measure, Observation, Reading, Receipt, Refusal, Report

Handler = Callable[[web.Request, Report], Awaitable[web.StreamResponse]]
OWN = Measure(name="lamp_hours", help="A measure that the catalogue lacks.")


@dataclass
class Peer:
    """A collector. `says` decides an answer; without it everything is kept."""

    says: Handler | None = None
    asked: list[Report] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    kept: list[Observation] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        packed = request.headers["Content-Encoding"]
        plain = zstandard.decompress(raw) if packed == "zstd" else gzip.decompress(raw)
        report = Report.model_validate_json(plain)
        self.asked.append(report)
        self.headers.append(dict(request.headers))
        return await (self.says or self.keep)(request, report)

    async def keep(self, request: web.Request, report: Report) -> web.StreamResponse:
        self.kept += report.observations
        return receipt(list(report.observations))

    def once(self, handler: Handler) -> None:
        """The next answer is this one's, and then all is well again."""

        async def says(request: web.Request, report: Report) -> web.StreamResponse:
            self.says = None
            return await handler(request, report)

        self.says = says


def receipt(kept: list[Observation], refused: tuple[Refusal, ...] = ()) -> web.Response:
    body = Receipt(kept=tuple(each.id for each in kept), refused=refused).model_dump_json()
    return web.json_response(text=body)


def status(code: int, body: str | None = None, **headers: str) -> Handler:
    async def says(request: web.Request, report: Report) -> web.StreamResponse:
        text = body if body is not None else Problem(status=code, title="no", detail="because").model_dump_json()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, text=text, headers=sent)

    return says


@dataclass
class Line:
    """A spool, a courier and the peer at its other end."""

    peer: Peer
    spool: Spool
    clock: ListedClock
    courier: Courier
    token: str = "secret-token"

    async def add(self, count: int, **more: Any) -> list[Observation]:
        made = [observation(f"d{n}", **more) for n in range(count)]
        for each in made:
            await self.spool.add(each)
        return made

    async def deliver(self) -> float:
        async with self.courier.session() as session:
            return await self.courier.deliver(session)

    async def left(self) -> list[object]:
        return [row.id for row in await self.spool.batch(10_000, 1 << 30)]


@asynccontextmanager
async def served(peer: Peer) -> AsyncIterator[None]:
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post(REPORTS, peer.take)
    # The body stays as it was sent: what decompresses is the collector, not its HTTP server.
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    peer, clock = Peer(), ListedClock()
    async with served(peer):
        spool = Spool(tmp_path / "spool.sqlite", 1 << 26, timedelta(days=30), clock)
        await spool.open()
        made = Line(peer, spool, clock, courier(peer.url, spool, clock))
        made.courier._link = CollectorLink(peer.url, lambda: SecretStr(made.token))
        yield made
        await spool.close()


def courier(url: str, spool: Spool, clock: Clock, **more: float) -> Courier:
    frame = Report(school="east", agent=AgentState(version="1.2"), measures=(OWN,), observations=())
    link = CollectorLink(url, lambda: SecretStr("secret-token"))
    return Courier(link, frame, spool, clock, timeout_seconds=more.get("timeout", 5), chance=lambda: 0.5)


async def test_a_report_says_who_sends_it_and_a_receipt_ends_it(line: Line) -> None:
    made = await line.add(3)
    pause = await line.deliver()
    (report,) = line.peer.asked
    assert list(report.observations) == made
    assert (report.school, report.measures, report.sent_at) == ("east", (OWN,), line.clock.now())
    assert report.agent == AgentState(version="1.2", spooled_reports=3, dropped_observations=0)
    assert line.peer.headers[0]["Authorization"] == "Bearer secret-token"
    assert line.peer.headers[0]["Content-Encoding"] == "zstd"
    assert (await line.left(), line.courier.state.sent, pause) == ([], 3, 10)
    assert line.courier.state.last_receipt_at == line.clock.now().timestamp()


async def test_a_backlog_goes_newest_and_oldest_first_without_a_pause(line: Line) -> None:
    made = await line.add(1200)
    assert await line.deliver() == 0
    assert ids(list(line.peer.asked[0].observations)) == ids(made[:250] + made[-250:])
    assert await line.deliver() == 0
    assert await line.deliver() == 10
    assert sorted(map(str, ids(line.peer.kept))) == sorted(map(str, ids(made)))
    assert await line.left() == []


async def test_a_report_is_bounded_in_bytes_too(line: Line) -> None:
    await line.add(40, readings=2000)
    while await line.deliver() == 0:
        pass
    sizes = [len(report.model_dump_json()) for report in line.peer.asked]
    assert len(sizes) > 2
    assert max(sizes) < 1.2 * 1024 * 1024
    assert len(line.peer.kept) == 40


async def test_only_what_the_receipt_names_is_forgotten(line: Line) -> None:
    made = await line.add(3)

    async def keeps_one(request: web.Request, report: Report) -> web.StreamResponse:
        return receipt([made[1], observation("a stranger")], (Refusal(id=made[2].id, why="unknown measure"),))

    line.peer.once(keeps_one)
    await line.deliver()
    assert await line.left() == [made[0].id]
    assert (line.courier.state.sent, line.courier.state.refused, line.spool.state.set_aside) == (1, 1, 1)
    await line.deliver()
    assert [ids(list(report.observations)) for report in line.peer.asked[1:]] == [[made[0].id]]


async def test_busy_is_obeyed(line: Line) -> None:
    made = await line.add(2)
    line.peer.once(status(503, Retry_After="40"))
    assert await line.deliver() == pytest.approx(42)
    line.peer.once(status(429, Retry_After=format_datetime(Clock().now() + timedelta(seconds=100), usegmt=True)))
    assert 95 < await line.deliver() < 106
    line.peer.once(status(503, Retry_After="soon"))
    assert await line.deliver() <= 60
    line.peer.once(status(503, Retry_After="99999999999999999999"))
    assert await line.deliver() <= 3600 * 1.1
    assert await line.left() == ids(made)
    await line.deliver()
    assert await line.left() == []


@pytest.mark.parametrize("code", [401, 403, 409])
async def test_a_rejected_credential_is_logged_once_and_waits_long(line: Line, code: int) -> None:
    made = await line.add(2)
    line.peer.says = status(code)
    with capture_logs() as logs:
        for _ in range(3):
            assert await line.deliver() >= REFUSED_SECONDS
        assert await line.left() == ids(made)
        line.peer.says = None
        assert await line.deliver() == 10
    assert [entry["log_level"] for entry in logs] == ["warning", "info"]
    assert "secret-token" not in str(logs)


async def test_a_new_credential_is_taken_up(line: Line) -> None:
    await line.add(1)
    line.token = "old"
    line.peer.once(status(401))
    await line.deliver()
    line.token = "new"
    await line.deliver()
    assert [h["Authorization"] for h in line.peer.headers] == ["Bearer old", "Bearer new"]


async def test_without_a_credential_nothing_is_sent(line: Line) -> None:
    await line.add(1)

    def none() -> SecretStr:
        raise SecretUnavailable("the file is not there")

    line.courier._link = CollectorLink(line.peer.url, none)
    assert await line.deliver() >= REFUSED_SECONDS
    line.courier._link = CollectorLink(line.peer.url, lambda: SecretStr("two\nlines"))
    assert await line.deliver() >= REFUSED_SECONDS
    assert line.peer.asked == []
    assert line.spool.state.waiting == 1


async def test_too_large_is_halved(line: Line) -> None:
    made = await line.add(10)

    async def three_at_most(request: web.Request, report: Report) -> web.StreamResponse:
        if len(report.observations) > 3:
            return await status(413)(request, report)
        return await line.peer.keep(request, report)

    line.peer.says = three_at_most
    await line.deliver()
    assert set(ids(line.peer.kept)) == set(ids(made))
    assert len(line.peer.kept) == 10
    assert await line.left() == []
    more = await line.add(10)
    await line.deliver()
    assert len(line.peer.asked[-1].observations) <= 3, "the next report is small from the start"
    while await line.left():
        await line.deliver()
    assert set(ids(line.peer.kept)) == set(ids(made + more))


@pytest.mark.parametrize("code", [400, 413, 422])
async def test_one_that_is_never_taken_is_found_and_set_aside(line: Line, code: int) -> None:
    made = await line.add(20)
    bad = made[7].id

    async def hates_one(request: web.Request, report: Report) -> web.StreamResponse:
        if bad in ids(list(report.observations)):
            return await status(code)(request, report)
        return await line.peer.keep(request, report)

    line.peer.says = hates_one
    await line.deliver()
    assert set(ids(line.peer.kept)) == set(ids(made)) - {bad}
    assert len(line.peer.kept) == 19, "none twice"
    assert (line.spool.state.waiting, line.spool.state.set_aside, line.courier.state.refused) == (0, 1, 1)


async def test_a_collector_that_takes_nothing_does_not_empty_the_spool(line: Line) -> None:
    await line.add(100)
    line.peer.says = status(422)
    assert await line.deliver() >= REFUSED_SECONDS
    assert line.spool.state.waiting == 80


async def test_gzip_where_zstd_is_not_known(line: Line) -> None:
    await line.add(1)
    line.peer.once(status(415))
    await line.deliver()
    assert [h["Content-Encoding"] for h in line.peer.headers] == ["zstd", "gzip"]
    assert await line.left() == []


async def test_a_redirect_is_not_followed(line: Line) -> None:
    await line.add(1)
    other = Peer()
    async with served(other):
        line.peer.says = status(307, Location=other.url + REPORTS)
        assert await line.deliver() <= 60
    assert other.asked == []
    assert line.spool.state.waiting == 1


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(status(200, "<html>Please sign in</html>"), id="a-portal"),
        pytest.param(status(200, '{"kept": []}'), id="an-empty-receipt"),
        pytest.param(status(200, '{"kept": ["x"]}'), id="a-mangled-receipt"),
        pytest.param(status(200, "x" * 5_000_000), id="endless-words"),
        pytest.param(status(404), id="not-found"),
        pytest.param(status(500), id="broken"),
        pytest.param(status(599, "\x00\xff"), id="noise"),
    ],
)
async def test_what_is_no_receipt_forgets_nothing(line: Line, handler: Handler) -> None:
    made = await line.add(2)
    line.peer.says = handler
    with capture_logs() as logs:
        for _ in range(3):
            assert 0 < await line.deliver() <= 60
    assert len(logs) == 1
    assert await line.left() == ids(made)
    line.peer.says = None
    await line.deliver()
    assert await line.left() == []


async def test_a_silent_collector_meets_the_deadline(line: Line) -> None:
    made = await line.add(1)
    let_go = asyncio.Event()

    async def hangs(request: web.Request, report: Report) -> web.StreamResponse:
        await let_go.wait()
        return web.Response()

    line.peer.says = hangs
    impatient = courier(line.peer.url, line.spool, line.clock, timeout=0.2)
    async with impatient.session() as session:
        assert await impatient.deliver(session) <= 60
    assert impatient.state.trouble == "no answer in 0.2 s"
    let_go.set()
    assert await line.left() == ids(made)


async def test_a_receipt_that_gets_lost_is_asked_for_again(line: Line) -> None:
    made = await line.add(1)

    async def resets(request: web.Request, report: Report) -> web.StreamResponse:
        line.peer.kept += report.observations
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    line.peer.once(resets)
    assert await line.deliver() <= 60
    assert await line.left() == ids(made)
    await line.deliver()
    assert ids(line.peer.kept) == ids(made) * 2, "the same id twice: the collector knows it"
    assert await line.left() == []


async def test_a_closed_port_backs_off_with_jitter_up_to_the_cap(line: Line) -> None:
    await line.add(1)
    with socket.create_server(("127.0.0.1", 0)) as held:
        nowhere = f"http://127.0.0.1:{held.getsockname()[1]}"
    away = courier(nowhere, line.spool, line.clock)
    with capture_logs() as logs:
        async with away.session() as session:
            pauses = [await away.deliver(session) for _ in range(10)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30], "half of 2, 4, 8 … 60"
    assert len(logs) == 1


async def test_it_runs_by_itself(line: Line) -> None:
    task = asyncio.create_task(line.courier.run())
    try:
        line.peer.once(status(500))
        made = await line.add(700)
        async with asyncio.timeout(10):
            while len(line.peer.kept) < 700:
                await asyncio.sleep(0)
            while line.spool.state.waiting:
                await asyncio.sleep(0)
        assert set(ids(line.peer.kept)) == set(ids(made))
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_only_measures_that_the_catalogue_lacks_are_declared() -> None:
    async def nothing(settings: ProbeSettings, context: Context) -> list[Reading]:
        return []

    probe = Probe(ProbeSettings, (HOST_CPU, OWN), nothing)
    assert own_measures([probe, probe]) == (OWN,)
