"""Progress: terms, the forecast with its limits, and the schools that would miss the plan."""

import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.calendar import Term
from collector.progress import progress, shares_of
from collector.progress_forms import misses_table, progress_json, progress_table
from collector.progress_model import ClauseDay, Progress, SchoolDay, Span, TargetProgress
from collector.progress_trend import Point, ahead, slope, weekly
from collector.verdict import State
from common.text import LANGUAGES

BEGINS, ENDS = date(2023, 9, 1), date(2026, 8, 31)
FIRST = date(2025, 9, 1)
TARGET = "wireless_coverage"
TERMS = (
    Term("2025-2026-1", date(2025, 9, 1), date(2026, 1, 16)),
    Term("2025-2026-2", date(2026, 2, 23), date(2026, 7, 3)),
)


def school_days(count: int, first: date = FIRST) -> list[date]:
    """The first weekdays from a day on."""
    days = (first + timedelta(days=n) for n in range(count * 2))
    return [day for day in days if day.weekday() < 5][:count]


def told(
    schools: int, days: list[date], state: Callable[[int, int], State], attainment: Callable[[int, int], float | None]
) -> list[SchoolDay]:
    """`state` and `attainment` of a school's number and a day's number."""
    return [
        SchoolDay(f"s{school}", TARGET, day, state(school, n), attainment(school, n))
        for school in range(schools)
        for n, day in enumerate(days)
    ]


def looked(days: list[SchoolDay], clauses: Iterable[ClauseDay] = (), span: Span | None = None) -> Progress:
    names = {day.school: f"学校{day.school}" for day in days}
    last = max((day.day for day in days), default=FIRST)
    return progress(shares_of(days), days, clauses, names, span or Span(BEGINS, ENDS, last))


def only(found: Progress) -> TargetProgress:
    (one,) = found.targets
    return one


def rising(schools: int, per_week: float) -> Callable[[int, int], State]:
    return lambda school, day: "met" if school < day / 5 * per_week else "unmet"


def attained(state: Callable[[int, int], State]) -> Callable[[int, int], float | None]:
    return lambda school, day: {"met": 1.0, "unmet": 0.5, "unknown": None}[state(school, day)]


def test_each_term_is_told_as_it_ended_and_the_present_one_as_it_stands() -> None:
    days = [date(2026, 1, 15), date(2026, 1, 16), date(2026, 3, 2)]
    states: dict[date, State] = dict(zip(days, ("unmet", "met", "unknown"), strict=True))
    rows = [SchoolDay("a", TARGET, day, states[day], None) for day in days]
    rows += [SchoolDay("b", TARGET, day, "met", 1.0) for day in days]
    found = only(looked(rows, span=Span(BEGINS, ENDS, days[-1], TERMS)))
    told_of = [(p.name, p.day, p.share.met, p.share.unmet, p.share.unknown) for p in found.periods if p.share]
    assert told_of == [("2025-2026-1", days[1], 2, 0, 0), ("2025-2026-2", days[2], 1, 0, 1)]
    point = found.periods[-1].point
    assert (point.value, point.least, point.most) == (1.0, 0.5, 1.0)


def test_without_terms_each_month_is_told() -> None:
    state = rising(4, 0.5)
    found = only(looked(told(4, school_days(40), state, attained(state))))
    assert [period.name for period in found.periods] == ["2025-09", "2025-10"]


def test_a_steady_rise_goes_on() -> None:
    """Of 40 schools one more a week: 12 after 12 weeks, and 40 weeks later it would be more than there are."""
    state = rising(40, 1)
    found = only(
        looked(
            told(40, school_days(60), state, attained(state)), span=Span(BEGINS, date(2026, 1, 16), date(2025, 11, 21))
        )
    )
    forecast = found.forecast
    assert forecast.point is not None
    assert forecast.lowest is not None
    assert forecast.highest is not None
    assert forecast.point == pytest.approx(20 / 40, abs=0.02)  # twelve schools, and eight more weeks
    assert 12 / 40 < forecast.lowest < forecast.point < forecast.highest < 0.9
    assert forecast.state == "unmet"


