"""What an uplink carried, by its counters: in the table of what counters do, and by a real snmpd over several runs."""

import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

import agent.line
from agent.line import MAX_SAMPLES, MAX_UPLINKS, Carried, Line, Octets, between
from agent.probes.base import Context
from agent.probes.ports import utilisation as utilisation_module
from agent.probes.ports.probe import PROBE
from agent.probes.ports.settings import PortsSettings
from agent.probes.ports.utilisation import utilisation
from agent.runner import observe
from tests.peers.snmpd import snmpd
from wire.report import Observation

GIGABIT = 125e6
MINUTE = Carried(60, 6_000_000_000, 300_000_000)
START = Octets(at=1000.0, received=10**12, sent=10**11, wide=True, speed=GIGABIT, up_time=5_000_000, discontinuity=0)


def later(seconds: float, received: float, sent: float, **more: Any) -> Octets:
    """The counters so much later; `more` replaces fields."""
    ticks = START.up_time + round(seconds * 100) if START.up_time is not None else None
    return replace(
        START, at=START.at + seconds, received=START.received + int(received), sent=START.sent + int(sent),
        up_time=ticks, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("after", "carried"),
    [
        pytest.param(later(60, 6e9, 3e8), MINUTE, id="both-ways"),
        pytest.param(later(60, 0, 3e8), Carried(60, 0, 300_000_000), id="one-way"),
        pytest.param(later(60, 0, 0), None, id="stood-still"),
        pytest.param(later(60, -1e9, 3e8), None, id="fell"),
        pytest.param(later(60, 6e9, 3e8, discontinuity=77), None, id="discontinuity"),
        pytest.param(later(60, 6e9, 3e8, wide=False), None, id="another-width"),
        pytest.param(later(60, 6e9, 3e8, speed=None), None, id="no-speed"),
        pytest.param(later(60, 1e10, 3e8), None, id="more-than-the-port-can"),
        pytest.param(later(1, 1e6, 1e6), None, id="too-short"),
        pytest.param(later(4000, 1e9, 1e9), None, id="too-long"),
        pytest.param(replace(later(60, 6e9, 3e8), up_time=4711), None, id="device-restarted"),
        pytest.param(replace(later(60, 6e9, 3e8), up_time=None), MINUTE, id="no-up-time"),
        pytest.param(
            replace(later(61, 6e9, 3e8), up_time=5_006_000),
            MINUTE,
            id="by-its-own-clock",
        ),
    ],
)
def test_between_two_samples(after: Octets, carried: Carried | None) -> None:
    assert between(START, after) == carried


def test_counters_and_clocks_that_wrap() -> None:
    wide = replace(START, received=2**64 - 100, sent=2**64 - 1, up_time=2**32 - 1000)
    after = replace(later(60, 0, 0), received=900, sent=9, up_time=5000)
    assert between(wide, after) == Carried(60, 1000, 10)
    narrow = replace(START, received=2**32 - 100, sent=5, wide=False, speed=GIGABIT / 100)
    after = replace(later(60, 0, 0), received=900, sent=15, wide=False, speed=GIGABIT / 100)
    assert between(narrow, after) == Carried(60, 1000, 10)
    fast = replace(after, speed=GIGABIT)  # 32 bits last for 34 s at a gigabit
    assert between(replace(narrow, speed=GIGABIT), fast) is None


def readings(line: Line, octets: Octets) -> dict[tuple[str, str], float]:
    return {(r.measure, r.labels["direction"]): r.value for r in utilisation(line, "router", "wan", octets)}


def test_the_load_since_the_run_before() -> None:
    line = Line()
    assert readings(line, START) == {}
    found = readings(line, later(60, 3.75e9, 7.5e8))
    assert found == {
        ("uplink_utilisation_ratio", "receive"): pytest.approx(0.5),
        ("uplink_utilisation_ratio", "transmit"): pytest.approx(0.1),
    }
    assert line.load(60) == pytest.approx(0.5)


def test_counters_that_catch_up_never_read_above_one() -> None:
    line = Line()
    readings(line, START)
    found = readings(line, later(60, 125e6 * 68, 1))
    assert found["uplink_utilisation_ratio", "receive"] == 1


def test_what_lasted_five_minutes_is_told_at_the_least() -> None:
    line = Line()
    found: dict[tuple[str, str], float] = {}
    for minute in range(6):
        assert "uplink_carried_bytes_per_second" not in {measure for measure, _ in found}
        found = readings(line, later(60 * minute, 120e6 * 60 * minute, 1e6 * minute))
    assert found["uplink_carried_bytes_per_second", "receive"] == pytest.approx(120e6 * 300 / 310)
    # and over the last five minutes only
    quiet = readings(line, later(360, 120e6 * 300, 6e6))
    assert quiet["uplink_carried_bytes_per_second", "receive"] == pytest.approx(120e6 * 240 / 310)


