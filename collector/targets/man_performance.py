"""How the education MAN performs as the school sees it: loss, jitter and round trip to its destinations, and the trend.

The default limits of jitter (10 ms) and round trip (20 ms) are this product's own: light needs 1 ms for the round trip
of 100 km of fibre, and the rest is what switches and queues of a district may add. The loss is the 1 % that ITU-T
G.1010 (11/2001) allows a videophone. The plan names no number, so that a district sets its own.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import fsum

from pydantic import Field, PositiveFloat

from collector.evidence import Evidence, Hours, readings
from collector.roster.model import School
from collector.roster.names import same
from collector.targets._missing import Gap, absent, failed
from collector.targets._parts import Limit, Part, combined, kept, no_school_hours, percent
from collector.targets._path import path_limits, per_cent
from collector.targets._school_window import SchoolWindow, ShareWindowPolicy, window_of
from collector.targets._verdicts import blind
from collector.targets.base import Moment, Target
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.measures import PATH_JITTER, PATH_LOSS, PATH_ROUND_TRIP, UPLINK_UTILISATION

ID = "man_performance"
PROBE = "path"
MEASURES = (PATH_LOSS.name, PATH_ROUND_TRIP.name)
UTILISATION = Text("上联利用率", "the uplink's utilisation")
DIRECTIONS = {"receive": Text("接收", "receiving"), "transmit": Text("发送", "sending")}
RISING, FALLING, STEADY = Text("上升", "rose"), Text("下降", "fell"), Text("平稳", "steady")
WORSE, BETTER, NOTHING_BEFORE = Text("变差", "worse"), Text("变好", "better"), Text("前期无数据", "no earlier data")
_NOTICEABLE = {PATH_LOSS.name: 0.001, PATH_JITTER.name: 0.001, PATH_ROUND_TRIP.name: 0.001}
"""A change below this is none, however large a share it is."""


class ManPolicy(ShareWindowPolicy):
    """What a district may set of the MAN's performance; the limits are for a day's mean."""

    recovery_margin: float = Field(0.01, ge=0, lt=1)
    at_least: float = Field(0.9, gt=0, le=1)
    """Share of the school hours that must lie on days within the limits: one bad day of a week is too many."""
    destinations: tuple[str, ...] = Field((), max_length=50)
    """The destinations that count, by the name that the agents give them; all that are probed when empty."""
    loss_at_most: float = Field(0.01, ge=0, le=1)
    jitter_at_most_seconds: PositiveFloat = 0.01
    round_trip_at_most_seconds: PositiveFloat = 0.02
    utilisation_at_most: float = Field(0.8, gt=0, le=1)
    """Of the uplink's speed, in each direction."""
    utilisation_counts: bool = False
    """Whether a busy uplink makes the target unmet, and one that is not measured unknown; else it is only reported."""
    trend_share: float = Field(0.2, gt=0, le=10)
    """A mean that changed by this share since the period before is pointed out."""

    @property
    def look_back_days(self) -> int:
        return max(self.window_days, self.reach_back_days) + self.window_days


def evaluate(school: School, evidence: Evidence, policy: ManPolicy, moment: Moment) -> Verdict:
    """Each destination must keep each limit; the value is the share of the school hours in which the worst one did."""
    window = window_of(policy, moment)
    limits = path_limits(policy, PATH_LOSS.name, PATH_JITTER.name, PATH_ROUND_TRIP.name)
    before = window.first - timedelta(days=policy.window_days)
    hours = {limit.measure: evidence.in_hours(limit.measure, before, moment.now) for limit in limits}
    rows = {measure: _school_days(found, moment) for measure, found in hours.items()}
    mute, told_now = _latest(evidence, rows)
    seen = sorted({_destination(row) for found in rows.values() for row in found} | told_now)
    wanted = [same(name) for name in policy.destinations] or seen
    if not seen:
        return blind(ID, _not_measured(evidence), policy.at_least)
    if window.all_seconds <= 0:
        return combined(ID, [no_school_hours(window, moment)], policy.at_least, evidence, moment)
    parts: list[Part] = []
    trends: list[Reason] = []
    for name in wanted:
        own = {measure: [row for row in found if _destination(row) == name] for measure, found in rows.items()}
        if missing := _unusable(name, own, told_now):
            parts.append(missing)
            continue
        for limit in limits:
            parts.append(kept(limit, own[limit.measure], window, policy.at_least, name))
            trends += _trend(name, limit, own[limit.measure], window, policy)
    if not policy.destinations:
        parts += mute
    noted = _utilisation(evidence, window, policy)
    if policy.utilisation_counts:
        parts += noted
    else:
        trends += [part.reason for part in noted if part.state == "unmet"]
        trends += [Reason("utilisation_not_measured")] if all(not part.evidence for part in noted) else []
    bounds = (min(part.lowest or 0.0 for part in parts), min(_highest(part) for part in parts))
    compared = any(row.day < window.first for found in rows.values() for row in found)
    told = Part("met", _met(wanted, bounds[0], trends, compared, policy), findings=tuple(trends))
    return combined(ID, [*parts, told], policy.at_least, evidence, moment, bounds=bounds, met=told.reason)


def _highest(part: Part) -> float:
    return 1.0 if part.highest is None else part.highest


