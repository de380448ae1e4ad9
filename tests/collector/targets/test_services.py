"""What is the same for every district service: availability in school hours, by table."""

from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter

import pytest
from pydantic import ValidationError

from collector.calendar import DEFAULT_CALENDAR, SchoolCalendar, Term
from collector.evidence import Daily
from collector.judge import reaching
from collector.targets import TARGETS
from collector.targets._service import SYSTEMS, ServicePolicy
from collector.targets.exam_marking import ID
from collector.verdict import Verdict
from tests.collector.hours import DAY, HOUR, at, judged, reported, school_days, span, up, week, without
from tests.collector.making import NOW, codes, r, school, seen

DAYS = school_days()
MONDAY, WEDNESDAY, TODAY = date(2026, 9, 7), date(2026, 9, 9), date(2026, 9, 10)
WHOLE = 5 * DAY + 2.5 * HOUR
"""School seconds of the window that ends at NOW: five whole days, and today from 7:30 to 10:00."""
ALLOWED = WHOLE / 100
WEEK = week(ID)


def day_of(day: date, good: float | None = None, watched: float | None = None) -> tuple[Daily, ...]:
    """The week with another Monday (or whichever day)."""
    return (*without(WEEK, day), *up(ID, day, good, watched))


def test_the_window_is_what_these_tests_think_it_is() -> None:
    assert [date(2026, 9, day) for day in (3, 4, 7, 8, 9, 10)] == DAYS
    assert sum(span(day) for day in DAYS) == WHOLE


@pytest.mark.parametrize(
    ("rows", "state", "code", "bounds"),
    [
        pytest.param(WEEK, "met", "service_available", (1, 1), id="all-good"),
        pytest.param(day_of(MONDAY, DAY - ALLOWED), "met", "service_available", (0.99, 0.99), id="exactly-99-percent"),
        pytest.param(
            day_of(MONDAY, DAY - ALLOWED - 1),
            "unmet",
            "service_unavailable",
            (0.99 - 1 / WHOLE, 0.99 - 1 / WHOLE),
            id="a-second-less",
        ),
        pytest.param(
            day_of(MONDAY, DAY - ALLOWED, DAY - ALLOWED), "met", "service_available", (0.99, 1), id="unwatched-just-met"
        ),
        pytest.param(
            day_of(MONDAY, DAY - ALLOWED - 1, DAY - ALLOWED - 1),
            "unknown",
            "service_half_watched",
            (0.99 - 1 / WHOLE, 1),
            id="unwatched-a-second-more",
        ),
        pytest.param(
            day_of(MONDAY, 0, ALLOWED), "unknown", "service_half_watched", (1 - DAY / WHOLE, 0.99), id="could-be-met"
        ),
        pytest.param(
            day_of(MONDAY, 0, ALLOWED + 1),
            "unmet",
            "service_unavailable",
            (1 - DAY / WHOLE, 0.99 - 1 / WHOLE),
            id="cannot-be-met",
        ),
        pytest.param(
            without(WEEK, MONDAY), "unknown", "service_half_watched", (1 - DAY / WHOLE, 1), id="a-day-missing"
        ),
        pytest.param(without(WEEK, TODAY), "unknown", "service_half_watched", (50 / 52.5, 1), id="nothing-today"),
        pytest.param(up(ID, TODAY), "unknown", "service_half_watched", (2.5 / 52.5, 1), id="a-new-agent"),
        pytest.param(up(ID, TODAY, 0), "unmet", "service_unavailable", (0, 50 / 52.5), id="new-and-down"),
        pytest.param(
            day_of(TODAY, 2 * span(TODAY), 2 * span(TODAY)), "met", "service_available", (1, 1), id="runs-overlap"
        ),
        pytest.param(
            day_of(MONDAY, DAY, 2 * DAY),
            "unmet",
            "service_unavailable",
            (1 - DAY / 2 / WHOLE, 1 - DAY / 2 / WHOLE),
            id="overlapping-runs-count-for-less-each",
        ),
        pytest.param(
            (*WEEK, *up(ID, date(2026, 9, 5), 0, DAY), *up(ID, date(2026, 9, 2), 0, DAY)),
            "met",
            "service_available",
            (1, 1),
            id="saturday-and-before-the-window",
        ),
        pytest.param(day_of(MONDAY, -7, DAY), "unmet", "service_unavailable", None, id="nonsense-below-zero"),
        pytest.param(day_of(MONDAY, 1e300, DAY), "met", "service_available", (1, 1), id="nonsense-above-one"),
    ],
)
def test_availability(rows: tuple[Daily, ...], state: str, code: str, bounds: tuple[float, float] | None) -> None:
    found = judged(ID, reported(rows))
    assert (found.state, found.reason.code) == (state, code), found.reason.text.en
    assert found.threshold == 0.99
    if bounds:
        assert [found.lowest, found.highest] == pytest.approx(bounds, abs=1e-9)
    assert found.value == (None if state == "unknown" else found.lowest)
    assert (found.attainment is None) == (state == "unknown")
    if found.attainment is not None:
        assert (found.attainment >= 1) == (state == "met")
    assert found.evidence
    assert state == "met" or found.findings


