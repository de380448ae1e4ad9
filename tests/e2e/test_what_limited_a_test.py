"""What limits a test besides the line makes it inconclusive, with that reason: probe, runner and target together."""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from pydantic import SecretStr

from agent.line import Line
from agent.probes.base import CollectorLink, Context
from agent.probes.throughput import meter
from agent.probes.throughput.probe import PROBE
from agent.probes.throughput.settings import ThroughputSettings
from agent.runner import observe
from collector.verdict import Verdict
from tests.agent.test_throughput_links import look, serving
from tests.collector.equipment import ANY_SCHOOL, uplink
from tests.collector.making import NOW, known, verdict
from tests.peers.link import link, weak_card
from tests.peers.ndt7 import Server, ndt7_server
from tests.peers.snmpd import snmpd
from tests.peers.throughput import throughput_server
from wire.report import Observation

RATE = 12_000_000
"""Bytes per second of a test server in these tests."""
FRAMED = 1518 / 1448
_SCRIPT = Path(__file__).parents[1] / "peers" / "snmpd_pass.py"
_HC_IN, _HC_OUT = "1.3.6.1.2.1.31.1.1.1.6.1", "1.3.6.1.2.1.31.1.1.1.10.1"


def judged(seen: Observation) -> Verdict:
    """gigabit_uplink of a school with a gigabit port, by this one test."""
    return verdict(
        "gigabit_uplink",
        ANY_SCHOOL,
        known(uplink(), seen.model_copy(update={"started_at": NOW - timedelta(minutes=1)})),
    )


def limits(seen: Observation) -> set[str]:
    return {r.labels["limit"] for r in seen.readings if r.measure == "uplink_throughput_limit"}


async def run(context: Context, **given: Any) -> Observation:
    settings = {"probe": "throughput", "device": "man", "seconds": 2, **given}
    return await observe(PROBE, ThroughputSettings.model_validate(settings), context)


def test_a_card_of_100_megabits_is_not_the_line(tmp_path: Path) -> None:
    with link(100) as on, serving(on, "iperf3"), weak_card(on, 100):
        seen = look(on, tmp_path, method="iperf3")
    assert (seen.outcome, seen.detail, limits(seen)) == ("ok", "", {"nic"})
    found = judged(seen)
    assert (found.state, found.reason.code, found.attainment) == ("unknown", "throughput_inconclusive", None)
    assert "网卡" in found.reason.text.zh
    assert "network card" in found.reason.text.en
    assert found.lowest is not None
    assert found.lowest > 90e6


@contextmanager
def busy_processors() -> Iterator[None]:
    """Every core of this machine has work that never ends."""
    workers = [
        multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(os.cpu_count() or 1)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def _spin() -> None:
    os.nice(5)
    while True:
        pass


async def test_a_busy_processor_is_not_the_line(tmp_path: Path) -> None:
    async with ndt7_server(Server(rate=RATE)) as server:
        with busy_processors():
            seen = await run(Context(tmp_path), method="ndt7", host="127.0.0.1", port=server.port, tls=False)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert "cpu" in limits(seen)
    found = judged(seen)
    assert (found.state, found.reason.code) == ("unknown", "throughput_inconclusive")
    assert "processor" in found.reason.text.en


# A busy line: the router's counters say so.


class Router:
    """A real snmpd whose one port counts what the test moves and what others do, both at known rates."""

    def __init__(self, rows: Path) -> None:
        self._rows = rows
        self.others = 0.0
        """Bytes per second, each way."""
        self.own: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._octets = 1e12
        self._at = monotonic()

    def snmpd_conf(self) -> str:
        passed = ("1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1")
        return "\n".join(f"pass_persist -p 1 .{oid} {sys.executable} -u {_SCRIPT} {self._rows}" for oid in passed)

    def write(self) -> None:
        now = monotonic()
        self._octets += self.others * (now - self._at)
        self._at = now
        down, up = self.own()
        rows = [
            "1.3.6.1.2.1.31.1.1.1.1.1 string wan",
            f"{_HC_IN} counter64 {int(self._octets + down * FRAMED)}",
            f"{_HC_OUT} counter64 {int(self._octets + up * FRAMED)}",
            "1.3.6.1.2.1.31.1.1.1.15.1 gauge 1000",
        ]
        new = self._rows.with_suffix(".new")
        new.write_text("\n".join(rows) + "\n")
        new.replace(self._rows)

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        async def go_on() -> None:
            while True:
                self.write()
                await asyncio.sleep(0.05)

        task = asyncio.create_task(go_on())
        try:
            yield
        finally:
            task.cancel()


@pytest.fixture
def router(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Router, dict[str, Any]]]:
    found = Router(tmp_path / "rows")
    found.write()
    monkeypatch.setenv("COMMUNITY", "public")
    monkeypatch.setattr(meter, "LOOK_SECONDS", 1.2)
    monkeypatch.setattr("agent.line.LEAST_SECONDS", 0.5)
    with snmpd(found.snmpd_conf()) as port:
        yield found, {"snmp": {"host": "127.0.0.1", "port": port, "community": {"env": "COMMUNITY"}}, "port": "wan"}


async def test_other_traffic_is_not_the_line(
    router: tuple[Router, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.probes.throughput.limit.MACHINE_SHARE", 2)  # others may keep this machine busy
    device, reach = router
    async with ndt7_server(Server(rate=RATE)) as server, device.counting():
        device.own = lambda: (sum(server.sent_sizes), sum(server.got_sizes))
        device.others = 25_000_000  # 20 % of a gigabit: not too busy to test
        at = {"method": "ndt7", "host": "127.0.0.1", "port": server.port, "tls": False, "meter": reach}
        seen = await run(Context(tmp_path), **at)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert limits(seen) == {"cross_traffic"}
    found = judged(seen)
    assert (found.state, found.reason.code) == ("unknown", "throughput_cross_traffic")
    assert "其他流量" in found.reason.text.zh


async def test_a_busy_line_is_left_alone(router: tuple[Router, dict[str, Any]], tmp_path: Path) -> None:
    device, reach = router
    device.others = 60_000_000  # 48 % of a gigabit
    async with ndt7_server(Server()) as server, device.counting():
        at = {"method": "ndt7", "host": "127.0.0.1", "port": server.port, "tls": False, "meter": reach}
        seen = await run(Context(tmp_path), **at)
    assert (seen.outcome, server.paths) == ("refused", [])
    assert "the uplink carries 4" in seen.detail
    assert [r.labels for r in seen.readings] == [{"method": "ndt7", "why": "line_busy"}]
    found = judged(seen)
    assert (found.state, found.reason.code, found.value) == ("unknown", "throughput_skipped", None)
    assert "线路正忙" in found.reason.text.zh


async def test_what_the_ports_probe_saw_is_enough_to_leave_a_line_alone(tmp_path: Path) -> None:
    line = Line()
    line.loaded("router", "wan", 0.5)
    seen = await run(Context(tmp_path, line=line), method="iperf3", host="127.0.0.1")
    assert judged(seen).reason.code == "throughput_skipped"


async def test_a_busy_test_server_is_no_zero(tmp_path: Path) -> None:
    async with throughput_server() as (url, desk):
        desk.book.ask("s2")
        seen = await run(Context(tmp_path, CollectorLink(url, lambda: SecretStr("s1"))))
    found = judged(seen)
    assert (found.state, found.reason.code, found.value) == ("unknown", "throughput_skipped", None)
    assert seen.again_in_seconds is not None