@pytest.mark.parametrize(
    ("days", "code"), [(19, "progress_too_little"), (31, "progress_forecast"), (30, "progress_too_little")]
)
def test_what_is_too_little_history(days: int, code: str) -> None:
    """Thirty weekdays span 39 days, thirty-one span 42."""
    state = rising(9, 1)
    found = only(looked(told(9, school_days(days), state, attained(state))))
    assert found.forecast.reason.code == code
    assert (found.forecast.point is None) == (code == "progress_too_little")


def test_few_days_over_a_long_time_are_too_little_as_well() -> None:
    state = rising(9, 1)
    found = only(looked(told(9, school_days(100)[::6], state, attained(state))))
    assert found.forecast.reason.code == "progress_too_little"


def test_where_all_is_unknown_so_is_the_forecast() -> None:
    found = only(looked(told(5, school_days(60), lambda *_: "unknown", lambda *_: None)))
    assert (found.forecast.state, found.forecast.point, found.forecast.reason.code) == (
        "unknown",
        None,
        "progress_unknown",
    )
    assert found.misses == ()


def test_when_the_plan_is_over_it_is_told_how_it_ended() -> None:
    days = school_days(31, date(2026, 7, 20))
    rows = told(
        4,
        days,
        lambda school, _: ("met", "met", "unmet", "unknown")[school],
        lambda school, _: 0.5 if school == 2 else None,
    )
    found = only(looked(rows, span=Span(BEGINS, ENDS, date(2026, 11, 24))))
    assert (found.forecast.point, found.forecast.lowest, found.forecast.highest) == (2 / 3, 0.5, 0.75)
    assert (found.forecast.state, found.forecast.reason.code) == ("unmet", "progress_ended")
    assert [(miss.school, miss.kind) for miss in found.misses] == [("s2", "missed")]
    assert found.periods[-1].day == ENDS


def gaining(start: float, per_week: float) -> Callable[[int, int], float | None]:
    return lambda _, day: start + day / 5 * per_week


@pytest.mark.parametrize(
    ("start", "per_week", "days", "kind"),
    [
        pytest.param(0.5, 0.0, 60, "stuck", id="nothing-moves"),
        pytest.param(0.9, -0.01, 60, "stuck", id="getting-worse"),
        pytest.param(0.2, 0.01, 60, "late", id="too-slow"),
        pytest.param(0.5, 0.02, 60, None, id="in-time"),
        pytest.param(0.5, 0.02, 20, "short_history", id="too-little-history"),
    ],
)
def test_which_schools_would_miss_a_target(start: float, per_week: float, days: int, kind: str | None) -> None:
    found = looked(told(1, school_days(days), lambda *_: "unmet", gaining(start, per_week)))
    assert [miss.kind for miss in only(found).misses] == ([kind] if kind else [])
    for language in LANGUAGES:
        assert len(misses_table(found, language)) == len(only(found).misses)


def test_a_school_that_is_late_is_told_until_when() -> None:
    """From 0.2, 0.01 a week: after twelve weeks 0.318 are left 68.2 weeks."""
    days = school_days(60)
    (miss,) = only(looked(told(1, days, lambda *_: "unmet", gaining(0.2, 0.01)))).misses
    assert date.fromisoformat(str(miss.reason.values["day"])) - days[-1] <= timedelta(weeks=80)
    assert date.fromisoformat(str(miss.reason.values["day"])) > ENDS


def test_a_school_that_left_the_roster_or_is_no_longer_asked_is_not_named() -> None:
    days = school_days(60)
    rows = told(2, days, lambda *_: "unmet", lambda *_: 0.5)
    old = [row for row in rows if row.school == "s1" or row.day < days[20]]
    found = looked(old)
    assert [miss.school for miss in only(found).misses] == ["s1"]
    gone = progress(shares_of(rows), rows, (), {"s0": "甲"}, Span(BEGINS, ENDS, days[-1]))
    assert [miss.school for miss in only(gone).misses] == ["s0"]


