"""The share of schools that are smart campuses: schools that meet every target which is required of them."""

from pydantic import Field

from collector.roster.model import School
from collector.targets import TARGETS
from collector.targets.base import Moment, PolicyPart
from collector.targets.district._shares import share
from collector.targets.district.base import DistrictFacts, DistrictTarget
from collector.verdict import MAX_FINDINGS, Reason, State, Values, Verdict
from common.text import Text

ID = "smart_campus_share"
MAX_EXEMPT_NAMED = 20


class Policy(PolicyPart):
    """The plan's share."""

    at_least: float = Field(0.75, gt=0, le=1)


def evaluate(facts: DistrictFacts, policy: Policy, moment: Moment) -> Verdict:
    """Smart campuses / schools. A school with a required target unmet is none; before all are met it is unknown."""
    states = {school.id: _state(school, facts) for school in facts.schools}
    counts = tuple(sum(state == wanted for state in states.values()) for wanted in ("met", "unmet", "unknown"))
    codes = ("smart_campuses_enough", "smart_campuses_few", "smart_campuses_open")
    short = [(*_short_of(school, facts), school) for school in facts.schools if states[school.id] != "met"]
    short.sort(key=lambda one: (not one[0] and not one[1], len(one[0]) + len(one[1]), one[2].id))
    findings = [_finding(unmet, unknown, school) for unmet, unknown, school in short[: MAX_FINDINGS - 2]]
    if len(short) > len(findings):
        findings.append(Reason("and_more", {"count": len(short) - len(findings)}))
    if exempt := sorted((s for s in facts.schools if facts.exempt.get(s.id)), key=lambda school: school.id):
        findings.append(Reason("smart_campus_exemptions", {"count": len(exempt), "names": _exempted(exempt, facts)}))
    return share(ID, (counts[0], counts[1], counts[2]), policy.at_least, codes, findings)


def _state(school: School, facts: DistrictFacts) -> State:
    required = facts.required.get(school.id, frozenset())
    unmet, unknown = _short_of(school, facts)
    if unmet:
        return "unmet"
    return "met" if required and not unknown and required <= TARGETS.keys() else "unknown"


def _short_of(school: School, facts: DistrictFacts) -> tuple[list[str], list[str]]:
    """The required targets that are unmet, and those that are unknown, in the plan's order."""
    verdicts = facts.verdicts.get(school.id, {})
    unmet: list[str] = []
    unknown: list[str] = []
    for name in TARGETS:
        if name in facts.required.get(school.id, frozenset()):
            verdict = verdicts.get(name)
            if verdict is None or verdict.state == "unknown":
                unknown.append(name)
            elif verdict.state == "unmet":
                unmet.append(name)
    return unmet, unknown


def _finding(unmet: list[str], unknown: list[str], school: School) -> Reason:
    if not unmet and not unknown:
        return Reason("school_without_required", {"school": school.name})
    values: Values = {"school": school.name, "unmet": _names(unmet), "unknown": _names(unknown)}
    return Reason("school_short_of_smart", values)


def _exempted(schools: list[School], facts: DistrictFacts) -> Text:
    """The schools with the targets that are not asked of them."""
    named = [
        (s.name, _names([name for name in TARGETS if name in facts.exempt[s.id]])) for s in schools[:MAX_EXEMPT_NAMED]
    ]
    return Text(
        "；".join(f"{school}（{names.zh}）" for school, names in named),
        "; ".join(f"{school} ({names.en})" for school, names in named),
    )


def _names(targets: list[str]) -> Text:
    if not targets:
        return Text("无", "none")
    names = [TARGETS[name].name for name in targets]
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))


TARGET = DistrictTarget(
    id=ID,
    name=Text("智慧校园比例", "Share of smart campuses"),
    clause="智慧校园比例力争达 75% 以上",
    plan_row=18,
    unit="ratio",
    policy=Policy,
    evaluate=evaluate,
)
