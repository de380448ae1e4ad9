"""What district targets look at: every school's verdicts, and which of them make a smart campus there."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from collector.corrections import EVERY_TARGET, Correction, exempted
from collector.policy import Policy
from collector.roster.model import School
from collector.targets.district.base import DistrictFacts, Interface
from collector.verdict import Verdict


def district_facts(
    schools: Mapping[str, School],
    verdicts: Mapping[str, Mapping[str, Verdict]],
    policy: Policy,
    corrections: Iterable[Correction],
    now: datetime,
    interfaces: tuple[Interface, ...] = (),
) -> DistrictFacts:
    """The facts at a moment; exemptions in force then take their targets out of what a school must meet."""
    free = exempted(corrections, now)
    required: dict[str, frozenset[str]] = {}
    exempt: dict[str, frozenset[str]] = {}
    for school in schools.values():
        wanted = policy.smart_campus_for(school.stage)
        names = free.get(school.id, frozenset())
        without = wanted if EVERY_TARGET in names else wanted & names
        required[school.id] = wanted - without
        if without:
            exempt[school.id] = without
    told = {school: {name: _bare(verdict) for name, verdict in of.items()} for school, of in verdicts.items()}
    return DistrictFacts(tuple(schools.values()), told, required, exempt, interfaces)


def _bare(verdict: Verdict) -> Verdict:
    """Without what is the school's own matter: just this much is kept of a day, and beside a district's verdict."""
    return replace(verdict, findings=(), evidence=()) if verdict.findings or verdict.evidence else verdict
