"""The agent's own page, checked by promtool and read back as both formats."""

import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from agent.courier import CourierState
from agent.hints import HintCounts
from agent.metrics import STUCK_SECONDS, make_app
from agent.schedule import Schedule
from agent.spool import Spool
from tests.agent.clocks import START, ManualClock
from tests.agent.made import observation
from tests.agent.test_schedule import Entry, Peer

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Page:
    """The page over parts in a known state."""

    def __init__(self, url: str, schedule: Schedule, spool: Spool, courier: CourierState, clock: ManualClock) -> None:
        self.url, self.schedule, self.spool, self.courier, self.clock = url, schedule, spool, courier, clock

    async def get(self, path: str, accept: str = "text/plain") -> tuple[int, str, str]:
        async with ClientSession() as session, session.get(self.url + path, headers={"Accept": accept}) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.text()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    clock = ManualClock()
    peer = Peer(clock)
    schedule = Schedule([Entry(device="灯"), Entry(device='q"uote\n')], peer.observe, peer.keep, clock)
    spool, courier = Spool(tmp_path / "s", 1 << 24, timedelta(days=30), clock), CourierState()
    await spool.open()
    hints = {"snmp": HintCounts(heard=3, ignored=2, skipped=1)}
    runner = web.AppRunner(make_app(schedule, spool, courier, clock, hints), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Page(f"http://127.0.0.1:{runner.addresses[0][1]}", schedule, spool, courier, clock)
    await runner.cleanup()
    await spool.close()


def busy(page: Page) -> None:
    page.courier.sent, page.courier.refused, page.courier.last_receipt_at = 7, 1, START.timestamp()
    page.schedule.jobs[0].latest = observation("灯", probe="lamp", duration_seconds=0.5)
    page.schedule.jobs[1].latest = observation('q"uote', probe="lamp", outcome="timeout", duration_seconds=10)


@pytest.mark.parametrize("state", ["fresh", "busy"])
async def test_promtool_finds_nothing(page: Page, state: str) -> None:
    if state == "busy":
        busy(page)
    _, _, text = await page.get("/metrics")
    linted = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True)
    assert (linted.returncode, linted.stderr, linted.stdout) == (0, b"", b"")


async def test_numbers_are_those_of_the_parts(page: Page) -> None:
    busy(page)
    await page.spool.add(observation())
    _, kind, text = await page.get("/metrics")
    assert kind.startswith("text/plain")
    found = {
        (
            s.name,
            *(s.labels[label] for label in ("probe", "device") if label in s.labels),
            *(s.labels[label] for label in ("source", "result") if label in s.labels),
        ): s.value
        for family in plain(text)
        for s in family.samples
    }
    assert found["campus_agent_spooled_reports",] == 1
    assert found["campus_agent_sent_observations_total",] == 7
    assert found["campus_agent_refused_observations_total",] == 1
    assert found["campus_agent_dropped_observations_total",] == 0
    assert found["campus_agent_last_receipt_timestamp_seconds",] == START.timestamp()
    assert found["campus_probe_success", "lamp", "灯"] == 1
    assert found["campus_probe_success", "lamp", 'q"uote'] == 0
    assert found["campus_probe_duration_seconds", "lamp", 'q"uote'] == 10
    assert found["campus_agent_hints_total", "snmp", "skipped"] == 1
    assert found["campus_agent_slowest_probe_seconds", "lamp", 'q"uote'] == 10
    assert any(key[0] == "campus_agent_info" for key in found)


async def test_what_never_was_is_absent(page: Page) -> None:
    _, _, text = await page.get("/metrics")
    assert "campus_agent_last_receipt_timestamp_seconds" not in text
    assert "campus_probe_success{" not in text


async def test_openmetrics_on_request(page: Page) -> None:
    busy(page)
    _, kind, text = await page.get("/metrics", OPENMETRICS)
    assert kind.startswith("application/openmetrics-text")
    families = openmetrics(text)  # type: ignore[no-untyped-call]
    assert {family.name for family in families} >= {"campus_agent_sent_observations", "campus_probe_success"}


async def test_health_says_when_the_schedule_stands(page: Page) -> None:
    assert (await page.get("/healthz"))[0] == 200
    page.schedule.jobs[0].waits = True
    page.clock.seconds = STUCK_SECONDS + 1
    status, _, text = await page.get("/healthz")
    assert (status, text) == (503, "the schedule is 901 s late\n")
