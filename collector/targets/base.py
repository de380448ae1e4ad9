"""What a target is: a pure function of the school's facts, the evidence, the policy and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from collector.calendar import DEFAULT_CALENDAR, SchoolCalendar
from collector.evidence import Evidence
from collector.roster.model import School
from collector.verdict import Verdict
from common.text import Text


class PolicyPart(BaseModel):
    """What a district may set of any target, of a school or of the district."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    recovery_margin: float = Field(0.0, ge=0, lt=1)
    """Hysteresis: what was unmet is met again only when its attainment is at least 1 + this much."""


class TargetPolicy(PolicyPart):
    """What a district may set of a target; each target adds its own. The defaults are the plan's own numbers."""

    fresh_seconds: PositiveFloat = 900
    """An observation older than this no longer speaks for the present."""

    @property
    def look_back_days(self) -> int:
        """How many days of roll-ups the target looks back on."""
        return 0

    @property
    def horizons(self) -> tuple[float, ...]:
        """Ages in seconds at which a piece of evidence stops to count, so that the verdict is looked at again then."""
        return (self.fresh_seconds,)


class WindowPolicy(TargetPolicy):
    """For a target that rests on the best of a window."""

    window_days: int = Field(7, ge=1, le=92)

    @property
    def look_back_days(self) -> int:
        return self.window_days

    @property
    def horizons(self) -> tuple[float, ...]:
        return (self.fresh_seconds, self.window_days * 86400)


Unit = Literal[
    "bits_per_second", "ratio", "students_per_terminal", "teachers_per_terminal", "places", "coefficient", "interfaces"
]
P = TypeVar("P", bound=TargetPolicy)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a verdict is asked for, the calendar of the school's stage, and when an agent counts as silent."""

    now: datetime
    zone: str = "Asia/Shanghai"
    agent_silent_after_seconds: float = 300
    calendar: SchoolCalendar = DEFAULT_CALENDAR


@dataclass(frozen=True, slots=True)
class Target(Generic[P]):
    """One clause of the plan. `evaluate` has no clock, no store and no network."""

    id: str
    name: Text
    clause: str
    """The plan's own words."""
    plan_row: int
    """Its place among the plan's clauses, which is the order that people know."""
    unit: Unit
    policy: type[P]
    evaluate: Callable[[School, Evidence, P, Moment], Verdict]
    probes: tuple[str, ...] = ()
    """The probes whose latest observations it looks at, whatever they read or failed to read."""
    measures: tuple[str, ...] = ()
    """The measures whose latest readings it looks at, whichever probe gave them. No other reading reaches it."""
    systems: tuple[str, ...] = ()
    """Systems of the roster's devices whose latest observations it looks at, whatever probe failed on them."""
    daily: tuple[str, ...] = ()
    """The measures whose roll-ups of a whole day it reads."""
    school_hours: tuple[str, ...] = ()
    """The measures whose time-weighted roll-ups over a day's school hours it reads: `Evidence.in_hours`."""


AnyTarget = Target[Any]