# --- clauses of the district


def clause(target: str, value: float | None, day: date, threshold: float, low: float, high: float) -> ClauseDay:
    return ClauseDay(target, day, "unknown" if value is None else "unmet", value, threshold, low, high)


def test_a_clause_of_the_district_is_held_against_its_threshold() -> None:
    days = school_days(60)
    share = [
        clause("smart_campus_share", 0.2 + n / 300, day, 0.75, 0.2 + n / 300, 0.2 + n / 300)
        for n, day in enumerate(days)
    ]
    even = [clause("equity_primary", 0.3, day, 0.6, 0.3, 0.3) for day in days]
    uneven = [clause("equity_junior", None, day, 0.5, 0.7, 2.0) for day in days]
    names = {f"s{n}": f"s{n}" for n in range(200)}
    found = progress([], [], [*share, *even, *uneven], names, Span(BEGINS, ENDS, days[-1]))
    by_id = {one.target: one.forecast for one in found.district}
    assert by_id["equity_primary"].state == "met"
    assert by_id["equity_primary"].point == pytest.approx(0.3)
    assert by_id["smart_campus_share"].state in ("met", "unknown")
    assert by_id["equity_junior"].reason.code == "progress_unknown"
    for one in found.district:
        assert one.periods[-1].share is None
        assert one.periods[-1].state in ("met", "unmet", "unknown")


def test_the_same_id_of_a_school_target_and_of_a_clause_stay_apart() -> None:
    days = school_days(40)
    rows = [SchoolDay("a", "man_performance", day, "met", 1.0) for day in days]
    clauses = [clause("man_performance", 1.0, day, 0.95, 1.0, 1.0) for day in days]
    found = looked(rows, clauses)
    names = [row[0] for row in progress_table(found, "zh")[1:]]
    assert len(set(names)) == 2
    forms = progress_json(found)
    assert [one["target"] for one in forms["targets"] + forms["district"]] == ["man_performance"] * 2


def test_the_forms_speak_both_languages() -> None:
    state = rising(6, 0.3)
    found = looked(told(6, school_days(50), state, attained(state)))
    chinese, english = (progress_table(found, language) for language in LANGUAGES)
    assert len(chinese) == len(english) == 1 + len(only(found).periods)
    assert {len(row) for row in chinese + english} == {8}
    assert chinese[0] != english[0]


# --- properties

STATES: st.SearchStrategy[State] = st.sampled_from(("met", "unmet", "unknown"))


@st.composite
def districts(draw: st.DrawFn) -> list[SchoolDay]:
    """Some schools over some weeks, each of which changes its state now and then."""
    days = school_days(draw(st.integers(1, 60)))
    rows = []
    for school in range(draw(st.integers(1, 6))):
        changes = draw(st.dictionaries(st.integers(0, len(days) - 1), STATES, max_size=4))
        state: State = draw(STATES)
        for n, day in enumerate(days):
            state = changes.get(n, state)
            level = (
                {"met": 1.0, "unmet": draw(st.sampled_from((0.0, 0.3, 0.9))), "unknown": None}[state]
                if n % 20 == 0
                else {"met": 1.0, "unmet": 0.4, "unknown": None}[state]
            )
            rows.append(SchoolDay(f"s{school}", TARGET, day, state, level))
    return rows


@settings(max_examples=60, deadline=None)
@given(districts())
def test_a_forecast_lies_within_its_limits_and_these_within_none_and_all(rows: list[SchoolDay]) -> None:
    forecast = only(looked(rows)).forecast
    if forecast.point is None:
        assert forecast.state == "unknown"
        assert forecast.lowest is None
        assert forecast.highest is None
        return
    assert forecast.lowest is not None
    assert forecast.highest is not None
    assert 0 <= forecast.lowest <= forecast.point <= forecast.highest <= 1
    assert forecast.state != "met" or forecast.lowest == 1


