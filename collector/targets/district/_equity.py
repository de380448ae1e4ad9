"""Whether schools of one kind differ too much in what they have for their students.

Which schools take part, and how what a school of several stages has is split between them, follows the instructions
for the supervision of balanced compulsory education (差异系数测算说明，附于教督〔2012〕3 号的评估): primary and junior
high schools and the primary and junior parts of others count, vocational schools do not; a primary, a junior and a
senior student of one school have 1 : 1.1 : 1.32 of what it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf
from typing import Literal

from pydantic import Field, PositiveFloat

from collector.roster.model import School, Stage
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
RATES: dict[Stage, float] = {"primary": 1.0, "junior": 1.1, "senior": 1.32}
MOST_ATTAINMENT = 100.0
"""Schools that are all alike would be infinitely better than required."""


class EquityPolicy(PolicyPart):
    """What a district may set of the coefficient of variation."""

    below: PositiveFloat
    inclusive: bool = False
    """Whether the limit itself is still good enough."""
    resources: tuple[Resource, ...] = Field(("multimedia_classrooms", "student_terminals"), min_length=1)
    recovery_margin: float = Field(0.01, ge=0, lt=1)

    def is_kept(self, coefficient: float) -> bool:
        """Whether a coefficient is good enough."""
        return coefficient < self.below or (self.inclusive and coefficient == self.below)


@dataclass(frozen=True, slots=True)
class _Between:
    """One resource's coefficient over the schools; without bounds when there is nothing that could vary."""

    resource: Resource
    limits: tuple[float, float] | None
    schools: tuple[School, ...]
    shares: tuple[Share, ...]

    @property
    def least(self) -> float:
        return self.limits[0] if self.limits else 0.0

    @property
    def most(self) -> float:
        return self.limits[1] if self.limits else inf

    @property
    def unknown(self) -> list[School]:
        """The schools of which it is not known what they have."""
        return [school for school, share in zip(self.schools, self.shares, strict=True) if not share.is_known]

    @property
    def poorest(self) -> list[tuple[School, float]]:
        """The schools that surely have less for a student than the mean of the known ones, those with least first."""
        known = [(school, share) for school, share in zip(self.schools, self.shares, strict=True) if share.is_known]
        students = sum(share.students for _, share in known)
        mean = sum(share.students * share.least for _, share in known) / students if students else 0.0
        poor = [(school, share.least) for school, share in known if share.least < mean]
        return sorted(poor, key=lambda one: (one[1], one[0].id))


def judged(target: str, part: Part, facts: DistrictFacts, policy: EquityPolicy) -> Verdict:
    """The verdict on the resource that varies most. Met only if every outcome of what is unknown is below the limit."""
    schools = [school for school in facts.schools if school.stage in (*RATES, "nine_year")]
    if missing := sorted((s for s in schools if s.students and _students(s, part) is None), key=lambda s: s.id):
        names = ", ".join(school.name for school in missing[:MAX_NAMED])
        reason = Reason("part_students_missing", {"schools": names, "count": len(missing)})
        return Verdict(target, "unknown", reason, threshold=policy.below, findings=(reason,))
    taken = tuple(sorted((school for school in schools if _students(school, part)), key=lambda school: school.id))
    found: list[_Between] = []
    for resource in policy.resources:
        shares = tuple(_share(school, part, resource, facts) for school in taken)
        found.append(_Between(resource, bounds(shares), taken, shares))
    return _verdict(target, found, len(taken), policy)


def _verdict(target: str, found: Sequence[_Between], schools: int, policy: EquityPolicy) -> Verdict:
    """Unmet when one resource surely varies too much, met when none may."""
    state: State
    if any(not policy.is_kept(one.least) for one in found):
        state, worst = "unmet", max(found, key=lambda one: one.least)
        code, value = "equity_uneven", worst.least
    elif all(policy.is_kept(one.most) for one in found):
        state, worst = "met", max(found, key=lambda one: one.most)
        code, value = "equity_even" if worst.least == worst.most else "equity_even_at_most", worst.most
    else:
        state, worst = "unknown", max(found, key=lambda one: (one.most, one.least))
        code, value = "equity_open" if worst.limits else "equity_too_few", None
    unknown = {school.id: school.name for one in found if not policy.is_kept(one.most) for school in one.unknown}
    values: Values = {
        "resource": RESOURCES[worst.resource], "schools": schools, "least": _shown(worst.least),
        "most": _shown(worst.most), "limit": f"{policy.below:g}", "count": len(unknown),
        "names": ", ".join(list(unknown.values())[:MAX_NAMED]),
    }  # fmt: skip
    bounded = [one for one in found if one.limits]
    most = max((one.most for one in found), default=inf)
    return Verdict(
        target,
        state,
        Reason(code, values),
        value=value,
        threshold=policy.below,
        attainment=None if value is None else _attainment(policy.below, value),
        lowest=max(one.least for one in bounded) if bounded else None,
        highest=None if isinf(most) else most,
        findings=_findings(bounded, policy),
    )


def _findings(bounded: Sequence[_Between], policy: EquityPolicy) -> tuple[Reason, ...]:
    """Each resource's coefficient, and where more would help: in the schools that have least of one that varies."""
    findings: list[Reason] = []
    for one in bounded:
        resource = RESOURCES[one.resource]
        code = "equity_is" if one.least == one.most else "equity_of"
        findings.append(Reason(code, {"resource": resource, "least": _shown(one.least), "most": _shown(one.most)}))
        if not policy.is_kept(one.most):
            findings += [
                Reason("equity_school", {"school": school.name, "resource": resource, "amount": f"{amount:.3g}"})
                for school, amount in one.poorest[:MAX_NAMED]
            ]
    return tuple(findings)


def _attainment(below: float, value: float) -> float:
    return min(MOST_ATTAINMENT, below / value) if value > 0 else MOST_ATTAINMENT


def _shown(coefficient: float) -> str:
    return "?" if isinf(coefficient) else f"{coefficient:.3f}"


def _students(school: School, part: Part) -> int | None:
    """The students who count for a part; None where a nine-year school does not say how many are in each."""
    primary, junior = school.primary_students, school.junior_students
    if school.stage == "nine_year" and (primary is None or junior is None):
        return None
    given, other = (primary, junior) if part == "primary" else (junior, primary)
    if given is not None:
        return given
    return school.students - (other or 0) if school.stage == part else 0


def _per_student(school: School, part: Part) -> float:
    """The share of the whole school's resource that one student of a part has."""
    primary, junior = _students(school, "primary") or 0, _students(school, "junior") or 0
    others = max(0, school.students - primary - junior)
    whole = primary * RATES["primary"] + junior * RATES["junior"] + others * RATES.get(school.stage, 1.0)
    return RATES[part] / whole


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
    """The verdict's bounds, which it has even where its state is certain: 'unmet' leaves open by how much."""
    value = None if verdict is None else verdict.value
    low = value if verdict is None or verdict.lowest is None else verdict.lowest
    high = value if verdict is None or verdict.highest is None else verdict.highest
    return (0.0 if low is None else low) * classes, (1.0 if high is None else high) * classes


def _terminals(verdict: Verdict | None, students: int) -> tuple[float, float]:
    """The ratio is students per terminal: its least is with the most terminals."""
    if verdict is None:
        return 0, inf
    if verdict.state != "unknown":
        count = students / verdict.value if verdict.value else 0.0
        return count, count
    least = students / verdict.highest if verdict.highest else 0.0
    return least, max(least, students / verdict.lowest) if verdict.lowest else inf