def test_a_reset_within_the_five_minutes_tells_nothing_of_them() -> None:
    line = Line()
    for minute in range(8):
        reset = {"discontinuity": 99} if minute >= 3 else {}
        found = readings(line, later(60 * minute, 6e9 * minute, 1e6 * minute, **reset))
        assert ("uplink_carried_bytes_per_second", "receive") not in found, minute
    assert readings(line, later(480, 6e9 * 8, 8e6, discontinuity=99))["uplink_carried_bytes_per_second", "receive"] > 0


def test_what_is_kept_is_bounded() -> None:
    line = Line()
    for second in range(3 * MAX_SAMPLES):
        line.sampled("router", "wan", later(second * 10, 0, 0))
    assert len(line.sampled("router", "wan", later(10**6, 0, 0))) == 0  # the others are too old
    for device in range(2 * MAX_UPLINKS):
        line.sampled(f"r{device}", "wan", START)
        line.loaded(f"r{device}", "wan", 0.5)
    assert line.sampled("r0", "wan", START) == ()
    assert len(line.sampled(f"r{2 * MAX_UPLINKS - 1}", "wan", START)) == 1


def test_a_load_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    line.loaded("router", "wan", 0.5)
    line.loaded("router", "wan2", 0.7)
    assert line.load(60) == 0.7
    real = monotonic()
    monkeypatch.setattr("agent.line.monotonic", lambda: real + 100)
    assert line.load(60) is None


# By a real snmpd

ROWS = {
    "1.3.6.1.2.1.2.1.0": "integer 1",
    "1.3.6.1.2.1.2.2.1.2.1": "string wan",
    "1.3.6.1.2.1.2.2.1.3.1": "integer 6",
    "1.3.6.1.2.1.2.2.1.5.1": "gauge 1000000000",
    "1.3.6.1.2.1.2.2.1.7.1": "integer 1",
    "1.3.6.1.2.1.2.2.1.8.1": "integer 1",
    "1.3.6.1.2.1.31.1.1.1.1.1": "string wan",
    "1.3.6.1.2.1.31.1.1.1.15.1": "gauge 1000",
}
PASSED = ("1.3.6.1.2.1.2.1", "1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1")


class Router:
    """A port whose counters the test sets."""

    def __init__(self, folder: Path) -> None:
        self._rows = folder / "rows"

    def conf(self) -> str:
        script = Path(__file__).parents[1] / "peers" / "snmpd_pass.py"
        return "\n".join(f"pass_persist -p 1 .{oid} {sys.executable} -u {script} {self._rows}" for oid in PASSED)

    def say(self, received: int, sent: int, *, wide: bool = True) -> None:
        columns = ("1.3.6.1.2.1.31.1.1.1.6.1", "1.3.6.1.2.1.31.1.1.1.10.1")
        if not wide:
            columns = ("1.3.6.1.2.1.2.2.1.10.1", "1.3.6.1.2.1.2.2.1.16.1")
        kind = "counter64" if wide else "counter"
        counters = dict(zip(columns, (f"{kind} {received}", f"{kind} {sent}"), strict=True))
        new = self._rows.with_suffix(".new")
        new.write_text("".join(f"{oid} {value}\n" for oid, value in (ROWS | counters).items()))
        new.replace(self._rows)


@pytest.mark.parametrize("wide", [True, False])
async def test_two_runs_of_the_ports_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wide: bool) -> None:
    monkeypatch.setenv("COMMUNITY", "public")
    monkeypatch.setattr(agent.line, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(between, "__defaults__", (0.0,))
    monkeypatch.setattr(utilisation_module, "SUSTAINED_SECONDS", 0.0)
    context, router = Context(tmp_path), Router(tmp_path)
    router.say(1000, 2000, wide=wide)

    async def run(port: int) -> Observation:
        reach = {"host": "127.0.0.1", "port": port, "community": {"env": "COMMUNITY"}}
        given = {"probe": "ports", "device": "router", "snmp": reach, "wan": {"names": ["wan"]}}
        return await observe(PROBE, PortsSettings.model_validate(given), context)

    with snmpd(router.conf()) as port:
        first = await run(port)
        router.say(1000 + 50_000_000, 2000 + 5_000_000, wide=wide)
        second = await run(port)
        router.say(0, 0, wide=wide)  # the counters were cleared
        third = await run(port)
    told = [
        {(r.measure, r.labels["direction"]): r.value for r in seen.readings if "direction" in r.labels}
        for seen in (first, second, third)
    ]
    assert [seen.outcome for seen in (first, second, third)] == ["ok", "ok", "ok"]
    assert told[0] == told[2] == {}
    assert {labels for _, labels in told[1]} == {"receive", "transmit"}
    ratio = told[1]["uplink_utilisation_ratio", "receive"]
    assert 0 < ratio <= 1
    assert told[1]["uplink_carried_bytes_per_second", "receive"] < 50_000_000 / 10
    assert context.line.load(60) == ratio
