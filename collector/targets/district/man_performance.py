"""Performance of the education MAN as the schools together measure it: reported, with a threshold that policy sets."""

from pydantic import Field

from collector.targets.base import Moment, PolicyPart
from collector.targets.district._shares import share
from collector.targets.district.base import DistrictFacts, DistrictTarget
from collector.verdict import MAX_FINDINGS, Reason, Verdict
from common.text import Text

ID = "man_performance"


class Policy(PolicyPart):
    """The plan sets no number; this one is the product's own."""

    at_least: float = Field(0.95, gt=0, le=1)
    """The share of schools whose own path over the MAN must be as it should."""


def evaluate(facts: DistrictFacts, policy: Policy, moment: Moment) -> Verdict:
    """Schools whose own man_performance is met / schools of which it is judged."""
    verdicts = {school.id: facts.verdicts.get(school.id, {}).get(ID) for school in facts.schools}
    states = {school: verdict.state for school, verdict in verdicts.items() if verdict is not None}
    counts = tuple(sum(state == wanted for state in states.values()) for wanted in ("met", "unmet", "unknown"))
    names = {school.id: school.name for school in facts.schools}
    bad = sorted(school for school, state in states.items() if state == "unmet")
    findings = [Reason("school_on_a_bad_path", {"school": names[school]}) for school in bad[: MAX_FINDINGS - 1]]
    if len(bad) > len(findings):
        findings.append(Reason("and_more", {"count": len(bad) - len(findings)}))
    codes = ("man_good", "man_bad", "man_open")
    return share(ID, (counts[0], counts[1], counts[2]), policy.at_least, codes, findings)


TARGET = DistrictTarget(
    id=ID,
    name=Text("城域网性能（全区）", "MAN performance, district"),
    clause="全面提升教育城域网性能",
    plan_row=17,
    unit="ratio",
    policy=Policy,
    evaluate=evaluate,
)
