"""Every entry runs in time, none twice at once, and only changes are logged. Time is the test's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Literal
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from agent.probes.base import ProbeSettings
from agent.schedule import Schedule
from tests.agent.clocks import ManualClock, settled
from wire.report import Observation, Outcome, Reading


class Entry(ProbeSettings):
    probe: Literal["lamp"] = "lamp"
    host: str = ""


class Peer:
    """Stands for the runner: notes when each run begins, and lets the test hold it."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.begun: list[tuple[float, str]] = []
        self.running: list[str] = []
        self.most = 0
        self.outcome: Outcome = "ok"
        self.again_in: float | None = None
        self.kept: list[Observation] = []
        self.readings: tuple[Reading, ...] = ()
        self.hangs = False
        """Every run of a device whose name begins with h is a timeout; with `hangs` it never ends."""
        self.gate = asyncio.Event()
        self.gate.set()

    async def observe(self, entry: ProbeSettings) -> Observation:
        self.begun.append((self.clock.seconds, entry.device))
        assert entry.device not in self.running, "two runs of one entry at once"
        self.running.append(entry.device)
        self.most = max(self.most, len(self.running))
        await self.gate.wait()
        hanging = entry.device.startswith("h")
        if hanging and self.hangs:
            await asyncio.Event().wait()
        self.running.remove(entry.device)
        return Observation(
            id=uuid4(), probe=entry.probe, device=entry.device, started_at=self.clock.now(),
            duration_seconds=0, every_seconds=entry.every_seconds, outcome="timeout" if hanging else self.outcome,
            again_in_seconds=self.again_in, readings=self.readings,
        )  # fmt: skip

    async def keep(self, observation: Observation) -> None:
        self.kept.append(observation)

    def times(self, device: str) -> list[float]:
        return [at for at, name in self.begun if name == device]


@asynccontextmanager
async def running(
    entries: list[Entry], clock: ManualClock, concurrency: int = 32
) -> AsyncIterator[tuple[Schedule, Peer]]:
    peer = Peer(clock)
    schedule = Schedule(entries, peer.observe, peer.keep, clock, concurrency=concurrency, salt="east")
    task = asyncio.create_task(schedule.run())
    try:
        await settled()
        yield schedule, peer
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def entries(count: int, **more: float) -> list[Entry]:
    return [Entry(device=f"d{n}", **more) for n in range(count)]


async def test_starts_are_spread_and_runs_keep_their_period() -> None:
    clock = ManualClock()
    async with running(entries(50), clock) as (_, peer):
        await clock.advance(599.99)
    first = sorted(peer.times(f"d{n}")[0] for n in range(50))
    assert first[0] < 10
    assert first[-1] > 50
    assert max(sum(at <= f < at + 6 for f in first) for at in range(0, 60, 6)) <= 15, "no herd"
    for n in range(50):
        times = peer.times(f"d{n}")
        assert len(times) == 10
        assert [b - a for a, b in pairwise(times)] == pytest.approx([60] * 9)


async def test_the_spread_is_the_same_after_a_restart_and_another_at_another_school() -> None:
    shares = [[job.share for job in Schedule(entries(5), None, None, ManualClock(), salt=salt).jobs]  # type: ignore[arg-type]
        for salt in ("east", "east", "west")]  # fmt: skip
    assert shares[0] == shares[1] != shares[2]


async def test_a_rare_entry_runs_soon_after_the_start_and_then_at_its_own_time() -> None:
    clock = ManualClock()
    async with running(entries(20, every_seconds=21600), clock) as (_, peer):
        await clock.advance(61)
        assert len(peer.begun) == 20
        await clock.advance(4 * 21600)
    for n in range(20):
        gaps = [b - a for a, b in pairwise(peer.times(f"d{n}"))]
        assert 10800 <= gaps[0] <= 1.5 * 21600
        assert gaps[1:] == pytest.approx([21600] * len(gaps[1:]))


async def test_no_more_run_at_once_than_allowed_and_the_lag_tells() -> None:
    clock = ManualClock()
    async with running(entries(10), clock, concurrency=3) as (schedule, peer):
        peer.gate.clear()
        await clock.advance(60)
        assert len(peer.running) == 3
        assert schedule.lag() > 30, "what waits for its turn is late"
        peer.gate.set()
        await settled()
        assert len(peer.kept) >= 10
        assert peer.most == 3


