"""People per terminal, as a range: those surely in use are the fewest that a school has.

The most are those, what its register lists unseen, and what shows made-up addresses only (one terminal can have many).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from wire.measures import TERMINALS, TERMINALS_RANDOMISED, TERMINALS_WATCHED, TERMINALS_WINDOW
from wire.report import Observation

PROBE = "terminals"
MEASURES = (TERMINALS.name, TERMINALS_RANDOMISED.name, TERMINALS_WATCHED.name, TERMINALS_WINDOW.name)
DAY = 86400
MOST = 1e9
"""No school has this many terminals."""
_UNREGISTERED = "unregistered"
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
    registered = _count(latest, owners, "inventory")
    inventory = rostered if registered is None else registered
    watched, window = _first(latest, TERMINALS_WATCHED.name), _first(latest, TERMINALS_WINDOW.name)
    counted = _counted(latest, owners, inventory)
    doubts = _disagreement(registered, rostered)
    if counted is None or watched is None or window is None or window <= 0:
        gap = Gap(Reason("terminals_not_counted", {"device": latest.device}), EvidenceItem.of(latest))
        return _unseen(target, [gap, *map(Gap, doubts)], people, inventory, policy)
    item = EvidenceItem.of(latest, counted.note)
    is_watched = watched >= window
    fewest, most = counted.fewest, counted.most(is_watched)
    values: Values = {"people": people, "verified": fewest, "inventory": counted.listed, "days": f"{window / DAY:g}"}
    state: State
    if fewest * policy.at_most >= people:
        state, reason, count = "met", Reason("terminals_enough", values), fewest
    elif most * policy.at_most < people and (is_watched or (counted.listed > 0 and not counted.by_rules)):
        state, count = "unmet", fewest
        if counted.by_rules:
            reason = Reason("terminals_too_few", {**values, "most": most})
        elif max(counted.listed, fewest) * policy.at_most < people:
            reason, count = Reason("register_too_small", values), max(counted.listed, fewest)
        else:
            reason = Reason("register_not_seen", values)
    elif not is_watched:
        days = {"watched": f"{int(watched / DAY * 10) / 10:g}"}
        state, reason, count = "unknown", Reason("terminals_watching", {**values, **days}), 0
    else:
        state, reason, count = "unknown", Reason("terminals_randomised", {**values, "most": most}), 0
    known = state != "unknown"
    return Verdict(
        target,
        state,
        reason,
        value=people / count if known and count else None,
        threshold=policy.at_most,
        attainment=policy.at_most * count / people if known else None,
        lowest=people / max(most, count) if max(most, count) else None,
        highest=people / fewest if fewest else None,
        evidence=(item,),
        findings=listed([*([] if state == "met" else [reason]), *doubts]),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """What one observation counted for a ratio's owners."""

    verified: int
    """In the register, and seen."""
    seen: int
    """By the owners' own addresses, registered or not; where no rule tells whose a terminal is, those verified."""
    listed: int
    """In the register; 0 without one."""
    made_up: int
    """Made-up addresses that a rule gives to these owners."""
    nobodys: int
    """Made-up addresses of which nothing tells whose they are."""
    by_rules: bool

    @property
    def fewest(self) -> int:
        return max(self.verified, self.seen)

    def most(self, is_watched: bool) -> int:
        """After a whole window, a registered terminal that nobody saw can only have shown made-up addresses."""
        unseen = max(0, self.listed - self.verified)
        return self.fewest + (min(unseen, self.nobodys) if is_watched else unseen) + self.made_up

    @property
    def note(self) -> str:
        made_up = f", {self.made_up}+{self.nobodys} made-up addresses" if self.made_up or self.nobodys else ""
        return f"{TERMINALS.name}: {self.fewest} verified, {self.listed} inventory{made_up}"


def _counted(latest: Observation, owners: frozenset[str], inventory: int | None) -> Counted | None:
    """None where it counted nothing of these owners, or nothing says how many there should be."""
    verified, seen = _count(latest, owners, "verified"), _count(latest, owners, "seen")
    if (verified is None and seen is None) or (inventory is None and seen is None):
        return None
    return Counted(
        verified=verified or 0,
        seen=(verified or 0) if seen is None else seen,
        listed=inventory or 0,
        made_up=_made_up(latest, owners),
        nobodys=_made_up(latest, frozenset([_UNREGISTERED])),
        by_rules=seen is not None,
    )


def _made_up(observation: Observation, owners: frozenset[str]) -> int:
    """An agent that does not tell whose they are says so of nobody's."""
    return int(
        sum(
            min(max(reading.value, 0.0), MOST)
            for reading in readings(observation, TERMINALS_RANDOMISED.name)
            if reading.labels.get("owner", _UNREGISTERED) in owners
        )
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
