"""People per terminal: what is verified is the fewest that a school has, what its register lists the most."""

from typing import Literal

from pydantic import PositiveFloat

from collector.evidence import Evidence, readings
from collector.targets._missing import Gap, absent, look
from collector.targets._verdicts import blind, listed
from collector.targets.base import Moment, TargetPolicy
from collector.verdict import EvidenceItem, Reason, State, Values, Verdict
from common.text import Text
from wire.measures import TERMINALS, TERMINALS_WATCHED, TERMINALS_WINDOW
from wire.report import Observation

PROBE = "terminals"
DAY = 86400
Owner = Literal["student", "teacher"]


class RatioPolicy(TargetPolicy):
    """What a district may set of a ratio of people to terminals."""

    fresh_seconds: PositiveFloat = 2 * DAY
    at_most: PositiveFloat
    """People per terminal."""
    shared_for: Literal["students", "teachers"] = "students"
    """Whose terminals the shared ones are."""


def judged(
    target: str, owner: Owner, people: int, who: Text, evidence: Evidence, policy: RatioPolicy, moment: Moment
) -> Verdict:
    """The verdict on people per terminal. What decides is counted in terminals, so that none at all is no division."""
    if people == 0:
        return blind(target, [Gap(Reason("roster_missing", {"what": who}))], policy.at_most)
    counts = evidence.of(PROBE)
    if not counts:
        return blind(target, [absent(evidence, PROBE)], policy.at_most)
    sight = look(counts, evidence, policy.fresh_seconds, moment)
    if not sight.good:
        return blind(target, sight.gaps, policy.at_most)
    latest = max(sight.good, key=lambda observation: (observation.started_at, observation.device))
    owners = frozenset([owner, "shared"] if policy.shared_for == f"{owner}s" else [owner])
    verified, inventory = _count(latest, owners, "verified"), _count(latest, owners, "inventory")
    watched, window = _first(latest, TERMINALS_WATCHED.name), _first(latest, TERMINALS_WINDOW.name)
    item = EvidenceItem.of(latest, f"{TERMINALS.name}: {verified} verified, {inventory} inventory")
    if verified is None or inventory is None or watched is None or window is None:
        return blind(target, [Gap(Reason("terminals_not_counted", {"device": latest.device}), item)], policy.at_most)
    values: Values = {"people": people, "verified": verified, "inventory": inventory, "days": f"{window / DAY:g}"}
    is_watched = watched >= window
    state: State
    if verified * policy.at_most >= people:
        state, reason, count = "met", Reason("terminals_enough", values), verified
    elif inventory * policy.at_most < people and (inventory > 0 or is_watched):
        state, reason, count = "unmet", Reason("register_too_small", values), inventory
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
        findings=listed([] if state == "met" else [reason]),
    )


def _count(observation: Observation, owners: frozenset[str], basis: str) -> int | None:
    found = [
        reading.value
        for reading in readings(observation, TERMINALS.name)
        if reading.labels.get("owner") in owners and reading.labels.get("basis") == basis
    ]
    return int(sum(found)) if found else None


def _first(observation: Observation, measure: str) -> float | None:
    return next((reading.value for reading in readings(observation, measure)), None)
