"""What a target cannot see, and why: never met and never unmet, but unknown with a reason that a person can act on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from collector.evidence import Evidence, is_fresh, readings
from collector.targets._words import clock
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, Values
from wire.measures import ROWS_EXPECTED, ROWS_SEEN
from wire.report import Observation


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be seen; `item` is the observation that says so, where there is one."""

    reason: Reason
    item: EvidenceItem | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """Observations that speak for the present, and why the others do not."""

    good: tuple[Observation, ...]
    gaps: tuple[Gap, ...]


def absent(evidence: Evidence, probe: str) -> Gap:
    """Why a school has no observation of a probe at all."""
    if evidence.last_report_at is None:
        return Gap(Reason("never_reported"))
    return Gap(Reason("not_probed", {"probe": probe}))


def old(observation: Observation, evidence: Evidence, fresh_seconds: float, moment: Moment) -> Gap | None:
    """Why an observation is too old to be believed; None when it is not."""
    if is_fresh(observation, moment.now, timedelta(seconds=fresh_seconds)):
        return None
    item = EvidenceItem.of(observation, observation.outcome)
    last = evidence.last_report_at
    if last is not None and moment.now - last > timedelta(seconds=moment.agent_silent_after_seconds):
        return Gap(Reason("agent_silent", {"since": clock(last, moment)}), item)
    return Gap(Reason("stale", {"device": observation.device, "at": clock(observation.started_at, moment)}), item)


def failed(observation: Observation) -> Gap | None:
    """Why an observation says nothing; None when its outcome is ok."""
    if observation.outcome == "ok":
        return None
    values: Values = {"device": observation.device, "detail": observation.detail or observation.outcome}
    return Gap(Reason(f"device_{observation.outcome}", values), EvidenceItem.of(observation, observation.outcome))


def look(observations: Iterable[Observation], evidence: Evidence, fresh_seconds: float, moment: Moment) -> Sight:
    """Sort observations into those that speak for the present and those that do not."""
    good: list[Observation] = []
    gaps: list[Gap] = []
    for observation in sorted(observations, key=lambda o: (o.device, o.probe)):
        gap = old(observation, evidence, fresh_seconds, moment) or failed(observation)
        if gap is None:
            good.append(observation)
        else:
            gaps.append(gap)
    return Sight(tuple(good), tuple(gaps))


def incomplete(observation: Observation) -> Gap | None:
    """Whether a device says that one of its tables has more rows than it gave."""
    seen: dict[str, float] = {}
    for reading in readings(observation, ROWS_SEEN.name):
        table = reading.labels.get("table", "")
        seen[table] = min(reading.value, seen.get(table, reading.value))
    for reading in sorted(
        readings(observation, ROWS_EXPECTED.name), key=lambda r: (r.labels.get("table", ""), -r.value)
    ):
        table = reading.labels.get("table", "")
        if seen.get(table, 0) < reading.value:
            values: Values = {
                "device": observation.device,
                "table": table,
                "seen": int(seen.get(table, 0)),
                "expected": int(reading.value),
            }
            return Gap(
                Reason("table_incomplete", values), EvidenceItem.of(observation, f"rows_expected={reading.value:g}")
            )
    return None
