"""What a target is: a pure function of the school's facts, the evidence, the policy and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, PositiveFloat

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


P = TypeVar("P", bound=TargetPolicy)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a verdict is asked for, and the district's time zone for its days."""

    now: datetime
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Target(Generic[P]):
    """One clause of the plan. `evaluate` has no clock, no store and no network."""

    id: str
    name: Text
    clause: str
    """The plan's own words."""
    unit: Literal["bits_per_second", "ratio", "students_per_terminal", "teachers_per_terminal"]
    policy: type[P]
    evaluate: Callable[[School, Evidence, P, Moment], Verdict]
    window_days: int = 0
    """How many days of roll-ups it looks back on."""
    daily: tuple[str, ...] = ()
    """The measures whose roll-ups it reads."""


AnyTarget = Target[Any]
