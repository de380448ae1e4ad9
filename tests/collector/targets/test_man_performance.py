"""man_performance by table."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pytest

from collector.calendar import DEFAULT_CALENDAR, SchoolCalendar
from collector.evidence import Daily
from collector.judge import reaching, settled
from collector.targets import TARGETS
from collector.targets.man_performance import ID, ManPolicy
from tests.collector.hours import DAY, HOUR, at, hours, judged, reported, school_days, without
from tests.collector.making import NOW, codes, r, school, seen

DAYS = school_days()
MONDAY, TODAY = date(2026, 9, 7), date(2026, 9, 10)
BEFORE = school_days(date(2026, 9, 2), 6)
"""The school days of the period before."""
WHOLE = 5 * DAY + 2.5 * HOUR
GOOD = {"path_loss_ratio": 0.0, "path_jitter_seconds": 0.001, "path_round_trip_seconds": 0.003}
DEAD = {"path_loss_ratio": 1.0}


def path(
    name: str = "core",
    days: Iterable[date] = DAYS,
    means: Mapping[str, float] = GOOD,
    *,
    device: str = "",
    seconds: float | None = None,
) -> tuple[Daily, ...]:
    """A destination with these means on each of the days."""
    return tuple(
        row
        for day in days
        for measure, mean in means.items()
        for row in hours(measure, day, mean, seconds=seconds, device=device or name, probe="path", destination=name)
    )


def busy(mean: float, direction: str = "receive", days: Iterable[date] = DAYS) -> tuple[Daily, ...]:
    return tuple(
        row
        for day in days
        for row in hours(
            "uplink_utilisation_ratio", day, mean, device="router", probe="ports", port="wan", direction=direction
        )
    )


def state(*rows: tuple[Daily, ...], policy: ManPolicy | None = None) -> tuple[str, str]:
    found = judged(ID, reported(*rows), policy=policy)
    assert found.threshold == 0.9
    assert (found.attainment is None) == (found.state == "unknown")
    if found.attainment is not None:
        assert (found.attainment >= 1) == (found.state == "met")
        assert found.evidence
    if found.lowest is not None and found.highest is not None:
        assert found.lowest <= found.highest
    assert found.state == "met" or found.findings
    return found.state, found.reason.code


@pytest.mark.parametrize(
    ("measure", "fits", "breaks", "code"),
    [
        ("path_loss_ratio", 0.01, 0.0101, "path_loss_high"),
        ("path_jitter_seconds", 0.01, 0.0101, "path_jitter_high"),
        ("path_round_trip_seconds", 0.02, 0.0201, "path_round_trip_high"),
    ],
)
def test_limits(measure: str, fits: float, breaks: float, code: str) -> None:
    assert state(path(means={**GOOD, measure: fits})) == ("met", "man_performs")
    assert state(path(means={**GOOD, measure: breaks})) == ("unmet", code)
    monday = path(days=[MONDAY], means={**GOOD, measure: breaks})
    assert state(without(path(), MONDAY), monday) == ("unmet", code)
    today = path(days=[TODAY], means={**GOOD, measure: breaks})
    assert state(without(path(), TODAY), today) == ("met", "man_performs")


@pytest.mark.parametrize(
    ("rows", "state_", "code"),
    [
        pytest.param(without(path(), MONDAY), "unknown", "limit_half_watched", id="a-day-missing"),
        pytest.param(
            (*without(path(), MONDAY), *path(days=[MONDAY], seconds=DAY - WHOLE / 10)), "met", "man_performs", id="edge"
        ),
        pytest.param(
            (*without(path(), MONDAY), *path(days=[MONDAY], seconds=DAY - WHOLE / 10 - 1)),
            "unknown",
            "limit_half_watched",
            id="a-second-less",
        ),
        pytest.param((*path(), *path("cloud", means=DEAD)), "unknown", "path_never_answered", id="one-never-answered"),
        pytest.param(path(means=DEAD), "unknown", "path_never_answered", id="never-answered"),
        pytest.param(
            (*without(path(), MONDAY), *path(days=[MONDAY], means=DEAD)), "unmet", "path_loss_high", id="dead-for-a-day"
        ),
        pytest.param(
            (*path(days=BEFORE), *path(means=DEAD)), "unmet", "path_loss_high", id="dead-for-the-window-and-fine-before"
        ),
        pytest.param(
            (*path(), *path("cloud", means={**GOOD, "path_round_trip_seconds": 0.05})),
            "unmet",
            "path_round_trip_high",
            id="each-destination-counts",
        ),
        pytest.param((*path(), *path(device="second", means=DEAD)), "met", "man_performs", id="two-probes-of-one"),
        pytest.param(
            path(means={"path_loss_ratio": 0.0, "path_round_trip_seconds": 0.003}),
            "unknown",
            "limit_not_measured",
            id="no-jitter",
        ),
        pytest.param((), "unknown", "not_probed", id="nothing"),
    ],
)
def test_table(rows: tuple[Daily, ...], state_: str, code: str) -> None:
    assert state(rows) == (state_, code)


def test_the_policy_chooses_the_destinations() -> None:
    rows = (*path(), *path("cloud", means={**GOOD, "path_round_trip_seconds": 0.05}))
    assert state(rows, policy=ManPolicy(destinations=("ｃｏｒｅ ",)))[0] == "met"
    assert state(rows, policy=ManPolicy(destinations=("core", "moon"))) == ("unknown", "path_destination_missing")
    assert state(rows, policy=ManPolicy(destinations=("cloud", "moon"))) == ("unmet", "path_round_trip_high")


def test_the_value_is_what_the_worst_destination_kept() -> None:
    rows = (
        *path(),
        *without(path("cloud"), MONDAY),
        *path("cloud", [MONDAY], means={**GOOD, "path_jitter_seconds": 1.0}),
    )
    found = judged(ID, reported(rows))
    assert found.value == found.lowest == found.highest == pytest.approx(1 - DAY / WHOLE)
    assert found.attainment == pytest.approx((1 - DAY / WHOLE) / 0.9)


def test_a_school_that_never_reported_or_fell_silent() -> None:
    assert judged(ID, reported(last_report_at=None)).reason.code == "never_reported"
    silent = reported(without(path(), TODAY), without((), MONDAY), last_report_at=NOW - timedelta(hours=30))
    assert judged(ID, silent).state == "met"  # two and a half hours are less than a tenth
    gone = reported(path(days=DAYS[:3]), last_report_at=NOW - timedelta(days=3))
    assert judged(ID, gone).reason.code == "agent_silent"


def test_a_probe_that_may_not_ping_is_the_reason() -> None:
    refused = seen("path", "core", outcome="refused", detail="no right to ping")
    assert judged(ID, reported(latest=(refused,))).reason.code == "device_refused"
    beside = judged(ID, reported(path("cloud"), latest=(refused,)))
    assert (beside.state, beside.reason.code) == ("unknown", "device_refused")
    chosen = judged(ID, reported(path("cloud"), latest=(refused,)), policy=ManPolicy(destinations=("cloud",)))
    assert chosen.state == "met"


def test_a_destination_that_was_only_just_added_is_not_measured_yet() -> None:
    new = seen("path", "core", r("path_loss_ratio", 0, destination="core"))
    assert judged(ID, reported(path("cloud"), latest=(new,))).reason.code == "limit_not_measured"


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        (0.003, 0.003, None),
        (0.003, 0.0035, None),
        (0.010, 0.013, "上升"),
        (0.010, 0.007, "下降"),
        (0.010, 0.0119, None),
    ],
)
def test_the_trend(before: float, now: float, word: str | None) -> None:
    earlier = path(days=BEFORE, means={**GOOD, "path_round_trip_seconds": before})
    found = judged(ID, reported(earlier, path(means={**GOOD, "path_round_trip_seconds": now})))
    assert found.state == "met"
    trends = [finding.text.zh for finding in found.findings if finding.code == "path_trend"]
    assert (word in trends[0]) if word else not trends
    overall = {None: "平稳", "上升": "变差", "下降": "变好"}[word]
    assert overall in found.reason.text.zh


def test_without_a_period_before_there_is_no_trend() -> None:
    found = judged(ID, reported(path()))
    assert "前期无数据" in found.reason.text.zh
    older = path(days=[date(2026, 7, 1)], means={**GOOD, "path_round_trip_seconds": 1.0})
    assert judged(ID, reported(path(), older)) == found


def test_a_busy_uplink_is_reported_and_counts_where_the_policy_says() -> None:
    assert codes(judged(ID, reported(path()))) == {"utilisation_not_measured"}
    calm = judged(ID, reported(path(), busy(0.8), busy(0.2, "transmit")))
    assert (calm.state, codes(calm)) == ("met", set())
    full = judged(ID, reported(path(), busy(0.81), busy(0.2, "transmit")))
    assert (full.state, codes(full)) == ("met", {"uplink_busy"})
    assert "router wan 接收" in full.findings[0].text.zh
    counts = ManPolicy(utilisation_counts=True)
    assert state(path(), busy(0.81), busy(0.2, "transmit"), policy=counts) == ("unmet", "uplink_busy")
    assert state(path(), busy(0.8), busy(0.2, "transmit"), policy=counts) == ("met", "man_performs")
    assert state(path(), policy=counts) == ("unknown", "limit_not_measured")


def test_holidays_are_bridged_and_long_ones_end_it() -> None:
    now = at(date(2026, 10, 6), 12)
    september = [date(2026, 9, day) for day in (28, 29, 30)]
    rows = tuple(row for day in september for m, v in GOOD.items() for row in hours(
        m, day, v, now=now, device="core", probe="path", destination="core"))  # fmt: skip
    assert judged(ID, reported(rows, now=now), now=now).state == "met"
    off = SchoolCalendar(days_off=frozenset(date(2026, 7, 1) + timedelta(days=n) for n in range(62)))
    late = at(date(2026, 8, 30), 12)
    told = seen("path", "core", r("path_loss_ratio", 0, destination="core"))
    found = judged(ID, reported(now=late, latest=(told,)), now=late, calendar=off)
    assert (found.state, found.reason.code) == ("unknown", "no_school_hours")


def test_days_that_the_calendar_does_not_know() -> None:
    now = at(date(2026, 12, 30), 12)
    rows = tuple(row for day in school_days(date(2026, 12, 28)) for m, v in GOOD.items() for row in hours(
        m, day, v, now=now, device="core", probe="path", destination="core"))  # fmt: skip
    found = judged(ID, reported(rows, now=now), now=now, calendar=SchoolCalendar(holidays_until=2026))
    assert (found.state, found.reason.code) == ("unknown", "calendar_unknown")


def test_order_and_undeclared_evidence_make_no_difference() -> None:
    rows = (*path(days=[*BEFORE, *DAYS]), *path("cloud"), *busy(0.9))
    told = seen(
        "path", "core", r("path_loss_ratio", 0, destination="core"), r("path_jitter_seconds", 9, destination="x")
    )
    evidence = reported(rows, path(days=[date(2026, 9, 5)], means=DEAD), latest=(told, seen("ports", "sw")))
    found = judged(ID, evidence)
    assert judged(ID, reaching(TARGETS[ID], school("101"), evidence, DEFAULT_CALENDAR)) == found
    assert judged(ID, reported(evidence.daily[::-1], latest=evidence.latest[::-1])) == found


def test_full_marks_can_recover() -> None:
    assert settled(judged(ID, reported(path())), "unmet", ManPolicy()).state == "met"
