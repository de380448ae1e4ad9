"""video_on_demand, video_conference and live_streaming: what their samples were like, by table."""

from datetime import date

import pytest

from collector.calendar import DEFAULT_CALENDAR
from collector.evidence import Daily
from collector.judge import reaching, settled
from collector.targets import TARGETS
from collector.targets.base import TargetPolicy
from collector.targets.live_streaming import LiveStreamingPolicy
from collector.targets.video_conference import VideoConferencePolicy
from collector.targets.video_on_demand import VideoOnDemandPolicy
from tests.collector.hours import DAY, HOUR, hours, judged, reported, school_days, span, up, week, without
from tests.collector.making import codes, school

DAYS = school_days()
MONDAY, TODAY = date(2026, 9, 7), date(2026, 9, 10)
WHOLE = 5 * DAY + 2.5 * HOUR
STALL, DELIVERY = "service_sample_stall_seconds", "service_delivery_ratio"
LOSS, JITTER, TRIP = "service_loss_ratio", "service_jitter_seconds", "service_round_trip_seconds"
GOOD: dict[str, dict[str, float]] = {
    "video_on_demand": {STALL: 0},
    "live_streaming": {DELIVERY: 3},
    "video_conference": {LOSS: 0.001, JITTER: 0.002, TRIP: 0.01},
}
BROKEN = {
    STALL: "sample_stalls",
    DELIVERY: "stream_too_slow",
    LOSS: "path_loss_high",
    JITTER: "path_jitter_high",
    TRIP: "path_round_trip_high",
}
EDGES = [
    pytest.param("video_on_demand", STALL, 0.1, 0.1001, id="stall"),
    pytest.param("live_streaming", DELIVERY, 1.0001, 1.0, id="delivery"),
    pytest.param("video_conference", LOSS, 0.01, 0.0101, id="loss"),
    pytest.param("video_conference", JITTER, 0.03, 0.0301, id="jitter"),
    pytest.param("video_conference", TRIP, 0.3, 0.301, id="round-trip"),
]


def a_day(system: str, measure: str, day: date, mean: float, seconds: float | None = None) -> tuple[Daily, ...]:
    return hours(measure, day, mean, seconds=seconds, system=system, service="main")


def good_but(system: str, measure: str, *others: tuple[Daily, ...], days: tuple[date, ...]) -> tuple[Daily, ...]:
    """A good week with other roll-ups of one measure on some days."""
    rows = week(system, GOOD[system])
    for day in days:
        rows = without(rows, day, measure)
    return (*rows, *(row for other in others for row in other))


@pytest.mark.parametrize(("system", "measure", "fits", "breaks"), EDGES)
def test_limits(system: str, measure: str, fits: float, breaks: float) -> None:
    def on(mean: float, days: list[date]) -> tuple[str, str]:
        others = [a_day(system, measure, day, mean) for day in days]
        found = judged(system, reported(good_but(system, measure, *others, days=tuple(days))))
        assert found.value is not None
        assert found.threshold == 0.99
        assert (found.attainment or 0) >= 1 if found.state == "met" else (found.attainment or 0) < 1
        return found.state, found.reason.code

    assert on(fits, DAYS) == ("met", "all_parts_hold")
    assert on(breaks, DAYS) == ("unmet", BROKEN[measure])
    assert on(breaks, [MONDAY]) == ("unmet", BROKEN[measure]), "one bad day of a week is too many"
    assert on(breaks, [TODAY]) == ("met", "all_parts_hold"), "two and a half hours are less than a tenth"


@pytest.mark.parametrize(("system", "measure", "fits", "breaks"), EDGES)
def test_partial_evidence(system: str, measure: str, fits: float, breaks: float) -> None:
    def on(*others: tuple[Daily, ...], days: tuple[date, ...] = (MONDAY,)) -> tuple[str, str]:
        found = judged(system, reported(good_but(system, measure, *others, days=days)))
        return found.state, found.reason.code

    assert on() == ("unknown", "limit_half_watched")
    nine_tenths = DAY - WHOLE / 10
    assert on(a_day(system, measure, MONDAY, fits, nine_tenths)) == ("met", "all_parts_hold")
    assert on(a_day(system, measure, MONDAY, fits, nine_tenths - 1)) == ("unknown", "limit_half_watched")
    assert on(days=tuple(DAYS)) == ("unknown", "limit_not_measured")
    a_minute = a_day(system, measure, MONDAY, breaks, 60)
    assert on(a_minute) == ("unknown", "limit_half_watched"), "the rest of the day may have made up for it"


def test_a_day_is_bad_when_the_best_of_the_rest_could_not_make_up_for_it() -> None:
    """Ten hours with at most 0.1 s on average: more than 1 s for one of them is too much, whatever the others were."""

    def on(mean: float) -> str:
        one_hour = a_day("video_on_demand", STALL, MONDAY, mean, HOUR)
        return judged("video_on_demand", reported(good_but("video_on_demand", STALL, one_hour, days=(MONDAY,)))).state

    assert on(1.0) == "unknown"
    assert on(1.01) == "unmet"


