"""Coverage of teaching places: which are served, which could still be, and the verdict on their share."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import Field

from collector.evidence import Evidence, readings
from collector.roster.model import Place, School
from collector.roster.names import same
from collector.targets._missing import Gap
from collector.targets._verdicts import blind, by_bounds, foremost
from collector.targets._words import place_words
from collector.targets.base import TargetPolicy
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.report import Observation

TEACHING_PLACES = Text("教学场所", "teaching places")


class CoveragePolicy(TargetPolicy):
    """What a district may set of a coverage."""

    at_least: float = Field(1.0, gt=0, le=1)
    """The share of teaching places that must be served."""


@dataclass(frozen=True, slots=True)
class Places:
    """A school's places by their compared names."""

    all: frozenset[str]
    teaching: dict[str, Place]

    @classmethod
    def of(cls, school: School) -> "Places":
        return cls(frozenset(same(p.id) for p in school.places), {same(p.id): p for p in school.teaching_places})


@dataclass(slots=True)
class Served:
    """What one kind of equipment says of a school's places."""

    covered: set[str] = field(default_factory=set)
    maybe: dict[str, Reason] = field(default_factory=dict)
    """Places that each may be served although nothing proves it, and why."""
    doubts: list[Gap] = field(default_factory=list)
    """Why any place at all may be served although nothing proves it."""
    strays: list[Reason] = field(default_factory=list)
    """What serves one place each, of which nobody knows which."""
    findings: list[Reason] = field(default_factory=list)
    evidence: list[EvidenceItem] = field(default_factory=list)

    def and_also(self, other: "Served") -> "Served":
        """Both kinds of equipment together: a place is served by either."""
        return Served(
            self.covered | other.covered,
            self.maybe | other.maybe,
            self.doubts + other.doubts,
            self.strays + other.strays,
            self.findings + other.findings,
            self.evidence + other.evidence,
        )


def carrying(evidence: Evidence, probe: str, *measures: str) -> list[Observation]:
    """The latest observations by a probe, and those by any other that has readings of these measures."""
    return [o for o in evidence.latest if o.probe == probe or any(any(readings(o, measure)) for measure in measures)]


def judged(
    target: str, places: Places, served: Served, at_least: float, uncovered_code: str, unmet: Reason | None = None
) -> Verdict:
    """The verdict on the share of teaching places that are served. `unmet` is its reason where a cause is known."""
    if not places.teaching:
        return blind(target, [Gap(Reason("roster_missing", {"what": TEACHING_PLACES}))], at_least)
    if not served.evidence and served.doubts:  # nothing was seen at all: bounds of 0 to 1 would say nothing
        return blind(target, served.doubts, at_least)
    total = len(places.teaching)
    uncovered = [name for name in places.teaching if name not in served.covered]
    perhaps = [served.maybe[name] for name in uncovered if name in served.maybe]
    doubts = served.doubts if uncovered else []
    strays = [Reason("devices_without_place", {"count": len(served.strays)})] if uncovered and served.strays else []
    uncertain = len(uncovered) if doubts else min(len(uncovered), len(perhaps) + len(served.strays))
    unproven = _uncovered(uncovered_code, (places.teaching[name] for name in uncovered if name not in served.maybe))
    count: Values = {"count": len(uncovered), "total": total}
    short = Reason("places_not_served", count)
    unknowns = [*doubts, *(Gap(reason) for reason in (*perhaps, *strays))]
    return by_bounds(
        target,
        lowest=(total - len(uncovered)) / total,
        highest=(total - len(uncovered) + uncertain) / total,
        at_least=at_least,
        met=Reason("places_mostly_served", count) if uncovered else Reason("places_served", {"total": total}),
        unmet=unmet or short,
        unknown=foremost(doubts or unknowns) if unknowns else short,
        evidence=[*served.evidence, *(gap.item for gap in doubts if gap.item is not None)],
        findings=[*(gap.reason for gap in doubts), *strays, *served.strays, *served.findings, *perhaps, *unproven],
    )


def _uncovered(code: str, places: Iterable[Place]) -> list[Reason]:
    return [Reason(code, {"place": place_words(place)}) for place in places]
