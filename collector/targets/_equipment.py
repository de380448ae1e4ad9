"""A school's devices of one system (multimedia, cctv, surveillance, broadcast, recording): which work, which do not,
and of which nobody can say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PositiveFloat

from collector.evidence import PROBE_SUCCESS, Daily, Evidence, readings
from collector.roster.model import School, System
from collector.roster.names import same, same_device
from collector.targets._coverage import CoveragePolicy, Places
from collector.targets._missing import Gap, failed, old
from collector.targets._outages import Runs, Since, calendar_unknown, counts_since
from collector.targets._words import SOMEWHERE, clock
from collector.targets.base import Moment, TargetPolicy
from collector.verdict import EvidenceItem, Reason, Values
from common.text import Text
from wire.measures import AV_DEVICE_REACHABLE, AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Observation, Reading

MEASURES = (AV_DEVICE_UP.name, AV_DEVICE_STATE.name)
DAILY = (AV_DEVICE_UP.name, PROBE_SUCCESS)
SCHOOL_HOURS = (PROBE_SUCCESS,)
"""What a target that asks for equipment declares as `measures`, `daily` and `school_hours`."""

SYSTEM_NAMES: dict[System, Text] = {
    "wireless": Text("无线网络", "wireless"),
    "multimedia": Text("多媒体设备", "multimedia display"),
    "cctv": Text("闭路电视", "campus television"),
    "surveillance": Text("监控", "surveillance"),
    "broadcast": Text("广播", "broadcast"),
    "recording": Text("录播", "recording"),
}


class EquipmentPolicy(TargetPolicy):
    """What a district may set of a system's devices."""

    seen_within_school_days: int = Field(2, ge=0, le=20)
    """A device whose last word was good works, if that was today or on one of so many school days before."""
    reach_back_days: int = Field(35, ge=1, le=92)
    """How far back those school days are sought at most: over a winter vacation, not over a summer's."""
    down_after_seconds: PositiveFloat = 3600
    """A device that has not answered for this long in school hours, run after run, is down."""
    off_when_idle: bool = True
    """Whether it is off the mains when nobody uses it, so that no answer says less than its last good word."""

    @property
    def look_back_days(self) -> int:
        return self.reach_back_days


class EquipmentCoveragePolicy(EquipmentPolicy, CoveragePolicy):
    """For a share of places with a working device."""


State = Literal["working", "down", "unknown"]
Weaker = Literal["counts", "refused"]
"""What an answer is worth that is no more than one: AV_DEVICE_REACHABLE instead of AV_DEVICE_UP."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """One device at one place, as one source tells. `places` are compared names of the roster, empty when its place is
    not known."""

    device: str
    probe: str
    state: State
    places: frozenset[str]
    item: EvidenceItem
    reason: Reason | None = None
    gap: bool = False
    """Whether the source could not be asked, or not lately."""
    strange_place: str = ""
    """The place that the agent gave and the roster does not list."""
    answers: bool = False
    """Whether the latest run told of it, and not only an earlier one."""
    spread: bool = False
    """Whether its source tells of several places: a recorder, a controller, a head-end."""
    stands_at: str = ""
    """Where the roster has the source itself."""
    reachable_only: bool = False
    """Whether it counts as working for no more than that it answers."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One device that an agent looks at, and what is known of it before it is judged."""

    observation: Observation
    said: tuple[Reading, ...]
    days: tuple[Daily, ...]
    roster_place: str


@dataclass(frozen=True, slots=True)
class _Judging:
    """What every device of a school is judged with."""

    evidence: Evidence
    places: Places
    policy: EquipmentPolicy
    moment: Moment
    runs: Runs
    since: Since
    codes: str
    """What its reasons' codes begin with."""
    weaker: Weaker | None


def equipment(
    school: School,
    evidence: Evidence,
    system: System,
    policy: EquipmentPolicy,
    moment: Moment,
    probes: tuple[str, ...] = (),
    weaker: Weaker | None = None,
) -> list[Equipment]:
    """Every device of a system that an agent looks at, once for each place that it tells of.

    One that only fails is known as such by the roster, by earlier days, or by a probe that looks at nothing else.
    Without `weaker` a system has no devices that can only be reached.
    """
    zone = ZoneInfo(moment.zone)
    first = (moment.now - timedelta(days=policy.look_back_days)).astimezone(zone).date()
    judging = _Judging(
        evidence,
        Places.of(school),
        policy,
        moment,
        Runs(evidence, first, moment),
        counts_since(policy.seen_within_school_days, policy.look_back_days, moment),
        "display" if system == "multimedia" else "equipment",
        weaker,
    )
    days: dict[tuple[str, str], list[Daily]] = {}
    elsewhere: set[tuple[str, str]] = set()
    more = (AV_DEVICE_REACHABLE.name,) if weaker else ()
    for row in (row for word in (AV_DEVICE_UP.name, *more) for row in evidence.rolled(word, first)):
        if row.labels.get("system") == system:
            days.setdefault((row.probe, row.device), []).append(row)
        else:
            elsewhere.add((row.probe, row.device))
    found: list[Equipment] = []
    for source in _sources(school, evidence, system, probes, (*MEASURES, *more), days, elsewhere - days.keys()):
        found += _judged(source, judging)
    return found


