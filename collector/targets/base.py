"""What a target is: a pure function of the school's facts, the evidence, the policy and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from collector.evidence import Evidence
from collector.roster.model import School
from collector.verdict import Verdict
from common.text import Text


class TargetPolicy(BaseModel):
    """What a district may set of a target; each target adds its own. The defaults are the plan's own numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    fresh_seconds: PositiveFloat = 900
    """An observation older than this no longer speaks for the present."""

    @property
    def look_back_days(self) -> int:
        """How many days of roll-ups the target looks back on."""
        return 0


class WindowPolicy(TargetPolicy):
    """For a target that rests on the best of a window."""

    window_days: int = Field(7, ge=1, le=92)

    @property
    def look_back_days(self) -> int:
        return self.window_days


P = TypeVar("P", bound=TargetPolicy)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a verdict is asked for, the district's time zone for its days, and when an agent counts as silent."""

    now: datetime
    zone: str = "Asia/Shanghai"
    agent_silent_after_seconds: float = 300


@dataclass(frozen=True, slots=True)
class Target(Generic[P]):
    """One clause of the plan. `evaluate` has no clock, no store and no network."""

    id: str
    name: Text
    clause: str
    """The plan's own words."""
    plan_row: int
    """Its place among the plan's clauses, which is the order that people know."""
    unit: Literal["bits_per_second", "ratio", "students_per_terminal", "teachers_per_terminal"]
    policy: type[P]
    evaluate: Callable[[School, Evidence, P, Moment], Verdict]
    daily: tuple[str, ...] = ()
    """The measures whose roll-ups it reads."""


AnyTarget = Target[Any]