@pytest.mark.parametrize(
    ("others", "state", "bounds"),
    [
        pytest.param(up(ID, MONDAY, 0, DAY, service="backup"), "met", (1, 1), id="a-bad-one-beside-a-good-one"),
        pytest.param(up(ID, MONDAY, service="backup"), "met", (1, 1), id="both-good"),
    ],
)
def test_any_service_that_works_is_enough(others: tuple[Daily, ...], state: str, bounds: tuple[float, float]) -> None:
    found = judged(ID, reported(WEEK, others))
    assert (found.state, found.lowest, found.highest) == (state, *bounds)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(up(ID, MONDAY, DAY / 2, DAY, service="backup"), id="service"),
        pytest.param(up(ID, MONDAY, DAY / 2, DAY, device="portal-2"), id="device"),
        pytest.param(tuple(replace(row, probe="web") for row in up(ID, MONDAY, DAY / 2, DAY)), id="probe"),
    ],
)
def test_two_sources_of_a_day_bound_each_other(second: tuple[Daily, ...]) -> None:
    """Half a day each: together they may have worked all day or half of it."""
    found = judged(ID, reported(day_of(MONDAY, DAY / 2), second))
    assert (found.state, found.reason.code) == ("unknown", "service_half_watched")
    assert found.lowest == pytest.approx(1 - DAY / 2 / WHOLE)
    assert found.highest == 1


def test_a_renamed_service_keeps_what_was_measured_under_its_old_name() -> None:
    renamed = [up(ID, day, service="new", device="new") for day in DAYS[3:]]
    found = judged(ID, reported(tuple(row for row in WEEK if row.day < DAYS[3]), *renamed))
    assert found.state == "met"


def test_a_service_that_is_surely_down_in_part_whatever_the_other_did() -> None:
    """Down for all of a day, and the other one up for two hours of it: eight hours are surely lost."""
    found = judged(ID, reported(day_of(MONDAY, 0), up(ID, MONDAY, 2 * HOUR, 4 * HOUR, service="backup")))
    assert [found.lowest, found.highest] == pytest.approx([1 - 8 * HOUR / WHOLE] * 2)
    assert found.state == "unmet"


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_is_judged_by_its_own_services(system: str) -> None:
    found = judged(system, reported(*(week(other) for other in SYSTEMS if other != system)))
    assert (found.state, found.reason.code) == ("unknown", "not_probed")
    assert SYSTEMS[system].zh in found.reason.text.zh
    assert judged(system, reported(week(system))).lowest == 1
    lost = judged(system, reported(*(up(system, day, 0) for day in DAYS)))
    assert (lost.state, lost.reason.code) == ("unmet", "service_unavailable")
    assert lost.value == 0


def test_a_school_that_never_reported() -> None:
    found = judged(ID, reported(last_report_at=None, first_report_at=None))
    assert (found.state, found.reason.code) == ("unknown", "never_reported")


def test_an_agent_that_is_silent_is_named_before_what_it_missed() -> None:
    since = NOW - timedelta(hours=2)
    found = judged(ID, reported(without(WEEK, TODAY), last_report_at=since))
    assert (found.state, found.reason.code) == ("unknown", "agent_silent")
    assert "08:00" in found.reason.text.zh


def test_a_silent_agent_after_school_takes_nothing_back() -> None:
    evening = at(TODAY, 23)
    evidence = reported(week(ID, now=evening), now=evening, last_report_at=at(TODAY, 17, 40))
    assert judged(ID, evidence, now=evening).state == "met"


def test_a_probe_that_fails_before_it_tells_anything_is_the_reason() -> None:
    broken = seen("service", "portal", outcome="crashed", detail="KeyError")
    found = judged(ID, reported(latest=(broken,)))
    assert (found.state, found.reason.code) == ("unknown", "device_crashed")
    assert codes(found) == {"not_probed", "device_crashed"}
    other = judged(ID, reported(week("video_on_demand"), latest=(broken,)))
    assert other.reason.code == "not_probed"  # that device is known to be another system's


def test_a_probe_that_stopped_telling_is_pointed_out() -> None:
    broken = seen("service", "portal", outcome="crashed", detail="KeyError")
    found = judged(ID, reported(without(WEEK, TODAY), latest=(broken,)))
    assert found.reason.code == "service_half_watched"
    assert codes(found) == {"service_half_watched", "service_unwatched", "device_crashed"}
    old = broken.model_copy(update={"started_at": NOW - timedelta(hours=1)})
    assert "stale" in codes(judged(ID, reported(without(WEEK, TODAY), latest=(old,))))


