"""Progress against the plan: how many schools met each target over the terms, where it goes, and who would miss it.

Pure: it takes how each school day ended, and says what follows. docs/progress.md explains the method.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from math import ceil
from typing import TypeVar

from collector.progress_model import (
    MOST_COEFFICIENT,
    ClauseDay,
    DayShare,
    Forecast,
    Kind,
    Miss,
    Period,
    Progress,
    SchoolDay,
    Span,
    TargetProgress,
    in_short,
)
from collector.progress_trend import LEAST_DAYS, LEAST_SPAN, Point, ahead, history, is_enough, recent, slope, weekly
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from collector.verdict import Reason, State
from common.text import Text

NEVER_DAYS = 36_500
LEFT_DAYS = 31
"""A school whose last verdict on a target is older than the latest one by more is no longer judged on it."""
D = TypeVar("D", DayShare, ClauseDay)


def progress(
    shares: Iterable[DayShare],
    school_days: Iterable[SchoolDay],
    clause_days: Iterable[ClauseDay],
    names: Mapping[str, str],
    span: Span,
) -> Progress:
    """All in any order. `school_days` may leave out who misses no target; `names` are those of the roster's schools."""
    by_target = _by_target([share for share in shares if span.begins <= share.day <= span.last])
    by_clause = _by_target([day for day in clause_days if span.begins <= day.day <= span.last])
    latest = {target: days[-1].day for target, days in by_target.items()}
    misses: dict[str, list[Miss]] = {}
    for miss in _misses(school_days, names, span, latest):
        misses.setdefault(miss.target, []).append(miss)
    return Progress(
        span.as_of,
        span.begins,
        span.ends,
        tuple(_of_schools(t, by_target[t], tuple(misses.get(t, ())), span) for t in TARGETS if t in by_target),
        tuple(_of_district(t, by_clause[t], span, len(names)) for t in DISTRICT_TARGETS if t in by_clause),
    )


def shares_of(days: Iterable[SchoolDay]) -> list[DayShare]:
    """How many schools each target was met in, day by day."""
    counts: dict[tuple[str, date], dict[State, int]] = {}
    for day in days:
        of_day = counts.setdefault((day.target, day.day), {"met": 0, "unmet": 0, "unknown": 0})
        of_day[day.state] += 1
    return [DayShare(t, day, c["met"], c["unmet"], c["unknown"]) for (t, day), c in sorted(counts.items())]


def _by_target(days: list[D]) -> dict[str, list[D]]:
    found: dict[str, list[D]] = {}
    for day in sorted(days, key=lambda each: each.day):
        found.setdefault(day.target, []).append(day)
    return found


def _of_schools(target: str, days: Sequence[DayShare], misses: tuple[Miss, ...], span: Span) -> TargetProgress:
    points = [day.point for day in days]
    ends = _period_ends(days, span)
    periods = tuple(Period(name, day.day, None, day, day.point) for name, day in ends)
    return TargetProgress(
        target, periods, _thinned(points), _forecast(points, span, days[-1].schools, _EVERY_SCHOOL), misses
    )


def _of_district(target: str, days: Sequence[ClauseDay], span: Span, schools: int) -> TargetProgress:
    points = [day.point for day in days]
    periods = tuple(Period(name, day.day, day.state, None, day.point) for name, day in _period_ends(days, span))
    goal = _Goal(target, next((day.threshold for day in reversed(days) if day.threshold is not None), None))
    subjects = schools if goal.unit == "ratio" else 0
    return TargetProgress(target, periods, _thinned(points), _forecast(points, span, subjects, goal))


@dataclass(frozen=True, slots=True)
class _Goal:
    """What is to be reached: by a clause of the district its threshold, by a target of the schools all of them."""

    clause: str | None
    threshold: float | None

    @property
    def unit(self) -> str:
        return "ratio" if self.clause is None else DISTRICT_TARGETS[self.clause].unit

    @property
    def most(self) -> float:
        return 1.0 if self.unit == "ratio" else MOST_COEFFICIENT

    def state(self, least: float, most: float) -> State:
        """Whether everything between two limits reaches it, nothing does, or some."""
        if self.threshold is None:
            return "unknown"
        if self.unit == "coefficient":
            return "met" if most < self.threshold else "unmet" if least >= self.threshold else "unknown"
        return "met" if least >= self.threshold else "unmet" if most < self.threshold else "unknown"

    def reason(self, code: str, **values: str | int) -> Reason:
        """The sentence for the schools, or the one for a clause of the district."""
        if self.clause is None:
            return Reason(code, values)
        required = "?" if self.threshold is None else in_short(self.unit, self.threshold)
        return Reason(f"{code}_value", {**values, "required": required})