@pytest.mark.parametrize("system", GOOD)
def test_the_service_itself_comes_first(system: str) -> None:
    also = GOOD[system]
    down = (*without(week(system, also), MONDAY, "service_up"), *up(system, MONDAY, 0))
    assert judged(system, reported(down)).reason.code == "service_unavailable"
    blind = without(week(system, also), MONDAY, "service_up")
    assert judged(system, reported(blind)).reason.code == "service_half_watched"
    worse = tuple(row for row in week(system, also) if not row.measure.startswith("service_up"))
    found = judged(system, reported(worse))
    assert (found.state, found.reason.code) == ("unknown", "not_probed")


@pytest.mark.parametrize("system", GOOD)
def test_a_broken_limit_is_unmet_even_where_the_availability_is_unknown(system: str) -> None:
    measure = next(iter(GOOD[system]))
    bad = 0.5 if measure == DELIVERY else 0.9
    rows = without(good_but(system, measure, a_day(system, measure, MONDAY, bad), days=(MONDAY,)), TODAY, "service_up")
    found = judged(system, reported(rows))
    assert (found.state, found.reason.code) == ("unmet", BROKEN[measure])
    assert (found.value, found.highest) == (None, 1)
    assert {"service_half_watched", "limit_broken_on_day"} <= codes(found)


def test_the_worst_of_several_limits_is_named() -> None:
    rows = good_but(
        "video_conference",
        LOSS,
        *(a_day("video_conference", LOSS, day, 0.05) for day in (MONDAY,)),
        days=(MONDAY,),
    )
    rows = tuple(row for row in rows if not row.measure.startswith(JITTER))
    rows += tuple(row for day in DAYS for row in a_day("video_conference", JITTER, day, 0.05))
    found = judged("video_conference", reported(rows))
    assert (found.state, found.reason.code, found.attainment) == ("unmet", "path_jitter_high", 0)
    assert {"path_loss_high", "path_jitter_high", "limit_broken_on_day"} == codes(found)
    day = next(f for f in found.findings if f.code == "limit_broken_on_day")
    assert day.text.zh == "视频会议：2026-09-07 的丢包率平均为 5 %，应不超过 1 %"


def test_a_path_that_loses_everything_has_no_round_trip() -> None:
    """A day of total loss: jitter and round trip are missing, and the loss decides."""
    rows = without(week("video_conference", GOOD["video_conference"]), MONDAY)
    dead = (*up("video_conference", MONDAY, 0), *a_day("video_conference", LOSS, MONDAY, 1))
    found = judged("video_conference", reported(rows, dead))
    assert found.state == "unmet"
    assert {"path_loss_high", "service_unavailable", "limit_half_watched"} <= codes(found)


def test_any_service_of_the_system_that_keeps_the_limit_is_enough() -> None:
    bad = hours(STALL, MONDAY, 5, system="video_on_demand", service="backup")
    assert judged("video_on_demand", reported(week("video_on_demand", {STALL: 0.0}), bad)).state == "met"


@pytest.mark.parametrize(
    ("system", "measure", "mean", "policy"),
    [
        ("video_on_demand", STALL, 2, VideoOnDemandPolicy(stall_at_most_seconds=2)),
        ("live_streaming", DELIVERY, 1.4, LiveStreamingPolicy(delivery_above=1.5)),
        ("video_conference", TRIP, 0.2, VideoConferencePolicy(round_trip_at_most_seconds=0.15)),
    ],
)
def test_the_district_sets_the_limits(system: str, measure: str, mean: float, policy: TargetPolicy) -> None:
    rows = reported(good_but(system, measure, *(a_day(system, measure, day, mean) for day in DAYS), days=tuple(DAYS)))
    assert judged(system, rows, policy=policy).state != judged(system, rows).state


@pytest.mark.parametrize("system", GOOD)
def test_a_met_target_can_recover(system: str) -> None:
    """Full marks must be above the margin, else what was once unmet could never be met again."""
    found = judged(system, reported(week(system, GOOD[system])))
    assert settled(found, "unmet", TARGETS[system].policy()).state == "met"


@pytest.mark.parametrize("system", GOOD)
def test_it_reads_nothing_that_it_did_not_declare(system: str) -> None:
    evidence = reported(*(week(other, also) for other, also in GOOD.items()))
    narrowed = reaching(TARGETS[system], school("101"), evidence, DEFAULT_CALENDAR)
    assert len(narrowed.daily) < len(evidence.daily)
    assert judged(system, narrowed) == judged(system, evidence)


@pytest.mark.parametrize("mean", [float("inf"), float("nan"), -5.0])
def test_nonsense_does_no_harm(mean: float) -> None:
    for system, also in GOOD.items():
        measure = next(iter(also))
        found = judged(
            system, reported(good_but(system, measure, a_day(system, measure, MONDAY, mean), days=(MONDAY,)))
        )
        assert found.reason.text.zh


def test_a_run_speaks_only_up_to_now() -> None:
    rows = good_but("video_on_demand", STALL, a_day("video_on_demand", STALL, TODAY, 0, span(TODAY) * 3), days=(TODAY,))
    found = judged("video_on_demand", reported(rows))
    assert (found.state, found.highest) == ("met", 1)
