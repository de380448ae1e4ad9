"""A district service as a school reaches it: its availability in school hours, and what a sample of it was like."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pydantic import Field

from collector.evidence import Evidence, Hours, readings, weighted
from collector.targets._missing import Gap, absent, failed, old
from collector.targets._outages import calendar_unknown
from collector.targets._parts import Limit, Part, hours_text, kept, no_school_hours, percent
from collector.targets._school_window import (
    SchoolWindow,
    Share,
    ShareWindowPolicy,
    Told,
    earliest_met,
    share_of,
)
from collector.targets._verdicts import foremost
from collector.targets._words import clock
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, State, Values
from common.text import Text
from wire.measures import SERVICE_CERTIFICATE_EXPIRY, SERVICE_UP
from wire.report import Observation

PROBE = "service"
SYSTEMS = {
    "exam_marking": Text("网上阅卷", "exam marking"),
    "lecture_recording": Text("录播平台", "lecture recording"),
    "video_on_demand": Text("视频点播", "video on demand"),
    "video_conference": Text("视频会议", "video conference"),
    "live_streaming": Text("视频直播", "live streaming"),
}
MEASURES = (SERVICE_UP.name, SERVICE_CERTIFICATE_EXPIRY.name)
_DAY = 86400
_LAST_TIME = 253_370_764_800.0  # the year 9999: a device may tell any number
NOT_ONCE = Text("窗口内一次也没有", "not once in the window")


class ServicePolicy(ShareWindowPolicy):
    """What a district may set of a service."""

    recovery_margin: float = Field(0.001, ge=0, lt=1)
    at_least: float = Field(0.99, gt=0, le=1)
    """Share of the window's school hours in which the service must be available."""
    certificate_days: int = Field(14, ge=0, le=365)
    """A certificate that ends within so many days is pointed out."""


class SampleServicePolicy(ServicePolicy):
    """For a service of which a sample is taken."""

    fit_share: float = Field(0.9, gt=0, le=1)
    """Share of the school hours that must lie on days whose mean kept the limit: one bad day of a week is too many."""

    @property
    def required_shares(self) -> dict[str, float]:
        return {"at_least": self.at_least, "fit_share": self.fit_share}


def availability(system: str, evidence: Evidence, policy: ServicePolicy, moment: Moment, window: SchoolWindow) -> Part:
    """Whether any of the system's services was available for long enough in the window's school hours."""
    rows = _of_system(system, SERVICE_UP.name, evidence, window)
    latest = [observation for observation in evidence.latest if _tells(observation, system)]
    findings = [
        *_down_now(system, latest, evidence, window, policy, moment),
        *_certificates(system, evidence, policy, moment),
    ]
    if not rows and not latest:
        return _not_probed(system, evidence, window)
    told = [Told(row.day, row.seconds, *_good_and_bad(row)) for row in rows]
    share = share_of(window, told)
    if share is None:
        return no_school_hours(window, moment)
    items = [_item(row) for row in rows] or [EvidenceItem.of(one) for one in latest]
    values: Values = {"system": SYSTEMS[system], "required": percent(policy.at_least)}
    state: State
    if share.lowest >= policy.at_least:
        state, reason = "met", Reason("service_available", {**values, "share": percent(share.lowest)})
    elif share.highest < policy.at_least:
        state, reason = "unmet", Reason("service_unavailable", {**values, "share": percent(share.highest)})
    else:
        state, reason = "unknown", _undecided(share, window, values, policy, moment)
        findings += [*_why_unwatched(system, rows, evidence, policy, moment), *_unwatched(system, share)]
    return Part(
        state,
        reason,
        None if state == "unknown" else share.lowest / policy.at_least,
        share.lowest,
        share.highest,
        tuple(items),
        (*findings, *_down_by_day(rows)),
    )


def sampled(system: str, limit: Limit, evidence: Evidence, policy: SampleServicePolicy, window: SchoolWindow) -> Part:
    """Whether samples of a system's services kept a limit on enough of the window's school hours."""
    rows = _of_system(system, limit.measure, evidence, window)
    return kept(limit, rows, window, policy.fit_share, SYSTEMS[system])


def _of_system(system: str, measure: str, evidence: Evidence, window: SchoolWindow) -> list[Hours]:
    told = evidence.in_hours(measure, window.first, window.until)
    found = (row for row in told if row.labels.get("system") == system)
    kept_rows = (row for row in found if row.day in window.seconds and row.seconds > 0)
    return sorted(kept_rows, key=lambda row: (row.day, row.labels.get("service", ""), row.probe, row.device))


def _good_and_bad(row: Hours) -> tuple[float, float]:
    good = min(row.seconds, max(0.0, row.total))
    return good, row.seconds - good


def _item(row: Hours) -> EvidenceItem:
    note = f"{SERVICE_UP.name} {row.day}: {row.total:.0f} / {row.seconds:.0f} s"
    return EvidenceItem(row.last_id, row.probe, row.device, row.last_at, note)


def _tells(observation: Observation, system: str) -> bool:
    return any(reading.labels.get("system") == system for reading in readings(observation, SERVICE_UP.name))