_EVERY_SCHOOL = _Goal(None, 1.0)


def _forecast(points: Sequence[Point], span: Span, subjects: int, goal: _Goal) -> Forecast:
    last, end = points[-1], span.ends.isoformat()
    shown = {"end": end, "least": in_short(goal.unit, last.least), "most": in_short(goal.unit, last.most)}
    if span.is_over:
        if last.value is None:
            return Forecast("unknown", Reason("progress_ended_unknown", {"end": end}))
        reason = goal.reason("progress_ended", point=in_short(goal.unit, last.value), **shown)
        return Forecast(goal.state(last.least, last.most), reason, last.value, last.least, last.most)
    seen = recent(points, span.last)
    days, reach = history(seen)
    if days == 0:
        return Forecast("unknown", Reason("progress_unknown"))
    if not is_enough(seen):
        values = {"days": days, "span": reach, "least_days": LEAST_DAYS, "least_span": LEAST_SPAN.days}
        return Forecast("unknown", Reason("progress_too_little", values))
    found = ahead(seen, span.ends, subjects, goal.most)
    reason = goal.reason(
        "progress_forecast",
        weeks=reach // 7,
        end=end,
        point=in_short(goal.unit, found.point),
        least=in_short(goal.unit, found.least),
        most=in_short(goal.unit, found.most),
    )
    return Forecast(goal.state(found.least, found.most), reason, found.point, found.least, found.most)


def _period_ends(days: Sequence[D], span: Span) -> list[tuple[str, D]]:
    """The last day of each term on which anything was judged; of each month where no term is given."""
    if span.terms:
        found = [(term.name, [d for d in days if term.first <= d.day <= term.last]) for term in span.terms]
    else:
        months = groupby(days, key=lambda each: each.day.isoformat()[:7])
        found = [(month, list(of_month)) for month, of_month in months]
    return [(name, of_period[-1]) for name, of_period in found if of_period]


def _thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    weeks = groupby(points, key=lambda point: point.day.isocalendar()[:2])
    return tuple(list(week)[-1] for _, week in weeks)


def _misses(days: Iterable[SchoolDay], names: Mapping[str, str], span: Span, latest: Mapping[str, date]) -> list[Miss]:
    """The schools that would miss a target: those nearest to it first."""
    histories: dict[tuple[str, str], list[SchoolDay]] = {}
    for day in days:
        if day.school in names and day.target in latest and span.begins <= day.day <= span.last:
            histories.setdefault((day.school, day.target), []).append(day)
    found: list[Miss] = []
    for (school, target), of_school in histories.items():
        of_school.sort(key=lambda day: day.day)
        last = of_school[-1]
        if last.state != "unmet" or (latest[target] - last.day).days > LEFT_DAYS:
            continue
        if miss := _miss(school, target, of_school, names[school], span):
            found.append(miss)
    return sorted(found, key=lambda miss: (-(miss.attainment or 0.0), miss.school))


def _miss(school: str, target: str, days: Sequence[SchoolDay], name: str, span: Span) -> Miss | None:
    """Why a school that does not meet a target would miss it; None when it gets there in time."""
    attained = days[-1].attainment
    shown = "?" if attained is None else in_short("ratio", attained)
    values: dict[str, str | int | Text] = {"school": name, "target": TARGETS[target].name, "attainment": shown}
    end = {"end": span.ends.isoformat()}

    def miss(kind: Kind, **more: str | int) -> Miss:
        return Miss(school, target, kind, attained, Reason(f"school_{kind}", {**values, **more}))

    if span.is_over:
        return miss("missed", **end)
    seen = recent([Point(day.day, day.attainment, 0.0, 0.0) for day in days], span.last)
    if not is_enough(seen):
        return miss("short_history")
    trend = slope(weekly(seen)).middle
    short = 0.0 if attained is None else max(0.0, 1 - attained)
    if attained is None or short > NEVER_DAYS * max(0.0, trend):
        return miss("stuck", weeks=history(seen)[1] // 7, **end)
    there = days[-1].day + timedelta(days=ceil(short / trend) if short else 0)
    return miss("late", day=there.isoformat(), **end) if there > span.ends else None