async def test_a_slow_run_is_never_doubled_and_nothing_is_caught_up() -> None:
    clock = ManualClock()
    async with running(entries(1, every_seconds=10), clock) as (_, peer):
        peer.gate.clear()
        await clock.advance(95)
        assert len(peer.begun) == 1
        peer.gate.set()
        await settled()
        await clock.advance(20)
    assert len(peer.begun) == 3


async def test_one_host_answers_one_of_us_at_a_time() -> None:
    clock = ManualClock()
    same = [Entry(device=f"d{n}", host="192.0.2.1") for n in range(4)]
    async with running([*same, Entry(device="other", host="192.0.2.2")], clock) as (_, peer):
        peer.gate.clear()
        await clock.advance(60)
        assert len([d for d in peer.running if d != "other"]) == 1
        assert "other" in peer.running
        peer.gate.set()
        await settled()
        assert {o.device for o in peer.kept} == {"d0", "d1", "d2", "d3", "other"}


async def test_asking_runs_a_device_at_once_but_no_heavy_entry() -> None:
    clock = ManualClock()
    light, heavy = Entry(device="d"), Entry(device="rare", every_seconds=21600)
    async with running([light, heavy], clock) as (schedule, peer):
        await clock.advance(61)
        before = len(peer.times("d"))
        assert schedule.ask_now("d") == 1
        assert schedule.ask_now("rare") == 0
        assert schedule.ask_now("nobody") == 0
        await settled()
        assert len(peer.times("d")) == before + 1
        assert peer.times("d")[-1] == clock.seconds


@pytest.mark.parametrize(("told", "least", "most"), [(None, 300, 600), (90.0, 90, 150), (36_000.0, 36_000, 36_060)])
async def test_a_heavy_entry_that_was_put_off_comes_back_when_it_was_told(
    told: float | None, least: float, most: float
) -> None:
    clock = ManualClock()
    async with running([Entry(device="h", every_seconds=43_200)], clock) as (_, peer):
        peer.outcome, peer.again_in = "refused", told
        await clock.advance(61)
        begun = peer.times("h")[0]
        await clock.advance(most + 1)
        assert least <= peer.times("h")[1] - begun <= most
        peer.outcome, peer.again_in = "ok", None


async def test_only_changes_are_logged() -> None:
    clock = ManualClock()
    with capture_logs() as logs:
        async with running(entries(1, every_seconds=10), clock) as (_, peer):
            await clock.advance(50)
            peer.outcome = "timeout"
            await clock.advance(100)
            peer.outcome = "ok"
            await clock.advance(50)
    assert [(entry["event"], entry.get("outcome")) for entry in logs] == [
        ("device fails", "timeout"),
        ("device answers again", None),
    ]
    assert logs[1]["failed_seconds"] == 100


async def test_devices_that_hang_hold_half_of_the_slots_at_most() -> None:
    clock = ManualClock()
    hanging = [Entry(device=f"h{n}", every_seconds=60) for n in range(20)]
    healthy = [Entry(device=f"d{n}", every_seconds=60) for n in range(20)]
    async with running([*hanging, *healthy], clock, concurrency=4) as (_, peer):
        await clock.advance(61)
        peer.hangs = True
        await clock.advance(300)
        assert len([d for d in peer.running if d.startswith("h")]) == 2, "half of the slots, and they stay taken"
        for n in range(20):
            times = peer.times(f"d{n}")
            assert [b - a for a, b in pairwise(times)] == pytest.approx([60] * (len(times) - 1))
            assert len(times) >= 5


async def test_the_readings_of_a_run_are_kept_once_and_not_remembered() -> None:
    clock = ManualClock()
    async with running(entries(1), clock) as (schedule, peer):
        peer.readings = (Reading(measure="port_up", value=1),)
        await clock.advance(60)
        assert peer.kept[0].readings == peer.readings
        latest = schedule.jobs[0].latest
        assert latest is not None
        assert (latest.id, latest.readings) == (peer.kept[0].id, ())
