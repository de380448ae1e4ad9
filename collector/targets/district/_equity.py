"""Whether schools of one kind differ too much in what they have for their students."""

from dataclasses import dataclass
from math import inf, isinf
from typing import Literal

from pydantic import Field, PositiveFloat

from collector.roster.model import School
from collector.targets.base import PolicyPart
from collector.targets.district._variation import Share, bounds
from collector.targets.district.base import DistrictFacts
from collector.verdict import Reason, State, Values, Verdict
from common.text import Text

Part = Literal["primary", "junior"]
Resource = Literal["multimedia_classrooms", "student_terminals"]
RESOURCES: dict[Resource, Text] = {
    "multimedia_classrooms": Text("多媒体教室", "multimedia classrooms"),
    "student_terminals": Text("学生终端", "student terminals"),
}
PER_STUDENTS = 100
MAX_NAMED = 20


class EquityPolicy(PolicyPart):
    """What a district may set of the coefficient of variation."""

    below: PositiveFloat
    inclusive: bool = False
    """Whether the limit itself is still good enough."""
    resources: tuple[Resource, ...] = Field(("multimedia_classrooms", "student_terminals"), min_length=1)
    recovery_margin: float = Field(0.01, ge=0, lt=1)


@dataclass(frozen=True, slots=True)
class _Between:
    """One resource's coefficient over the schools, and the schools of which it is not known what they have."""

    resource: Resource
    least: float
    most: float
    unknown: tuple[School, ...]


def judged(target: str, part: Part, facts: DistrictFacts, policy: EquityPolicy) -> Verdict:
    """The verdict on the resource that varies most. Met only if every outcome of what is unknown is below the limit."""
    schools = [school for school in facts.schools if school.stage in (part, "nine_year")]
    if missing := [school for school in schools if _students(school, part) is None]:
        names = ", ".join(school.name for school in missing[:MAX_NAMED])
        reason = Reason("part_students_missing", {"schools": names, "count": len(missing)})
        return Verdict(target, "unknown", reason, threshold=policy.below, findings=(reason,))
    taken = sorted((school for school in schools if _students(school, part)), key=lambda school: school.id)
    found: list[_Between] = []
    for resource in policy.resources:
        shares = [_share(school, part, resource, facts) for school in taken]
        limits = bounds(shares)
        if limits is None:
            values: Values = {"schools": len(taken), "resource": RESOURCES[resource]}
            return Verdict(target, "unknown", Reason("equity_too_few", values), threshold=policy.below)
        open_ones = tuple(s for s, share in zip(taken, shares, strict=True) if not share.is_known)
        found.append(_Between(resource, limits[0], limits[1], open_ones))
    return _verdict(target, found, len(taken), policy)


def _verdict(target: str, found: list[_Between], schools: int, policy: EquityPolicy) -> Verdict:
    least, most = max(one.least for one in found), max(one.most for one in found)
    worst = max(found, key=lambda one: (one.least, one.most))
    values: Values = {
        "resource": RESOURCES[worst.resource], "schools": schools, "least": f"{least:.3f}",
        "limit": f"{policy.below:g}",
    }  # fmt: skip
    state: State
    if most < policy.below or (policy.inclusive and most == policy.below):
        state, reason = "met", Reason("equity_even", values)
    elif least > policy.below or (least == policy.below and not policy.inclusive):
        state, reason = "unmet", Reason("equity_uneven", values)
    else:
        unknown = {school.id: school.name for one in found for school in one.unknown}
        names = ", ".join(list(unknown.values())[:MAX_NAMED])
        state, reason = "unknown", Reason("equity_open", {**values, "count": len(unknown), "names": names})
    value = (most if state == "met" else least) if state != "unknown" else None
    findings = [
        Reason("equity_of", {"resource": RESOURCES[o.resource], "least": f"{o.least:.3f}", "most": _shown(o.most)})
        for o in found
    ]
    return Verdict(
        target,
        state,
        reason,
        value=value,
        threshold=policy.below,
        attainment=None if value is None else _attainment(policy.below, value),
        lowest=least,
        highest=None if isinf(most) else most,
        findings=tuple(findings),
    )


MOST_ATTAINMENT = 100.0
"""Schools that are all alike would be infinitely better than required."""


def _attainment(below: float, value: float) -> float:
    return min(MOST_ATTAINMENT, below / value) if value > 0 else MOST_ATTAINMENT


def _shown(coefficient: float) -> str:
    return "?" if isinf(coefficient) else f"{coefficient:.3f}"


def _students(school: School, part: Part) -> int | None:
    """The students who count for a part; None where a nine-year school does not say how many are in each."""
    if school.stage == part:
        return school.students
    if school.primary_students is None or school.junior_students is None:
        return None
    return school.primary_students if part == "primary" else school.junior_students


JUNIOR_SHARE = 1.1
"""A nine-year school's resources are split by 1 for a primary student to 1.1 for a junior one, as the supervision's
instructions for reckoning the coefficient (差异系数测算说明) have it."""


def _per_student(school: School, part: Part) -> float:
    """The share of the whole school's resource that one student of a part has."""
    if school.stage == part:
        return 1 / school.students
    whole = (school.primary_students or 0) + JUNIOR_SHARE * (school.junior_students or 0)
    return (1.0 if part == "primary" else JUNIOR_SHARE) / whole


def _share(school: School, part: Part, resource: Resource, facts: DistrictFacts) -> Share:
    """What a school has for each 100 students of a part."""
    verdicts = facts.verdicts.get(school.id, {})
    if resource == "multimedia_classrooms":
        least, most = _classrooms(verdicts.get("multimedia_classroom"), school.classes)
    else:
        least, most = _terminals(verdicts.get("student_device_ratio"), school.students)
    each = PER_STUDENTS * _per_student(school, part)
    return Share(_students(school, part) or 0, each * least, each * most)


def _classrooms(verdict: Verdict | None, classes: int) -> tuple[float, float]:
    if verdict is None:
        return 0, classes
    if verdict.value is not None:
        return verdict.value * classes, verdict.value * classes
    low = verdict.lowest if verdict.lowest is not None else 0.0
    high = verdict.highest if verdict.highest is not None else 1.0
    return low * classes, high * classes


def _terminals(verdict: Verdict | None, students: int) -> tuple[float, float]:
    """The ratio is students per terminal: its least is with the most terminals."""
    if verdict is None:
        return 0, inf
    if verdict.state != "unknown":
        count = students / verdict.value if verdict.value else 0.0
        return count, count
    least = students / verdict.highest if verdict.highest else 0.0
    return least, students / verdict.lowest if verdict.lowest else inf
