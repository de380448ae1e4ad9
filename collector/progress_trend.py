"""Where a quantity goes, from how it went: a slope that no single bad week can turn, and how far to trust it.

The slope is the median of the slopes between all pairs of weeks (Theil 1950; Sen, "Estimates of the regression
coefficient based on Kendall's tau", JASA 63, 1968). Its limits are Sen's, from the normal approximation of Kendall's
statistic, whose variance is enlarged by (1 + r) / (1 - r) where neighbouring weeks resemble each other (r, the lag-1
autocorrelation of what the line leaves; Bayley and Hammersley 1946). Pure: no clock, no store.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise
from math import ceil, floor, sqrt
from statistics import median

LOOK_BACK = timedelta(days=366)
"""Older history says little about what comes."""
LEAST_DAYS = 20
LEAST_SPAN = timedelta(weeks=6)
Z = 1.645
"""Of the normal distribution: limits that hold in 90 of 100 cases."""
_TAIL = 0.05
_MOST_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """A day's value, None where nothing is known of it, and what it lies between."""

    day: date
    value: float | None
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Slope:
    """Change a day: the likeliest, and its limits. `below` and `above`: how far weeks lie from the line."""

    middle: float
    least: float
    most: float
    below: float
    above: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a quantity will be, and its limits."""

    point: float
    least: float
    most: float


def recent(points: Iterable[Point], until: date) -> list[Point]:
    """The days up to `until` that a trend looks at, oldest first."""
    return sorted((p for p in points if until - LOOK_BACK <= p.day <= until), key=lambda point: point.day)


def history(points: Sequence[Point]) -> tuple[int, int]:
    """On how many days something was known, and over how many days these lie."""
    days = [point.day for point in points if point.value is not None]
    return len(days), (days[-1] - days[0]).days if days else 0


def is_enough(points: Sequence[Point]) -> bool:
    """Whether there is enough history to see a trend."""
    days, span = history(points)
    return days >= LEAST_DAYS and span >= LEAST_SPAN.days


def weekly(points: Iterable[Point]) -> list[tuple[int, float]]:
    """The median of each week, by the number of its Monday; a week in which nothing was known is left out."""
    weeks: dict[int, list[float]] = {}
    for point in points:
        if point.value is not None:
            weeks.setdefault(point.day.toordinal() - point.day.weekday(), []).append(point.value)
    return [(monday, median(values)) for monday, values in sorted(weeks.items())]


def slope(weeks: Sequence[tuple[int, float]]) -> Slope:
    """The slope through weekly values; two weeks at least."""
    slopes = sorted((later - value) / (at - day) for (day, value), (at, later) in combinations(weeks, 2))
    middle = median(slopes)
    level = median(value - middle * day for day, value in weeks)
    left = [value - middle * day - level for day, value in weeks]
    count = len(weeks)
    spread = Z * sqrt(count * (count - 1) * (2 * count + 5) / 18 * _enlarged(left))
    first = max(0, floor((len(slopes) - spread) / 2))
    last = min(len(slopes) - 1, ceil((len(slopes) + spread) / 2))
    apart = sorted(left)
    tail = int(_TAIL * count)
    return Slope(middle, slopes[first], slopes[last], min(0.0, apart[tail]), max(0.0, apart[-1 - tail]))


def _enlarged(left: Sequence[float]) -> float:
    """By how much the weeks' likeness to their neighbours enlarges the variance."""
    whole = sum(each * each for each in left)
    alike = sum(one * other for one, other in pairwise(left)) / whole if whole > 0 else 0.0
    alike = min(_MOST_ALIKE, max(0.0, alike))
    return (1 + alike) / (1 - alike)


def ahead(points: Sequence[Point], until: date, subjects: int, most: float) -> Ahead:
    """The quantity on a later day, between 0 and `most`, from days of which enough is known.

    It goes on from where it stands now, at the likeliest slope; the limits start from the bounds of the last day, so
    that what is unknown widens them. They are widened by 3 / (subjects x days) for each day ahead as well: when nothing
    happened to any of so many subjects (0 for none that could be counted), this is the most that may have been about to
    (the rule of three: Hanley and Lippman-Hand, JAMA 249, 1983).
    """
    last = points[-1]
    now = next(point.value for point in reversed(points) if point.value is not None)
    trend = slope(weekly(points))
    days = (until - last.day).days
    unseen = 3 / (subjects * max(1, history(points)[1])) * days if subjects else 0.0

    def within(value: float) -> float:
        return min(most, max(0.0, value))

    point = within(now + trend.middle * days)
    lowest = within(min(now, last.least) + trend.least * days + trend.below - unseen)
    highest = within(max(now, last.most) + trend.most * days + trend.above + unseen)
    return Ahead(point, min(point, lowest), max(point, highest))
