"""People per terminal: what is verified is the fewest that a school has, what its register lists the most."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import PositiveFloat

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.targets._coverage import carrying
from collector.targets._missing import Gap, absent, look
from collector.targets._verdicts import blind, listed
from collector.targets.base import Moment, TargetPolicy
from collector.verdict import EvidenceItem, Reason, State, Values, Verdict
from common.text import Text
from wire.measures import TERMINALS, TERMINALS_WATCHED, TERMINALS_WINDOW
from wire.report import Observation

PROBE = "terminals"
MEASURES = (TERMINALS.name, TERMINALS_WATCHED.name, TERMINALS_WINDOW.name)
DAY = 86400
MOST = 1e9
"""No school has this many terminals."""
Owner = Literal["student", "teacher"]


class RatioPolicy(TargetPolicy):
    """What a district may set of a ratio of people to terminals."""

    fresh_seconds: PositiveFloat = 2 * DAY
    at_most: PositiveFloat
    """People per terminal."""
    shared_for: Literal["students", "teachers"] = "students"
    """Whose terminals the shared ones are."""


def judged(
    target: str, owner: Owner, school: School, who: Text, evidence: Evidence, policy: RatioPolicy, moment: Moment
) -> Verdict:
    """The verdict on people per terminal. What decides is counted in terminals, so that none at all is no division."""
    people = school.students if owner == "student" else school.teachers
    if people == 0:
        return blind(target, [Gap(Reason("roster_missing", {"what": who}))], policy.at_most)
    owners = frozenset([owner, "shared"] if policy.shared_for == f"{owner}s" else [owner])
    rostered = _rostered(school, owners)
    counts = carrying(evidence, PROBE, TERMINALS.name)
    if not counts:
        return _unseen(target, [absent(evidence, PROBE)], people, rostered, policy)
    sight = look(counts, evidence, policy.fresh_seconds, moment)
    if not sight.good:
        return _unseen(target, sight.gaps, people, rostered, policy)
    latest = max(sight.good, key=lambda observation: (observation.started_at, observation.device, observation.probe))
    verified, registered = _count(latest, owners, "verified"), _count(latest, owners, "inventory")
    inventory = rostered if registered is None else registered
    watched, window = _first(latest, TERMINALS_WATCHED.name), _first(latest, TERMINALS_WINDOW.name)
    item = EvidenceItem.of(latest, f"{TERMINALS.name}: {verified} verified, {registered} inventory")
    doubts = _disagreement(registered, rostered)
    if verified is None or inventory is None or watched is None or window is None or window <= 0:
        gap = Gap(Reason("terminals_not_counted", {"device": latest.device}), item)
        return _unseen(target, [gap, *map(Gap, doubts)], people, inventory, policy)
    values: Values = {"people": people, "verified": verified, "inventory": inventory, "days": f"{window / DAY:g}"}
    is_watched = watched >= window
    state: State
    if verified * policy.at_most >= people:
        state, reason, count = "met", Reason("terminals_enough", values), verified
    elif inventory * policy.at_most < people and (inventory > 0 or is_watched):
        state, reason, count = "unmet", Reason("register_too_small", values), max(inventory, verified)
    elif is_watched:
        state, reason, count = "unmet", Reason("register_not_seen", values), verified
    else:
        days = {"watched": f"{int(watched / DAY * 10) / 10:g}"}
        state, reason, count = "unknown", Reason("terminals_watching", {**values, **days}), 0
    known = state != "unknown"
    return Verdict(
        target,
        state,
        reason,
        value=people / count if known and count else None,
        threshold=policy.at_most,
        attainment=policy.at_most * count / people if known else None,
        lowest=people / max(inventory, verified) if max(inventory, verified) else None,
        highest=people / verified if verified else None,
        evidence=(item,),
        findings=listed([*([] if state == "met" else [reason]), *doubts]),
    )


def _unseen(target: str, gaps: Sequence[Gap], people: int, inventory: int | None, policy: RatioPolicy) -> Verdict:
    """Unknown, since nobody counted what is in use; a register alone only bounds it."""
    found = blind(target, gaps, policy.at_most)
    return replace(found, lowest=people / inventory) if inventory else found


def _rostered(school: School, owners: frozenset[str]) -> int | None:
    """The terminals of the district's asset register, where it has one."""
    register = school.terminals
    return None if register is None else sum(int(getattr(register, owner)) for owner in owners)


def _disagreement(registered: int | None, rostered: int | None) -> list[Reason]:
    if registered is None or rostered is None or registered == rostered:
        return []
    return [Reason("registers_disagree", {"agent": registered, "roster": rostered})]


def _count(observation: Observation, owners: frozenset[str], basis: str) -> int | None:
    found = [
        min(max(reading.value, 0.0), MOST)
        for reading in readings(observation, TERMINALS.name)
        if reading.labels.get("owner") in owners and reading.labels.get("basis") == basis
    ]
    return int(sum(found)) if found else None


def _first(observation: Observation, measure: str) -> float | None:
    return min((reading.value for reading in readings(observation, measure)), default=None)