def test_the_reason_says_when_it_can_be_met_at_the_earliest() -> None:
    """A new agent has to watch seven days; a gap of half a day has to leave the window."""
    assert judged(ID, reported(up(ID, TODAY))).reason.values["earliest"] == "2026-09-17"
    gap = judged(ID, reported(day_of(MONDAY, DAY / 2, DAY / 2)))
    assert gap.reason.values["earliest"] == "2026-09-15"
    assert [f.values["day"] for f in gap.findings if f.code == "service_unwatched"] == ["2026-09-07"]
    assert "service_half_watched" in codes(gap)


def test_the_day_on_which_it_can_be_met_is_kept() -> None:
    """All good from then on, the verdict is met on that day and not a day before."""
    for day, state in ((date(2026, 9, 14), "unknown"), (date(2026, 9, 15), "met")):
        now = at(day, 12)
        rows = without(week(ID, now=now), MONDAY)
        half = up(ID, MONDAY, DAY / 2, DAY / 2) if day - timedelta(days=7) <= MONDAY else ()
        assert judged(ID, reported(rows, half, now=now), now=now).state == state


def test_what_is_down_now_says_since_when() -> None:
    down = seen("service", "portal", r("service_up", 0, system=ID, service="main"))
    found = judged(ID, reported(WEEK, latest=(down,)))
    assert (found.state, codes(found)) == ("met", {"service_down"})
    assert "最近一次可用：2026-09-10 09:59" in found.findings[0].text.zh
    never = judged(ID, reported(*(up(ID, day, 0) for day in DAYS), latest=(down,)))
    assert "一次也没有" in next(f.text.zh for f in never.findings if f.code == "service_down")
    old = down.model_copy(update={"started_at": NOW - timedelta(hours=1)})
    assert codes(judged(ID, reported(WEEK, latest=(old,)))) == set()


def test_the_minutes_of_each_day_are_named() -> None:
    found = judged(ID, reported(day_of(MONDAY, DAY - 90)))
    assert [f.text.en for f in found.findings] == [
        "'main' did not work for 1.5 minutes of the school hours of 2026-09-07"
    ]


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (-1, "certificate_expired"),
        (13.9, "certificate_expiring"),
        (14, None),
        (1e300, None),
        (-1e300, "certificate_expired"),
    ],
)
def test_certificates(days: float, code: str | None) -> None:
    ends = NOW.timestamp() + days * 86400
    told = seen(
        "service",
        "portal",
        r("service_up", 1, system=ID, service="main"),
        r("service_certificate_expiry_timestamp_seconds", ends, system=ID, service="main"),
    )
    found = judged(ID, reported(WEEK, latest=(told,)))
    assert found.state == "met"
    assert codes(found) == ({code} if code else set())


def test_national_day_is_bridged() -> None:
    """On 8 October the last seven days hold no school day before today: the last three before the holidays count."""
    now = at(date(2026, 10, 8), 9)
    before = [date(2026, 9, day) for day in (28, 29, 30)]
    rows = [up(ID, day, now=now) for day in (*before, now.date())]
    assert judged(ID, reported(*rows, now=now), now=now).state == "met"
    lost = [*rows[1:], up(ID, before[0], DAY - HOUR, DAY)]
    assert judged(ID, reported(*lost, now=now), now=now).state == "unmet"
    holiday = at(date(2026, 10, 4), 12)
    assert judged(ID, reported(*rows[:-1], now=holiday), now=holiday).state == "met"
    strict = ServicePolicy(min_school_days=0)
    gone = judged(ID, reported(*rows[:-1], now=at(date(2026, 10, 7), 23)), now=at(date(2026, 10, 7), 23), policy=strict)
    assert gone.state == "met"  # 30 September is still within seven days


def test_make_up_workdays_are_school_days() -> None:
    saturday = date(2026, 10, 10)
    now = at(saturday, 17, 30)
    days = [date(2026, 9, 30), date(2026, 10, 8), date(2026, 10, 9)]
    rows = [up(ID, day, now=now) for day in days]
    assert judged(ID, reported(*rows, now=now), now=now).reason.code == "service_half_watched"
    assert judged(ID, reported(*rows, up(ID, saturday, now=now), now=now), now=now).state == "met"


