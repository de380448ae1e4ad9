"""Wireless classrooms with a terminal for each seat."""

from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from collector.evidence import PROBE_SUCCESS, Evidence
from collector.roster.model import Place, PlaceKind, School
from collector.roster.names import same
from collector.targets._coverage import carrying
from collector.targets._missing import Gap, absent, look
from collector.targets._outages import calendar_unknown
from collector.targets._stations import Peak, order, peaks
from collector.targets._verdicts import blind, by_bounds
from collector.targets._words import place_words
from collector.targets.base import Moment, Target, WindowPolicy
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.measures import AP_CLIENTS, PLACE_TERMINALS

ID = "one_to_one_classroom"
PROBE = "wireless"
MEASURES = (PLACE_TERMINALS.name, AP_CLIENTS.name)
SEATS = Text("教室的座位数", "the seats of its classrooms")
_DAY = timedelta(days=1)


class OneToOnePolicy(WindowPolicy):
    """What a district may set of one-to-one classrooms."""

    window_days: int = Field(30, ge=1, le=92)
    """The window begins at midnight so many days before today."""
    places_required: int = Field(1, ge=1, le=1000)
    kinds: tuple[PlaceKind, ...] = Field(("computer_room", "classroom", "laboratory"), min_length=1)
    """The kinds of teaching places that may be such a classroom."""
    shared_for: Literal["students", "teachers"] = "students"
    """Whose terminals the shared ones are."""


def evaluate(school: School, evidence: Evidence, policy: OneToOnePolicy, moment: Moment) -> Verdict:
    """How many places had as many student terminals at once as they have seats."""
    required = policy.places_required
    today = moment.now.astimezone(ZoneInfo(moment.zone)).date()
    since = today - timedelta(days=policy.window_days)
    has_data = any(row.day >= since for row in evidence.daily if row.measure in MEASURES)
    if not has_data:
        return blind(ID, _gaps(evidence, policy, moment), required)
    rooms = {same(p.id): p for p in school.teaching_places if p.seats > 0 and p.kind in policy.kinds}
    if not rooms:
        return blind(ID, [Gap(Reason("roster_missing", {"what": SEATS}))], required)
    owners = ("student", "shared") if policy.shared_for == "students" else ("student",)
    found = peaks(school, evidence, owners, rooms.keys(), since)
    sure = [name for name in rooms if found[name].least >= rooms[name].seats]
    perhaps = [name for name in rooms if name not in sure and found[name].most >= rooms[name].seats]
    unwatched = _unwatched(evidence, since, today, policy, moment)
    possible = len(rooms) if unwatched else len(sure) + len(perhaps)
    doubts = [_doubt(rooms[name], found[name]) for name in perhaps]
    short = [_short(rooms[name], found[name]) for name in rooms if name not in sure and name not in perhaps]
    best = max(rooms, key=lambda name: (min(found[name].most / rooms[name].seats, 1.0), found[name].most, name))
    values: Values = {"days": policy.window_days, "best": place_words(rooms[best]), "seats": rooms[best].seats}
    values = {**values, "peak": found[best].most, "required": required}
    if len(rooms) < required:
        unmet = Reason("seats_too_few_places", {"count": len(rooms), "required": required})
    else:
        unmet = Reason("seats_not_filled", {**values, "count": len(sure) + len(perhaps)})
    if sure:
        most = max(sure, key=lambda name: (found[name].least, name))
        values = {**values, "best": place_words(rooms[most]), "seats": rooms[most].seats, "peak": found[most].least}
    return by_bounds(
        ID,
        lowest=len(sure),
        highest=possible,
        at_least=required,
        met=Reason("seats_filled", {**values, "count": len(sure)}),
        unmet=unmet,
        unknown=_foremost(doubts, unwatched, len(sure) + len(perhaps) >= required) or unmet,
        evidence=_evidence(evidence, found, since),
        findings=[*([unmet] if possible < required else []), *([unwatched] if unwatched else []), *doubts, *short],
    )


def _foremost(doubts: list[Reason], unwatched: Reason | None, could_be: bool) -> Reason | None:
    """What was seen and is not certain says more than what was not seen, where it could be enough."""
    return doubts[0] if doubts and (could_be or unwatched is None) else unwatched


def _gaps(evidence: Evidence, policy: OneToOnePolicy, moment: Moment) -> list[Gap]:
    """Why there is no number of terminals at all."""
    sources = carrying(evidence, PROBE, *MEASURES)
    if not sources:
        return [absent(evidence, PROBE)]
    sight = look(sources, evidence, policy.fresh_seconds, moment)
    mute = [Gap(Reason("stations_not_counted", {"device": o.device}), EvidenceItem.of(o)) for o in sight.good]
    return [*sight.gaps, *mute]


def _unwatched(evidence: Evidence, since: date, today: date, policy: OneToOnePolicy, moment: Moment) -> Reason | None:
    """Why it is not certain that no lesson with enough terminals was missed; None when every school day has data.

    A day is watched when each of the sources that there are now was; today is not over and does not count.
    """
    sources = {(o.probe, o.device) for o in carrying(evidence, PROBE, *MEASURES)}
    told: dict[date, set[tuple[str, str]]] = {}
    for row in evidence.daily:
        if row.day >= since and (row.measure in MEASURES or (row.measure == PROBE_SUCCESS and row.maximum == 1)):
            told.setdefault(row.day, set()).add((row.probe, row.device))
            if row.measure in MEASURES and not sources:
                told.setdefault(row.day, set()).add(("", ""))
    needed = sources or {("", "")}
    days = [since + n * _DAY for n in range((today - since).days)]
    school_days = [day for day in days if moment.calendar.kind(day) == "school"]
    watched = [day for day in school_days if needed <= told.get(day, set())]
    if len(watched) < len(school_days):
        values: Values = {"days": policy.window_days, "school_days": len(school_days), "watched": len(watched)}
        return Reason("seats_half_watched", values)
    unknown = [day for day in days if moment.calendar.kind(day) == "unknown" and not needed <= told.get(day, set())]
    if unknown:
        return calendar_unknown(unknown)
    return None if school_days else Reason("seats_no_school_days", {"days": policy.window_days})


def _doubt(place: Place, peak: Peak) -> Reason:
    values: Values = {"place": place_words(place), "seats": place.seats}
    if not peak.by_owner:
        return Reason("seats_stations_unowned", {**values, "peak": peak.most})
    return Reason("seats_peak_uncertain", {**values, "least": peak.least, "most": peak.most})


def _short(place: Place, peak: Peak) -> Reason:
    return Reason("seats_place_short", {"place": place_words(place), "seats": place.seats, "peak": peak.most})


def _evidence(evidence: Evidence, found: dict[str, Peak], since: date) -> list[EvidenceItem]:
    """The roll-up behind each place's peak; where no place has any, the largest of the school."""
    rows = [peak.row for peak in found.values() if peak.row is not None]
    if not rows:
        of_school = [row for row in evidence.daily if row.measure in MEASURES and row.day >= since]
        rows = [max(of_school, key=order)]
    return [
        EvidenceItem(
            row.maximum_id, row.probe, row.device, row.maximum_at,
            f"{row.measure}={row.maximum:g} {row.labels.get('place', '')} {row.labels.get('owner', '')}".strip(),
        )
        for row in rows
    ]  # fmt: skip


TARGET = Target(
    id=ID,
    name=Text("一人一终端网络教室", "One-to-one wireless classrooms"),
    clause="建设一批基于无线网络的一人一终端的网络教室",
    plan_row=4,
    unit="places",
    policy=OneToOnePolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    daily=(*MEASURES, PROBE_SUCCESS),
)