def _sources(
    school: School,
    evidence: Evidence,
    system: System,
    probes: tuple[str, ...],
    measures: tuple[str, ...],
    days: dict[tuple[str, str], list[Daily]],
    elsewhere: set[tuple[str, str]],
) -> Iterator[_Source]:
    listed = {same_device(device.id): same(device.place) for device in school.devices if device.system == system}
    other = {same_device(device.id) for device in school.devices if device.system != system}
    by_name_only: list[_Source] = []
    known: set[str] = set()
    for observation in sorted(evidence.latest, key=lambda o: (o.device, o.probe)):
        key, name = (observation.probe, observation.device), same_device(observation.device)
        of_av = [r for measure in measures for r in readings(observation, measure)]
        said = tuple(r for r in of_av if r.labels.get("system") == system)
        source = _Source(observation, said, tuple(days.get(key, ())), listed.get(name, ""))
        by_probe = observation.probe in probes and not of_av and key not in elsewhere and name not in other
        if said or key in days or by_probe:
            known.add(name)
            yield source
        elif name in listed and observation.outcome != "ok":
            by_name_only.append(source)
    for source in by_name_only:
        if same_device(source.observation.device) not in known:
            yield source


def _judged(source: _Source, judging: _Judging) -> Iterator[Equipment]:
    told = _places_told(source)
    spread = len(told) > 1
    for place in sorted(told):
        said = [r for r in source.said if not spread or _place(r) == place]
        days = [row for row in source.days if not spread or same(row.labels.get("place", "")) == place]
        yield _judge(source, place, spread, said, days, judging)


def _places_told(source: _Source) -> set[str]:
    """The places that a source tells of; a run that failed may have told of some only, or of none."""
    told = {_place(r) for r in source.said}
    if source.observation.outcome == "ok" and told:
        return told
    newest = max(source.days, key=lambda row: (row.last_at, row.last_id), default=None)
    before = {same(row.labels.get("place", "")) for row in source.days if newest and row.last_id == newest.last_id}
    if len(before) > 1:
        return before | {_place(r) for r in source.said if r.measure == AV_DEVICE_UP.name}
    return told or before or {""}


def _place(reading: Reading) -> str:
    return same(reading.labels.get("place", ""))


def _judge(
    source: _Source, place: str, spread: bool, said: list[Reading], days: list[Daily], judging: _Judging
) -> Equipment:
    observation, policy, moment = source.observation, judging.policy, judging.moment
    known = frozenset(({place} & judging.places.all) or ({source.roster_place} - {""} if not spread else ()))
    strange = place if place and not known else ""
    values: Values = {"device": observation.device, "place": ", ".join(sorted(known)) or SOMEWHERE}

    def found(
        state: State, item: EvidenceItem, reason: Reason | None = None, *, gap: bool = False, answers: bool = False,
        reachable_only: bool = False,
    ) -> Equipment:  # fmt: skip
        return Equipment(
            observation.device, observation.probe, state, known, item, reason, gap, strange, answers, spread,
            source.roster_place, reachable_only,
        )  # fmt: skip

    def unseen(gap: Gap) -> Equipment:
        return found("unknown", gap.item or EvidenceItem.of(observation, observation.outcome), gap.reason, gap=True)

    if gap := old(observation, judging.evidence, policy.fresh_seconds, moment):
        return unseen(gap)
    if ups := [r.value for r in said if r.measure == AV_DEVICE_UP.name]:  # told, even where the run failed afterwards
        best = max(ups)
        item = EvidenceItem.of(observation, _note(best, place if spread else ""))
        reason = None if best == 1 else Reason(f"{judging.codes}_fault", values)
        return found("working" if best == 1 else "down", item, reason, answers=True)
    if judging.weaker and any(r.measure == AV_DEVICE_REACHABLE.name and r.value == 1 for r in said):
        item = EvidenceItem.of(observation, f"{AV_DEVICE_REACHABLE.name}=1")
        if judging.weaker == "refused":
            return unseen(Gap(Reason(f"{judging.codes}_reachable_refused", values), item))
        only = Reason(f"{judging.codes}_reachable_only", values)
        return found("working", item, only, answers=True, reachable_only=True)
    silent = observation.outcome in ("timeout", "unreachable")
    outage = judging.runs.outage(observation, policy.down_after_seconds) if silent else None
    words = [row for row in days if row.measure == AV_DEVICE_UP.name or judging.weaker == "counts"]
    last = max(words, key=lambda row: (row.last_at, row.last, row.last_id), default=None)
    was_up = last if last is not None and last.last == 1 and last.last_at >= judging.since.perhaps else None
    if was_up and (policy.off_when_idle or outage is None or not outage.lasted):
        reachable_only = was_up.measure == AV_DEVICE_REACHABLE.name
        note = f"{AV_DEVICE_REACHABLE.name}=1" if reachable_only else _note(1, place if spread else "")
        item = EvidenceItem(was_up.last_id, was_up.probe, was_up.device, was_up.last_at, note)
        if outage is not None and outage.by_calendar and not policy.off_when_idle:
            return unseen(Gap(calendar_unknown(outage.by_calendar), item))
        if was_up.last_at >= judging.since.surely:
            reason = Reason(f"{judging.codes}_reachable_only", values) if reachable_only else None
            return found("working", item, reason, reachable_only=reachable_only)
        return unseen(Gap(calendar_unknown(judging.since.unknown), item))
    item = EvidenceItem.of(observation, observation.outcome)
    if outage is not None and outage.lasted:
        if outage.answered is None:
            return found("down", item, Reason(f"{judging.codes}_never_up", values))
        return found("down", item, Reason(f"{judging.codes}_down", {**values, "since": clock(outage.answered, moment)}))
    if outage is not None and outage.by_calendar:
        return unseen(Gap(calendar_unknown(outage.by_calendar), item))
    return unseen(failed(observation) or Gap(Reason(f"{judging.codes}_unproven", values), item))


def _note(up: float, place: str) -> str:
    return f"{AV_DEVICE_UP.name}={up:g} {place}".rstrip()