def test_after_too_long_a_vacation_nothing_is_said() -> None:
    summer = SchoolCalendar(
        terms=(
            Term("2026 春", date(2026, 3, 2), date(2026, 6, 30)),
            Term("2026 秋", date(2026, 9, 1), date(2027, 1, 22)),
        )
    )
    in_june = [up(ID, date(2026, 6, day)) for day in (26, 29, 30)]
    early, late = at(date(2026, 8, 10), 12), at(date(2026, 8, 20), 12)
    assert judged(ID, reported(*in_june, now=early), now=early, calendar=summer).state == "met"
    told = seen("service", "portal", r("service_up", 1, system=ID, service="main"))
    found = judged(ID, reported(*in_june, now=late, latest=(told,)), now=late, calendar=summer)
    assert (found.state, found.reason.code) == ("unknown", "no_school_hours")
    assert found.reason.values["next"] == "2026-09-01"
    first = at(date(2026, 9, 1), 12)
    assert judged(ID, reported(up(ID, first.date(), now=first), now=first), now=first, calendar=summer).state == "met"


def test_a_year_that_the_calendar_does_not_know() -> None:
    """From 29 December on nothing is known, since a New Year's holiday may move those days."""
    now = at(date(2027, 1, 6), 12)
    unknown = SchoolCalendar(holidays_until=2026)
    days = [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 6)]
    told = seen("service", "portal", r("service_up", 1, system=ID, service="main"))
    good = reported(*(up(ID, day, now=now) for day in days), now=now, latest=(told,))
    found = judged(ID, good, now=now, calendar=unknown)
    assert (found.state, found.reason.code) == ("unknown", "calendar_unknown")
    assert (found.lowest, found.highest) == (0, 1)
    whole = {"school_days": frozenset(days), "days_off": frozenset(date(2027, 1, d) for d in (1, 2, 3))}
    known = SchoolCalendar(**whole, holidays_until=2026)  # type: ignore[arg-type]
    assert judged(ID, good, now=now, calendar=known).state == "met"


def test_unknown_days_bound_the_share_like_hours_that_nobody_watched() -> None:
    """On 29 December four school days and three hours of an unknown day: the day can be all bad, all good or off."""
    now = at(date(2026, 12, 29), 10, 30)
    unknown = SchoolCalendar(holidays_until=2026)
    days = [date(2026, 12, day) for day in (22, 23, 24, 25, 28)]
    whole = len(days) * DAY + 3 * HOUR

    def on(lost: float) -> Verdict:
        rows = [up(ID, day, now=now) for day in days[1:]]
        return judged(ID, reported(*rows, up(ID, days[0], DAY - lost, DAY), now=now), now=now, calendar=unknown)

    good = on(0)
    assert (good.state, good.reason.code, good.highest) == ("unknown", "calendar_unknown", 1)
    assert good.lowest == pytest.approx(1 - 3 * HOUR / whole)
    assert good.reason.values == {"year": 2026, "days": 1}
    assert on(whole / 100 + 1).state == "unmet"  # whatever that day is
    assert on(whole / 100 - 1).state == "unknown"


def test_before_school_nothing_is_asked_of_today() -> None:
    early = at(TODAY, 7)
    rows = without(week(ID, now=early), TODAY)
    assert judged(ID, reported(rows, now=early), now=early).state == "met"


def test_the_order_of_the_roll_ups_makes_no_difference() -> None:
    rows = (*day_of(MONDAY, DAY / 3), *up(ID, MONDAY, DAY / 7, service="backup"))
    assert judged(ID, reported(rows)) == judged(ID, reported(rows[::-1]))


def test_it_reads_nothing_that_it_did_not_declare() -> None:
    told = seen("service", "portal", r("service_up", 0, system=ID, service="main"), r("service_response_seconds", 1))
    evidence = reported(
        day_of(MONDAY, DAY / 3),
        up(ID, date(2026, 9, 5), 0, DAY),
        *map(week, SYSTEMS),
        latest=(told, seen("ports", "sw")),
    )
    for system in SYSTEMS:
        narrowed = reaching(TARGETS[system], school("101"), evidence, DEFAULT_CALENDAR)
        assert judged(system, narrowed) == judged(system, evidence)


def test_the_recovery_margin_must_leave_room() -> None:
    assert ServicePolicy(at_least=1, recovery_margin=0)
    with pytest.raises(ValidationError, match="recovery_margin"):
        ServicePolicy(at_least=1)
    with pytest.raises(ValidationError, match="fit_share"):
        TARGETS["video_on_demand"].policy(fit_share=1)


def test_an_evaluation_is_quick() -> None:
    also = {"service_loss_ratio": 0.0, "service_jitter_seconds": 0.001, "service_round_trip_seconds": 0.01}
    evidence = reported(*(week(system, also) for system in SYSTEMS))
    for target in (*SYSTEMS, "man_performance"):
        judged(target, evidence)
        spent = []
        for _ in range(20):
            begun = perf_counter()
            judged(target, evidence)
            spent.append(perf_counter() - begun)
        assert min(spent) < 0.003, target
