"""desktop_100m by table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from collector.evidence import Daily, Evidence
from collector.targets import TARGETS
from collector.targets.desktop_100m import DesktopPolicy
from collector.verdict import Reason
from tests.collector.equipment import ANY_SCHOOL, MEGABIT, info, mute_port, port, switch
from tests.collector.making import NOW, codes, known, r, rolled, seen, verdict


def edge(maximum: float, maximum_hours_ago: float, last: float, last_hours_ago: float) -> Daily:
    """The first day of the window: its best lies before the window, its last reading within."""
    row = rolled("ports", "sw1", port(1, maximum), hours_ago=maximum_hours_ago, last=last * MEGABIT)
    return replace(row, last_at=NOW - timedelta(hours=last_hours_ago), last_id="later")


@pytest.mark.parametrize(
    ("evidence", "state", "code", "bounds"),
    [
        pytest.param(known(switch(port(1, 1000), port(2, 100))), "met", "ports_fast", (1, 1), id="met"),
        pytest.param(known(switch(port(1, 1000), port(2, 10))), "unmet", "ports_slow", (0.5, 0.5), id="slow"),
        pytest.param(known(switch(port(1, 99.9))), "unmet", "ports_slow", (0, 0), id="just-short"),
        pytest.param(
            known(switch(port(1, 1000), mute_port(2))), "unknown", "ports_without_speed", (0.5, 1), id="no-speed"
        ),
        pytest.param(
            known(switch(port(1, 1000), port(2, 10), mute_port(3), port(4, 100))),
            "unmet",
            "ports_slow",
            (0.5, 0.75),
            id="slow-and-no-speed",
        ),
        pytest.param(known(switch()), "unknown", "no_access_ports", (None, None), id="nothing-linked"),
        pytest.param(
            known(switch(port(1, 1000)), switch(device="sw2", outcome="timeout")),
            "unknown",
            "device_timeout",
            (None, None),
            id="a-switch-is-missing",
        ),
        pytest.param(
            known(switch(port(1, 10)), switch(device="sw2", outcome="timeout")),
            "unmet",
            "ports_slow",
            (None, None),
            id="slow-is-enough",
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw1", port(1, 1000), hours_ago=20),)),
            "met",
            "ports_fast",
            (1, 1),
            id="asleep-now",
        ),
        pytest.param(
            known(switch(mute_port(1)), daily=(rolled("ports", "sw1", port(1, 1000), hours_ago=20),)),
            "met",
            "ports_fast",
            (1, 1),
            id="no-speed-now",
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw1", port(1, 1000), hours_ago=169),)),
            "unmet",
            "ports_slow",
            (0, 0),
            id="fast-too-long-ago",
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw2", port(1, 1000), hours_ago=2),)),
            "unmet",
            "ports_slow",
            (0, 0),
            id="another-switch-was-fast",
        ),
        pytest.param(
            known(switch(port(1, 100), r("rows_seen", 10, table="ifTable"), r("rows_expected", 24, table="ifTable"))),
            "unknown",
            "table_incomplete",
            (None, None),
            id="rows-missing",
        ),
    ],
)
def test_desktop(evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]) -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, evidence)
    assert (found.state, found.reason.code, (found.lowest, found.highest)) == (state, code, bounds)


def linked(number: int, megabits: float, hours_ago: float, *, device: str = "sw1", last: float | None = None) -> Daily:
    end = None if last is None else last * MEGABIT
    return rolled("ports", device, port(number, megabits), hours_ago=hours_ago, last=end)


@pytest.mark.parametrize(
    ("evidence", "state", "bounds"),
    [
        pytest.param(known(switch(), daily=(linked(1, 1000, 14), linked(2, 100, 14))), "met", (1, 1), id="all-off"),
        pytest.param(known(switch(), daily=(linked(1, 1000, 14), linked(2, 10, 14))), "unmet", (0.5, 0.5), id="slow"),
        pytest.param(known(switch(), daily=(linked(1, 10, 167),)), "unmet", (0, 0), id="just-within-the-window"),
        pytest.param(known(switch(), daily=(linked(1, 10, 169),)), "unknown", (None, None), id="just-outside"),
        pytest.param(
            known(switch(), daily=(edge(1000, maximum_hours_ago=169, last=10, last_hours_ago=160),)),
            "unmet",
            (0, 0),
            id="the-best-of-the-first-day-lies-before-the-window",
        ),
        pytest.param(
            known(switch(), daily=(edge(1000, maximum_hours_ago=169, last=100, last_hours_ago=160),)),
            "met",
            (1, 1),
            id="the-last-of-the-first-day-is-enough",
        ),
        pytest.param(
            known(switch(), daily=(rolled("ports", "sw1", mute_port(1), hours_ago=14),)), "unknown", (0, 1), id="mute"
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw1", mute_port(1), hours_ago=14),)),
            "unknown",
            (0, 1),
            id="asleep-now-and-mute-by-day",
        ),
        pytest.param(
            known(switch(), daily=(linked(1, 1000, 14), linked(1, 10, 14, device="gone"))), "met", (1, 1), id="removed"
        ),
        pytest.param(
            known(switch(), switch(device="sw2", outcome="timeout"), daily=(linked(1, 10, 14, device="sw2"),)),
            "unmet",
            (None, None),
            id="slow-on-a-switch-that-fails-now",
        ),
        pytest.param(
            known(switch(outcome="timeout"), daily=(linked(1, 1000, 14),)), "unknown", (None, None), id="fails-now"
        ),
        pytest.param(
            known(seen("ports", "sw1", ago=1000), daily=(linked(1, 10, 14),)), "unknown", (None, None), id="stale"
        ),
        pytest.param(
            known(seen("another", "sw9", port(1, 1000)), switch(port(1, 1000))), "met", (1, 1), id="another-probe"
        ),
        pytest.param(
            known(seen("another", "sw9"), switch(), daily=(rolled("another", "sw9", port(1, 10), hours_ago=14),)),
            "unmet",
            (0, 0),
            id="another-probe-by-its-roll-ups",
        ),
        pytest.param(
            known(switch(port(1, 1000), info(1, "101")), daily=(linked(1, 100, 14), linked(9, 10, 14))),
            "met",
            (1, 1),
            id="renumbered",
        ),
        pytest.param(
            known(switch(port(1, 1000), info(1, "101"), info(2, "101", role="uplink")), daily=(linked(2, 10, 14),)),
            "met",
            (1, 1),
            id="an-uplink-by-now",
        ),
    ],
)
def test_a_port_is_what_it_was_in_the_window(
    evidence: Evidence, state: str, bounds: tuple[float | None, float | None]
) -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, evidence)
    assert (found.state, (found.lowest, found.highest)) == (state, bounds)


def test_the_night_says_what_the_day_said() -> None:
    day = tuple(linked(number, 1000 if number else 10, 8) for number in range(4))
    noon = verdict(
        "desktop_100m", ANY_SCHOOL, known(switch(*(port(n, 1000 if n else 10) for n in range(4))), daily=day)
    )
    night = verdict("desktop_100m", ANY_SCHOOL, known(switch(), daily=day))
    assert (noon.state, noon.value) == (night.state, night.value) == ("unmet", 0.75)


def test_a_moved_port_is_one_port_at_its_new_place() -> None:
    daily = (rolled("ports", "sw1", port(1, 10, "101"), hours_ago=30),)
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 10, "102")), daily=daily))
    assert (found.lowest, found.highest) == (0, 0)
    (finding,) = found.findings
    assert "102" in finding.text.en


@pytest.mark.parametrize(
    ("now", "fell"),
    [(100, True), (1000, False), (10, False), (0.0, False), (99.9, True)],
    ids=["to-100M", "not", "asleep", "no-speed", "below"],
)
def test_a_port_that_fell_from_a_gigabit_is_a_finding_and_no_verdict(now: float, fell: bool) -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, now)), daily=(linked(1, 1000, 30),)))
    assert found.state == "met"
    assert codes(found) == ({"port_fell"} if fell else set())


def test_a_port_without_a_link_now_did_not_fall() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(), daily=(linked(1, 1000, 30), linked(1, 100, 5))))
    assert (found.state, found.findings) == ("met", ())


@pytest.mark.parametrize(
    ("now", "daily", "fell"),
    [
        pytest.param(100, (linked(1, 1000, 24 * 20),), True, id="three-weeks-ago"),
        pytest.param(None, (linked(1, 1000, 24 * 20), linked(1, 100, 14)), True, id="off-now"),
        pytest.param(10, (linked(1, 1000, 24 * 20), linked(1, 100, 14)), True, id="asleep-now"),
        pytest.param(100, (linked(1, 1000, 24 * 31),), False, id="longer-ago-than-the-history"),
        pytest.param(100, (linked(2, 1000, 24 * 20),), False, id="another-port"),
        pytest.param(10, (linked(1, 1000, 24 * 20), linked(1, 1000, 14)), False, id="asleep-and-well"),
        pytest.param(None, (linked(1, 1000, 24 * 20),), False, id="off-for-weeks"),
    ],
)
def test_a_fall_is_told_from_the_ports_own_history(now: float | None, daily: tuple[Daily, ...], fell: bool) -> None:
    ports = () if now is None else (port(1, now),)
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(*ports, info(1, "101"), info(2, "")), daily=daily))
    assert ("port_fell" in codes(found)) == fell
    if fell:
        (finding,) = (one for one in found.findings if one.code == "port_fell")
        assert "曾协商到 1 Gbit/s，现在只有 100 Mbit/s" in finding.text.zh
        assert "once negotiated 1 Gbit/s and now only 100 Mbit/s" in finding.text.en


def test_the_history_is_read_as_far_back_as_it_counts() -> None:
    assert TARGETS["desktop_100m"].policy().look_back_days == 30
    week = DesktopPolicy(history_days=7)
    daily = (linked(1, 1000, 24 * 20),)
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 100)), daily=daily), week)
    assert codes(found) == set()


def test_what_the_best_rests_on_is_evidence() -> None:
    daily = (rolled("ports", "sw1", port(1, 1000), hours_ago=30, made_by="that-run"),)
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 10)), daily=daily))
    assert "that-run" in {item.observation for item in found.evidence}


def test_a_slow_port_is_named() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 1000), port(2, 10, "计算机教室"))))
    (finding,) = found.findings
    assert finding.text.zh.startswith("sw1 端口 ge2（计算机教室）最高只协商到 10 Mbit/s")
    assert (found.value, found.attainment) == (0.5, 0.5)


def test_findings_are_bounded() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(*(port(number, 10) for number in range(250)))))
    assert len(found.findings) == 100
    assert found.findings[-1] == Reason("and_more", {"count": 151})
