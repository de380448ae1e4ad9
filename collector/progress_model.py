"""What the progress against the plan is made from, and what it says."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from collector.calendar import Term
from collector.progress_trend import Point
from collector.targets.district import DISTRICT_TARGETS
from collector.units import in_unit
from collector.verdict import Reason, State

Kind = Literal["stuck", "late", "short_history", "missed"]
MOST_COEFFICIENT = 100.0


@dataclass(frozen=True, slots=True)
class DayShare:
    """How many schools a target was met, unmet and unknown in when a day ended."""

    target: str
    day: date
    met: int
    unmet: int
    unknown: int

    @property
    def schools(self) -> int:
        return self.met + self.unmet + self.unknown

    @property
    def point(self) -> Point:
        """The share of the schools that met it; the unknown ones count for neither, and are its bounds."""
        known, every = self.met + self.unmet, self.schools or 1
        return Point(self.day, self.met / known if known else None, self.met / every, (self.met + self.unknown) / every)


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """How a target of a school ended a day."""

    school: str
    target: str
    day: date
    state: State
    attainment: float | None


@dataclass(frozen=True, slots=True)
class ClauseDay:
    """How a clause of the district ended a day, in its own unit."""

    target: str
    day: date
    state: State
    value: float | None
    threshold: float | None
    lowest: float | None
    highest: float | None

    @property
    def point(self) -> Point:
        known = self.value
        most = 1.0 if DISTRICT_TARGETS[self.target].unit == "ratio" else MOST_COEFFICIENT
        low = self.lowest if self.lowest is not None else 0.0 if known is None else known
        high = self.highest if self.highest is not None else most if known is None else known
        return Point(self.day, known, low, max(low, high))


@dataclass(frozen=True, slots=True)
class Period:
    """A term, or a month where no terms are given, as it stood at its end, or stands so far."""

    name: str
    day: date
    state: State | None
    """Of a clause of the district; None where `share` says how many schools met the target."""
    share: DayShare | None
    point: Point


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be on the plan's last day; without numbers where that cannot be said."""

    state: State
    """Whether the target will be met: certain only when all between the limits is."""
    reason: Reason
    point: float | None = None
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """A school that would miss a target, and why it is thought so."""

    school: str
    target: str
    kind: Kind
    attainment: float | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class TargetProgress:
    """One target, of the schools or of the district."""

    target: str
    periods: tuple[Period, ...]
    trend: tuple[Point, ...]
    """One day of each week, the last, oldest first: what a small chart draws."""
    forecast: Forecast
    misses: tuple[Miss, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole of it, in the plan's order."""

    as_of: date
    begins: date
    ends: date
    targets: tuple[TargetProgress, ...]
    district: tuple[TargetProgress, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The plan's time, the day that is looked at, and the terms."""

    begins: date
    ends: date
    as_of: date
    terms: tuple[Term, ...] = ()

    @property
    def last(self) -> date:
        """The last day that counts."""
        return min(self.as_of, self.ends)

    @property
    def is_over(self) -> bool:
        return self.as_of >= self.ends


def in_short(unit: str, value: float) -> str:
    """A value as the progress writes it: of a share not more digits than a forecast can have, cut and not rounded."""
    return f"{int(value * 1000 + 1e-6) / 10:g} %" if unit == "ratio" else in_unit(unit, value)
