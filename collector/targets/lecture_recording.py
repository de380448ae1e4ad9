"""Automatic lecture recording: the district's platform is available in school hours, and the school's hosts are up."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field

from collector.evidence import Evidence
from collector.roster.model import School
from collector.roster.names import same, same_device
from collector.targets._equipment import DAILY, SCHOOL_HOURS, Equipment, EquipmentPolicy, equipment
from collector.targets._equipment import MEASURES as EQUIPMENT_MEASURES
from collector.targets._missing import Gap
from collector.targets._parts import Part, combined
from collector.targets._school_window import window_of
from collector.targets._service import MEASURES, PROBE, ServicePolicy, availability
from collector.targets._verdicts import foremost
from collector.targets.base import Moment, Target
from collector.verdict import Reason, Verdict
from common.text import Text
from wire.measures import SERVICE_UP

ID = "lecture_recording"
HOSTS_PROBE = "recording"
HOSTS = Text("录播主机（设备表中系统为“录播”的设备）", "recording hosts (devices of the system recording)")


class LectureRecordingPolicy(ServicePolicy, EquipmentPolicy):
    """What a district may set of lecture recording."""

    hosts_required: int = Field(1, ge=0, le=1000)
    """How many recording hosts a school must have; with 0, one without any is judged by the platform alone."""
    off_when_idle: bool = False
    """Whether a host is off the mains between recordings, so that no answer says less than its last good word."""

    @property
    def look_back_days(self) -> int:
        return max(self.window_days, self.reach_back_days)


def evaluate(school: School, evidence: Evidence, policy: LectureRecordingPolicy, moment: Moment) -> Verdict:
    parts = [availability(ID, evidence, policy, moment, window_of(policy, moment))]
    found = equipment(school, evidence, "recording", policy, moment, (HOSTS_PROBE,))
    hosts = [*_hosts(found), *_not_probed(school, found)]
    if hosts or policy.hosts_required:
        parts.append(_hosts_up(hosts, found, policy))
    return combined(ID, parts, policy.at_least, evidence, moment)


@dataclass(frozen=True, slots=True)
class _Host:
    """One recording host. `is_up` is None when nobody can say, for this reason."""

    is_up: bool | None
    reason: Reason | None


def _hosts(found: Iterable[Equipment]) -> list[_Host]:
    """Each host once, whoever tells of it; one of which two probes say opposite things is unknown."""
    groups: dict[tuple[str, tuple[str, ...]], list[Equipment]] = {}
    for one in found:
        groups.setdefault((same_device(one.device), tuple(sorted(one.places)) if one.spread else ()), []).append(one)
    hosts: list[_Host] = []
    for _, told in sorted(groups.items()):
        states = {one.state for one in told}
        reason = next((one.reason for one in told if one.state != "working" and one.reason is not None), None)
        if {"working", "down"} <= states:
            hosts.append(_Host(None, Reason("recording_host_disputed", {"device": told[0].device})))
        elif "working" in states:
            hosts.append(_Host(True, None))
        else:
            down = next((one for one in told if one.state == "down"), None)
            hosts.append(_Host(False, down.reason) if down else _Host(None, reason))
    return hosts


def _not_probed(school: School, found: Iterable[Equipment]) -> list[_Host]:
    """The roster's hosts that nobody looks at. What a platform tells of a place is one of the hosts there."""
    found = list(found)
    probed = {same_device(one.device) for one in found}
    told = [same(place) for one in found if one.spread for place in sorted(one.places)]
    missing: list[_Host] = []
    for device in sorted(school.devices, key=lambda device: device.id):
        if device.system != "recording" or same_device(device.id) in probed:
            continue
        if (place := same(device.place)) in told:
            told.remove(place)
            continue
        missing.append(_Host(None, Reason("equipment_not_probed", {"device": device.id, "place": device.place})))
    return missing


def _hosts_up(hosts: list[_Host], found: Iterable[Equipment], policy: LectureRecordingPolicy) -> Part:
    """Every host must be up. A school that lists too few is unknown: no data is not a fault."""
    items = tuple(one.item for one in found)
    reasons = tuple(host.reason for host in hosts if host.reason is not None)
    working, down = (sum(host.is_up is state for host in hosts) for state in (True, False))
    if down:
        reason = Reason("recording_hosts_down", {"count": down, "total": len(hosts)})
        return Part("unmet", reason, working / len(hosts), evidence=items, findings=reasons)
    if unseen := [Gap(reason) for reason in reasons]:
        return Part("unknown", foremost(unseen), evidence=items, findings=reasons)
    if len(hosts) < policy.hosts_required or working < len(hosts):
        return Part("unknown", Reason("roster_missing", {"what": HOSTS}), evidence=items)
    return Part("met", Reason("recording_hosts_up", {"total": len(hosts)}), evidence=items)


TARGET = Target(
    id=ID,
    name=Text("自动录播", "Lecture recording"),
    clause="自动录播系统",
    plan_row=13,
    unit="ratio",
    policy=LectureRecordingPolicy,
    evaluate=evaluate,
    probes=(PROBE, HOSTS_PROBE),
    measures=(*MEASURES, *EQUIPMENT_MEASURES),
    systems=("recording",),
    daily=DAILY,
    school_hours=(SERVICE_UP.name, *SCHOOL_HOURS),
)