def _not_probed(system: str, evidence: Evidence, window: SchoolWindow) -> Part:
    """Nobody probes it; or a service probe fails before it can tell of which system its service is."""
    gap = absent(evidence, PROBE)
    if gap.reason.code == "not_probed":
        word = SYSTEMS[system]
        gap = Gap(Reason("not_probed", {"probe": Text(f"{word.zh}服务", f"{word.en} service")}))
    rows = evidence.rolled(weighted(SERVICE_UP.name), window.first)
    known = {(row.probe, row.device) for row in rows if row.day in window.seconds}
    gaps = [gap]
    for observation in sorted(evidence.of(PROBE), key=lambda one: one.device):
        if (PROBE, observation.device) not in known and not any(readings(observation, SERVICE_UP.name)):
            gaps += [found for found in (failed(observation),) if found]
    items = tuple(found.item for found in gaps if found.item is not None)
    return Part("unknown", foremost(gaps), evidence=items, findings=tuple(found.reason for found in gaps))


def _undecided(share: Share, window: SchoolWindow, values: Values, policy: ServicePolicy, moment: Moment) -> Reason:
    if window.unknown:
        return calendar_unknown(window.unknown)
    watched = {"watched": hours_text(share.watched), "hours": hours_text(window.known_seconds)}
    bounds = {"lowest": percent(share.lowest), "highest": percent(share.highest)}
    earliest = earliest_met(window, share, policy.at_least, policy, moment)
    return Reason("service_half_watched", {**values, **watched, **bounds, "earliest": f"{earliest}"})


def _unwatched(system: str, share: Share) -> Iterator[Reason]:
    for day in share.days:
        if day.seconds - day.seen >= 60:
            hours = {"hours": hours_text(day.seconds - day.seen + 359), "day": f"{day.day}"}
            yield Reason("service_unwatched", {"system": SYSTEMS[system], **hours})


def _why_unwatched(
    system: str, rows: Sequence[Hours], evidence: Evidence, policy: ServicePolicy, moment: Moment
) -> Iterator[Reason]:
    """What is wrong with the probing now, where something is."""
    devices = {(row.probe, row.device) for row in rows}
    for observation in sorted(evidence.latest, key=lambda one: (one.device, one.probe)):
        told = _tells(observation, system)
        if told or (observation.probe, observation.device) in devices:
            gap = old(observation, evidence, policy.fresh_seconds, moment) or (None if told else failed(observation))
            if gap:
                yield gap.reason


def _down_by_day(rows: Sequence[Hours]) -> Iterator[Reason]:
    for row in rows:
        _, bad = _good_and_bad(row)
        if bad > 0:
            values: Values = {"service": row.labels.get("service") or row.device, "day": f"{row.day}"}
            yield Reason("service_down_on_day", {**values, "minutes": f"{-(-bad // 6) / 10:g}"})


def _down_now(
    system: str,
    latest: Sequence[Observation],
    evidence: Evidence,
    window: SchoolWindow,
    policy: ServicePolicy,
    moment: Moment,
) -> Iterator[Reason]:
    """Each service that does not answer now, and when it last did in school hours."""
    answered: dict[tuple[str, str, str], datetime] = {}
    for row in evidence.rolled(weighted(SERVICE_UP.name), window.first):
        if row.day in window.seconds and row.maximum > 0 and row.labels.get("system") == system:
            key = row.probe, row.device, row.labels.get("service", "")
            answered[key] = max(row.maximum_at, answered.get(key, row.maximum_at))
    for observation in sorted(latest, key=lambda one: (one.device, one.probe)):
        if old(observation, evidence, policy.fresh_seconds, moment):
            continue
        for reading in sorted(readings(observation, SERVICE_UP.name), key=lambda one: sorted(one.labels.items())):
            if reading.labels.get("system") == system and reading.value < 1:
                service = reading.labels.get("service", "")
                up = answered.get((observation.probe, observation.device, service))
                values: Values = {
                    "service": service or observation.device,
                    "at": clock(observation.started_at, moment),
                    "up": NOT_ONCE if up is None else clock(up, moment),
                }
                if observation.detail:
                    yield Reason("service_down_because", {**values, "why": observation.detail})
                else:
                    yield Reason("service_down", values)


def _certificates(system: str, evidence: Evidence, policy: ServicePolicy, moment: Moment) -> Iterator[Reason]:
    found: set[tuple[str, float]] = set()
    for observation in evidence.latest:
        for reading in readings(observation, SERVICE_CERTIFICATE_EXPIRY.name):
            if reading.labels.get("system") == system:
                found.add((reading.labels.get("service", "") or observation.device, reading.value))
    for service, ends in sorted(found):
        left = ends - moment.now.timestamp()
        if left >= policy.certificate_days * _DAY:
            continue
        at = datetime.fromtimestamp(min(max(ends, 0.0), _LAST_TIME), UTC)
        code = "certificate_expired" if left <= 0 else "certificate_expiring"
        yield Reason(code, {"service": service, "at": clock(at, moment)})
