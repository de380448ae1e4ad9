"""What a district target is: a pure function of every school's verdicts, the policy and the time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from collector.roster.model import School
from collector.targets.base import Moment, PolicyPart, Unit
from collector.verdict import Verdict
from common.text import Text


@dataclass(frozen=True, slots=True)
class Interface:
    """One way by which others take the data, as the collector last tried it itself."""

    name: str
    ok: bool
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DistrictFacts:
    """Everything that a district target may look at. Plain data, in any order."""

    schools: tuple[School, ...]
    verdicts: Mapping[str, Mapping[str, Verdict]]
    """school -> target -> verdict, hysteresis applied; a target that is not judged is absent."""
    required: Mapping[str, frozenset[str]]
    """school -> the targets that make it a smart campus, by its stage and without those it is exempted from."""
    exempt: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """school -> the targets that it is exempted from by a dated record."""
    interfaces: tuple[Interface, ...] = ()


DP = TypeVar("DP", bound=PolicyPart)


@dataclass(frozen=True, slots=True)
class DistrictTarget(Generic[DP]):
    """One clause about the district as a whole. `evaluate` has no clock, no store and no network."""

    id: str
    name: Text
    clause: str
    """The plan's own words."""
    plan_row: int
    unit: Unit
    policy: type[DP]
    evaluate: Callable[[DistrictFacts, DP, Moment], Verdict]
    by_day: bool = True
    """Whether the schools' verdicts of a day are enough to judge that day; else it is judged for the present only."""


AnyDistrictTarget = DistrictTarget[Any]
