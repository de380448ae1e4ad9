"""What time the agent says it is, on machines whose clock is right, wrong, set, or not known."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import aiohttp
import pytest
import trustme
import zstandard
from aiohttp import web
from pydantic import SecretStr

from agent.clock import Clock
from agent.courier import Courier
from agent.probes.base import CollectorLink
from agent.spool import Spool
from agent.tls import ask_the_time, client_context
from tests.agent.clocks import START, ListedClock, ManualClock
from tests.agent.made import observation
from wire.api import HEALTH, REPORTS
from wire.report import AgentState, Observation, Receipt, Report

DAY = 86_400


def wrong(off: float) -> ManualClock:
    """A machine without a time service, so many seconds off."""
    clock = ManualClock()
    clock.machine_off, clock.synchronised, clock.known = off, False, False
    clock.now()
    return clock


def true_time(clock: ManualClock) -> datetime:
    return START + timedelta(seconds=clock.seconds)


def off_by(clock: ManualClock) -> float:
    return (clock.now() - true_time(clock)).total_seconds()


def hear(clock: ManualClock, took: float = 0.2) -> None:
    """One answer of a collector whose clock is right, which came after `took` seconds."""
    asked = clock.seconds
    clock.seconds += took
    clock.learn(true_time(clock).replace(microsecond=0), asked, clock.seconds)


def test_this_machine_has_a_boot_and_a_running_clock() -> None:
    clock = Clock()
    assert len(clock.boot) == 36
    assert clock.monotonic() > 0
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1


@pytest.mark.parametrize("off", [-20 * 365 * DAY, -DAY, -10, 10, DAY])
def test_a_wrong_clock_is_set_by_the_collectors(off: float) -> None:
    clock = wrong(off)
    assert not clock.known
    hear(clock)
    assert clock.known
    assert abs(off_by(clock)) <= 1
    assert clock.machine() - clock.now() == timedelta(seconds=-clock.offset_seconds)


def test_a_long_exchange_moves_a_clock_no_further_than_it_proves() -> None:
    clock = wrong(5)
    hear(clock, took=30)
    assert off_by(clock) == 5, "the Date may have been made at any moment of those 30 s"


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_second_is_no_difference(off: float) -> None:
    clock = wrong(off)
    hear(clock)
    assert (clock.known, clock.offset_seconds) == (True, 0)


def test_a_time_service_is_believed_before_a_collector() -> None:
    clock = ManualClock()
    clock.learn(START + timedelta(days=1), 0, 0)
    assert (clock.known, off_by(clock)) == (True, 0)


@pytest.mark.parametrize("by", [-DAY, DAY])
def test_known_time_goes_on_when_the_machines_clock_is_set(by: float) -> None:
    clock = wrong(-3600)
    hear(clock)
    before = off_by(clock)
    clock.seconds += 60
    clock.machine_off += by
    assert abs(off_by(clock) - before) < 0.001


def test_unknown_time_follows_the_machine_when_it_is_set() -> None:
    clock = wrong(-DAY)
    clock.seconds += 60
    clock.machine_off = 0
    assert off_by(clock) == 0
    assert not clock.known


def test_a_right_clock_leaves_no_stamp() -> None:
    clock = ManualClock()
    clock.seconds = 100
    stamped = clock.stamp(observation("lamp"), 40)
    assert (stamped.started_at, stamped.clock) == (START + timedelta(seconds=40), None)


def test_a_corrected_clock_stamps_both() -> None:
    clock = wrong(-DAY)
    hear(clock)
    clock.seconds = 100
    stamped = clock.stamp(observation("lamp"), 40)
    assert abs((stamped.started_at - (START + timedelta(seconds=40))).total_seconds()) <= 1
    assert stamped.clock is not None
    assert (stamped.clock.known, stamped.is_dated) == (True, True)
    assert abs(stamped.clock.machine_at - (START + timedelta(seconds=40 - DAY))) < timedelta(milliseconds=1)


def test_what_was_made_before_is_dated_once_the_time_is_known() -> None:
    clock = wrong(-DAY)
    clock.seconds = 100
    before = clock.stamp(observation("lamp"), 40)
    assert not before.is_dated
    assert clock.corrected(before) == before
    clock.seconds = 500
    hear(clock)
    after = clock.corrected(before)
    assert after.is_dated
    assert abs((after.started_at - (START + timedelta(seconds=40))).total_seconds()) <= 1
    assert after.id == before.id


def test_what_an_earlier_start_of_the_machine_made_stays_undated() -> None:
    clock = wrong(-DAY)
    before = clock.stamp(observation("lamp"), 0)
    later = wrong(-DAY)
    later.boot = "another"
    hear(later)
    assert later.corrected(before) == before


class Collector:
    """Says the true time, and keeps what arrives."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.kept: list[Observation] = []
        self.asked: list[str] = []

    async def health(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        assert "Authorization" not in request.headers, "nothing secret before the time is known"
        return self._dated(web.Response(text="ok\n"))

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        body = await request.read()
        report = Report.model_validate_json(zstandard.decompress(body))
        self.kept += report.observations
        receipt = Receipt(kept=tuple(one.id for one in report.observations))
        return self._dated(web.json_response(text=receipt.model_dump_json()))

    def _dated(self, response: web.Response) -> web.Response:
        response.headers["Date"] = format_datetime(true_time(self.clock), usegmt=True)
        return response


@asynccontextmanager
async def serving(collector: Collector, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application(client_max_size=1 << 26)
    app.router.add_get(HEALTH, collector.health)
    app.router.add_post(REPORTS, collector.take)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_courier_asks_for_the_time_before_it_sends(tmp_path: Path) -> None:
    clock = ListedClock()
    clock.machine_off, clock.synchronised, clock.known = -3 * 365 * DAY, False, False
    clock.now()
    collector = Collector(clock)
    spool = Spool(tmp_path / "spool.sqlite", 1 << 26, timedelta(days=30), clock)
    await spool.open()
    try:
        await spool.add(clock.stamp(observation("before"), 0))
        clock.seconds = 600
        async with serving(collector) as url:
            link = CollectorLink(url, lambda: SecretStr("secret"))
            courier = Courier(link, Report(school="east", agent=AgentState(), observations=()), spool, clock)
            async with courier.session() as session:
                await courier.deliver(session)
                await spool.add(clock.stamp(observation("after"), 600))
                await courier.deliver(session)
    finally:
        await spool.close()
    assert collector.asked == [HEALTH, REPORTS, REPORTS]
    assert [one.device for one in collector.kept] == ["before", "after"]
    for one, seconds in zip(collector.kept, (0, 600), strict=True):
        assert one.is_dated
        assert abs((one.started_at - (START + timedelta(seconds=seconds))).total_seconds()) <= 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def certificate(authority: trustme.CA, first: datetime, last: datetime) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_before=first, not_after=last).configure_cert(context)
    return context


async def reach(url: str, ca: Path, clock: Clock) -> int:
    connector = aiohttp.TCPConnector(ssl=client_context(ca, clock))
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url + HEALTH) as answer:
        return answer.status


async def test_certificates_are_dated_by_the_agents_time(tmp_path: Path, authority: trustme.CA) -> None:
    """The machine believes in 2006; the certificate is good for two days of 2026."""
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    clock = wrong(-20 * 365 * DAY)
    tls = certificate(authority, START - timedelta(days=1), START + timedelta(days=1))
    async with serving(Collector(clock), tls) as url:
        await ask_the_time(url, ca, clock, 5)
        assert clock.known
        assert await reach(url, ca, clock) == 200
        clock.seconds += 2 * DAY
        dates = "2026-08-31 to 2026-09-02, and today is 2026-09-03"
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=dates):
            await reach(url, ca, clock)


async def test_an_unknown_time_excuses_no_other_authority(tmp_path: Path, authority: trustme.CA) -> None:
    ca = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(ca)
    clock = wrong(0)
    tls = certificate(authority, START - timedelta(days=1), START + timedelta(days=1))
    async with serving(Collector(clock), tls) as url:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask_the_time(url, ca, clock, 5)
    assert not clock.known