@settings(max_examples=40, deadline=None)
@given(districts(), st.randoms())
def test_a_permutation_of_schools_and_rows_changes_nothing(rows: list[SchoolDay], chance: random.Random) -> None:
    names = sorted({row.school for row in rows})
    shuffled = list(names)
    chance.shuffle(shuffled)
    other = dict(zip(names, shuffled, strict=True))
    changed = [SchoolDay(other[r.school], r.target, r.day, r.state, r.attainment) for r in rows]
    chance.shuffle(changed)
    one, two = only(looked(rows)), only(looked(changed))
    assert (one.forecast, one.periods) == (two.forecast, two.periods)
    assert sorted((other[m.school], m.kind, m.attainment or 0) for m in one.misses) == sorted(
        (m.school, m.kind, m.attainment or 0) for m in two.misses
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 70), min_size=1, max_size=30), st.integers(31, 80))
def test_what_only_improved_is_never_forecast_below_today(met_from: list[int], days: int) -> None:
    def state(school: int, day: int) -> State:
        return "met" if day >= met_from[school] else "unmet"

    found = only(looked(told(len(met_from), school_days(days), state, attained(state))))
    now = found.periods[-1].point.value
    assert found.forecast.point is not None
    assert now is not None
    assert found.forecast.point >= now - 1e-12


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 20), st.integers(0, 20), st.integers(0, 3))
def test_unknown_schools_widen_the_limits_and_are_not_counted_as_unmet(met: int, unmet: int, unknown: int) -> None:
    def district(more: int) -> TargetProgress:
        counts: dict[State, int] = {"met": met, "unmet": unmet, "unknown": more}
        states = [state for state, count in counts.items() for _ in range(count)]
        rows = told(len(states), school_days(60), lambda school, _: states[school], lambda *_: None)
        return only(looked(rows, span=Span(BEGINS, date(2025, 12, 1), school_days(60)[-1])))

    without, with_them = district(0).forecast, district(unknown).forecast
    assert without.point is not None
    assert with_them.point is not None
    assert isclose(without.point, with_them.point)
    assert (without.lowest or 0) >= (with_them.lowest or 0) - 0.02
    if unknown:
        assert with_them.lowest is not None
        assert with_them.highest is not None
        assert with_them.highest - with_them.lowest >= unknown / (met + unmet + unknown) - 1e-9


# --- the slope


def test_the_slope_by_hand() -> None:
    """Weeks 0, 7, 14 with 1, 2, 9: the slopes are 1/7, 8/14 and 1; their median is 4/7."""
    found = slope([(0, 1.0), (7, 2.0), (14, 9.0)])
    assert found.middle == pytest.approx(4 / 7)
    assert [found.least, found.most] == pytest.approx([1 / 7, 1])


def test_one_bad_week_does_not_turn_the_slope() -> None:
    weeks = [(7 * n, n / 20) for n in range(12)]
    weeks[6] = (42, 0.0)
    assert slope(weeks).middle == pytest.approx(1 / 140, rel=0.15)


def test_a_week_counts_with_its_median() -> None:
    days = [Point(FIRST + timedelta(days=n), value, 0, 1) for n, value in enumerate((0.1, 0.9, 0.2, None, 0.3))]
    ((monday, value),) = weekly(days)
    assert monday == FIRST.toordinal()
    assert value == pytest.approx(0.25)


def test_that_nothing_ever_happened_is_no_certainty_that_nothing_will() -> None:
    """Three in subjects times days: 10 schools over 81 days say at most 1 in 270 a day."""
    points = [Point(day, 1.0, 1.0, 1.0) for day in school_days(60)]
    last = points[-1].day
    found = ahead(points, last + timedelta(days=20), 10, 1.0)
    assert (found.point, found.most) == (1.0, 1.0)
    assert found.least == pytest.approx(1 - 20 * 3 / 810)