def _school_days(rows: Iterable[Hours], moment: Moment) -> list[Hours]:
    kept_rows = (row for row in rows if row.seconds > 0 and moment.calendar.kind(row.day) == "school")
    return sorted(kept_rows, key=lambda row: (row.day, row.probe, row.device))


def _destination(row: Hours) -> str:
    return same(row.labels.get("destination", "")) or same(row.device)


def _not_measured(evidence: Evidence) -> list[Gap]:
    gaps = [absent(evidence, PROBE)]
    return gaps + [gap for gap in map(failed, evidence.of(PROBE)) if gap]


def _latest(evidence: Evidence, rows: dict[str, list[Hours]]) -> tuple[list[Part], set[str]]:
    """Path probes that never told of any destination, and the destinations of those that tell now."""
    devices = {(row.probe, row.device) for found in rows.values() for row in found}
    mute: list[Part] = []
    told: set[str] = set()
    for observation in sorted(evidence.latest, key=lambda one: (one.device, one.probe)):
        labels = [reading.labels for measure in MEASURES for reading in readings(observation, measure)]
        told |= {same(one.get("destination", "")) or same(observation.device) for one in labels}
        if not labels and observation.probe == PROBE and (PROBE, observation.device) not in devices:
            gap = failed(observation) or Gap(Reason("path_destination_missing", {"destination": observation.device}))
            mute.append(Part("unknown", gap.reason, evidence=(EvidenceItem.of(observation, observation.outcome),)))
    return mute, told


def _unusable(name: str, own: dict[str, list[Hours]], told_now: set[str]) -> Part | None:
    """A destination that nobody probes, and one that never answered: it may drop pings over a sound path."""
    if not any(own.values()) and name not in told_now:
        return Part("unknown", Reason("path_destination_missing", {"destination": name}))
    lost = own[PATH_LOSS.name]
    if own[PATH_ROUND_TRIP.name] or not lost or any(row.total < row.seconds * (1 - 1e-9) for row in lost):
        return None
    items = (EvidenceItem(r.last_id, r.probe, r.device, r.last_at, f"{PATH_LOSS.name} {r.day}: 1") for r in lost)
    return Part("unknown", Reason("path_never_answered", {"destination": name}), evidence=tuple(items))


def _trend(name: str, limit: Limit, rows: Sequence[Hours], window: SchoolWindow, policy: ManPolicy) -> Iterable[Reason]:
    """How a mean changed since the period before, where it did noticeably."""
    now = _mean(row for row in rows if row.day >= window.first)
    before = _mean(row for row in rows if row.day < window.first)
    if now is None or before is None:
        return
    change = now - before
    if abs(change) > max(policy.trend_share * before, _NOTICEABLE[limit.measure]):
        values: Values = {"destination": name, "what": limit.what, "trend": RISING if change > 0 else FALLING}
        yield Reason("path_trend", {**values, "before": limit.shown(before), "now": limit.shown(now)})


def _mean(rows: Iterable[Hours]) -> float | None:
    found = list(rows)
    seconds = fsum(row.seconds for row in found)
    return fsum(row.total for row in found) / seconds if seconds > 0 else None


def _met(wanted: Sequence[str], share: float, trends: Sequence[Reason], compared: bool, policy: ManPolicy) -> Reason:
    directions = {reason.values.get("trend") for reason in trends if reason.code == "path_trend"}
    trend = WORSE if RISING in directions else BETTER if FALLING in directions else STEADY
    values: Values = {"count": len(wanted), "share": percent(share), "required": percent(policy.at_least)}
    return Reason("man_performs", {**values, "trend": trend if compared else NOTHING_BEFORE})


def _utilisation(evidence: Evidence, window: SchoolWindow, policy: ManPolicy) -> list[Part]:
    """One part for each uplink and direction; one that is unknown when there is none."""
    series: dict[tuple[str, str, str], list[Hours]] = {}
    for row in evidence.in_hours(UPLINK_UTILISATION.name, window.first, window.until):
        if row.day in window.seconds:
            key = row.device, row.labels.get("port", ""), row.labels.get("direction", "")
            series.setdefault(key, []).append(row)
    most = policy.utilisation_at_most
    words = Text(f"不超过 {per_cent(most)}", f"at most {per_cent(most)}")
    limit = Limit(UPLINK_UTILISATION.name, UTILISATION, words, lambda mean: mean <= most, per_cent, "uplink_busy")
    found: list[Part] = []
    for (device, port, direction), rows in sorted(series.items()):
        word = DIRECTIONS.get(direction, Text(direction, direction))
        subject = Text(f"{device} {port} {word.zh}", f"{device} {port} {word.en}")
        found.append(kept(limit, rows, window, policy.at_least, subject))
    return found or [kept(limit, [], window, policy.at_least, UPLINK)]


UPLINK = Text("上联", "uplink")

TARGET = Target(
    id=ID,
    name=Text("城域网性能", "MAN performance"),
    clause="全面提升教育城域网性能",
    plan_row=17,
    unit="ratio",
    policy=ManPolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    school_hours=(PATH_LOSS.name, PATH_JITTER.name, PATH_ROUND_TRIP.name, UPLINK_UTILISATION.name),
)
