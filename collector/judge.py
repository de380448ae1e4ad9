"""Which evidence reaches which target, the verdict on it with its hysteresis, and when to look again."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collector.calendar import SchoolCalendar
from collector.evidence import PROBE_SUCCESS, Daily, Evidence, weight, weighted
from collector.policy import STAGES, Policy
from collector.roster.model import School
from collector.roster.names import same_device
from collector.targets import TARGETS
from collector.targets.base import AnyTarget, Moment, PolicyPart, TargetPolicy
from collector.verdict import Reason, State, Verdict
from wire.report import Observation

Device = tuple[str, str]
"""(probe, device)"""

LOOK_AGAIN = timedelta(minutes=15)
"""The longest that a verdict stands without being looked at, since windows end at any moment."""


def moment_of(school: School, policy: Policy, now: datetime) -> Moment:
    """The moment by the calendar of the school's stage."""
    return Moment(now, policy.zone, policy.agent_silent_after_seconds, policy.calendar_for(school.stage))


def judge(
    school: School,
    evidence: Evidence,
    policy: Policy,
    now: datetime,
    decided: Mapping[str, State | None] | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Verdict]:
    """The verdict of each enabled target (or of those in `only`), by its id.

    `decided` is each target's last state that was not unknown, for the hysteresis.
    """
    moment = moment_of(school, policy, now)
    verdicts: dict[str, Verdict] = {}
    for name in policy.enabled_for(school.stage):
        if only is None or name in only:
            seen = reaching(TARGETS[name], school, evidence, moment.calendar)
            verdicts[name] = decide(TARGETS[name], school, seen, policy, moment, (decided or {}).get(name))
    return verdicts


def decide(
    target: AnyTarget, school: School, seen: Evidence, policy: Policy, moment: Moment, decided: State | None
) -> Verdict:
    """One target's verdict on evidence that was already narrowed to what reaches it."""
    part = policy.of(target.id, school.stage)
    return settled(target.evaluate(school, seen, part, moment), decided, part)


def settled(verdict: Verdict, decided: State | None, policy: PolicyPart) -> Verdict:
    """Hysteresis: what was unmet is met again only when it is better than just enough, so that it does not flap."""
    margin = policy.recovery_margin
    if decided != "unmet" or verdict.state != "met" or verdict.attainment is None or verdict.attainment >= 1 + margin:
        return verdict
    values = {"attained": _percent(verdict.attainment), "needed": _percent(1 + margin)}
    reason = Reason("recovering", values)
    return replace(verdict, state="unmet", reason=reason, findings=(reason, *verdict.findings))


def _percent(ratio: float) -> str:
    return f"{int(ratio * 100_000 + 1e-6) / 1000:g} %"


def reaching(target: AnyTarget, school: School, evidence: Evidence, calendar: SchoolCalendar) -> Evidence:
    """What of a school's evidence reaches a target: all that it declared, and nothing else."""
    listed = frozenset(same_device(device.id) for device in school.devices if device.system in target.systems)
    own = own_roll_ups(target)
    known = frozenset((row.probe, row.device) for row in evidence.daily if row.measure in own)
    latest = tuple(_narrowed(o, target) for o in evidence.latest if reaches(target, o, listed, known))
    devices = known | {(o.probe, o.device) for o in latest}
    daily = tuple(row for row in evidence.daily if _counts(row, target, devices, calendar))
    return Evidence(latest, daily, evidence.first_report_at, evidence.last_report_at)


def reaches(
    target: AnyTarget, observation: Observation, listed: Collection[str], known: Collection[Device] = ()
) -> bool:
    """Whether an observation is looked at by a target. `listed` are the compared names of the roster's devices of its
    systems, `known` are devices that gave its measures before."""
    return (
        observation.probe in target.probes
        or (observation.probe, observation.device) in known
        or any(reading.measure in target.measures for reading in observation.readings)
        or (bool(listed) and same_device(observation.device) in listed)
    )


def _narrowed(observation: Observation, target: AnyTarget) -> Observation:
    kept = tuple(reading for reading in observation.readings if reading.measure in target.measures)
    return observation if len(kept) == len(observation.readings) else observation.model_copy(update={"readings": kept})


def own_roll_ups(target: AnyTarget) -> frozenset[str]:
    """The roll-ups that a target reads and that only its own devices give, which a run's success is not."""
    hours = (name for measure in target.school_hours for name in (weighted(measure), weight(measure)))
    return frozenset((*target.daily, *hours)) - {PROBE_SUCCESS, weighted(PROBE_SUCCESS), weight(PROBE_SUCCESS)}


def _counts(row: Daily, target: AnyTarget, devices: Collection[Device], calendar: SchoolCalendar) -> bool:
    """Whether a roll-up is one that the target reads; hours of a day that is no school day were never school hours."""
    if row.measure == PROBE_SUCCESS:
        return PROBE_SUCCESS in target.daily and (row.probe, row.device) in devices
    if row.measure in target.daily:
        return True
    measure, at, _ = row.measure.partition("@")
    if not at or measure not in target.school_hours or calendar.kind(row.day) != "school":
        return False
    return measure != PROBE_SUCCESS or (row.probe, row.device) in devices


@dataclass(frozen=True, slots=True)
class Rolled:
    """The roll-ups that a policy's targets need: of a day, of its school hours, and how far back each is read."""

    daily: frozenset[str]
    in_hours: frozenset[str]
    days: Mapping[str, Mapping[str, int]]
    """target -> roll-up -> days"""

    def since(self, targets: Iterable[str], today: date) -> dict[str, date]:
        """The first day on which these targets read each roll-up."""
        found: dict[str, date] = {}
        for target in targets:
            for measure, days in self.days.get(target, {}).items():
                first = today - timedelta(days=days)
                found[measure] = min(first, found.get(measure, first))
        return found


def needed(policy: Policy) -> Rolled:
    """The roll-ups that any stage's enabled targets read."""
    daily: set[str] = set()
    in_hours: set[str] = set()
    days: dict[str, dict[str, int]] = {}
    for name, part in _parts(policy):
        target = TARGETS[name]
        daily |= set(target.daily)
        in_hours |= set(target.school_hours)
        read = days.setdefault(name, {})
        for measure in (*target.daily, *(n for m in target.school_hours for n in (weighted(m), weight(m)))):
            read[measure] = max(read.get(measure, 0), part.look_back_days)
    return Rolled(frozenset(daily), frozenset(in_hours), days)


def _parts(policy: Policy) -> Iterator[tuple[str, TargetPolicy]]:
    for stage in STAGES:
        for name in policy.enabled_for(stage):
            yield name, policy.of(name, stage)


def next_look(target: AnyTarget, seen: Evidence, policy: TargetPolicy, moment: Moment) -> datetime:
    """When the verdict may next change by the clock alone: something grows too old, a day or school begins or ends."""
    now, zone = moment.now, ZoneInfo(moment.zone)
    ages = tuple(timedelta(seconds=seconds) for seconds in policy.horizons)
    candidates = [observation.started_at + age for observation in seen.latest for age in ages]
    if seen.last_report_at is not None:
        candidates.append(seen.last_report_at + timedelta(seconds=moment.agent_silent_after_seconds))
    today = now.astimezone(zone).date()
    candidates.append(datetime.combine(today + timedelta(days=1), time(), zone))
    candidates += moment.calendar.hours(today) or ()
    soon = min((at for at in candidates if at > now), default=now + LOOK_AGAIN)
    return min(soon + timedelta(milliseconds=1), now + LOOK_AGAIN)  # at the limit itself it still counts
