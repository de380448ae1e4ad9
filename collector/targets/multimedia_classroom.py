"""Every class has a working multimedia display (班班通: projector, panel, OPS computer)."""

from pydantic import NonNegativeFloat

from collector.evidence import Evidence
from collector.roster.model import Place, School, System
from collector.roster.names import same, same_device
from collector.targets._equipment import (
    DAILY,
    MEASURES,
    SCHOOL_HOURS,
    Equipment,
    EquipmentCoveragePolicy,
    Weaker,
    equipment,
)
from collector.targets._missing import Gap, absent
from collector.targets._timetable import left_on
from collector.targets._verdicts import blind, by_bounds, foremost
from collector.targets._words import place_words
from collector.targets.base import Moment, Target
from collector.verdict import Reason, Values, Verdict
from common.text import Text
from wire.measures import AV_DEVICE_REACHABLE, AV_DEVICE_STATE

ID = "multimedia_classroom"
PROBE = "display"
LESSER_PROBE = "panel"
SYSTEM: System = "multimedia"
CLASSES = Text("班级数", "the number of classes")
CLASSROOMS = Text("教室", "classrooms")


class MultimediaPolicy(EquipmentCoveragePolicy):
    """What a district may set of its classes' displays."""

    count_reachable_only: bool = True
    """Whether a panel counts that answers and cannot be asked what it shows; a verdict that rests on it says so."""
    left_on_after_seconds: NonNegativeFloat = 1800
    """A display that is on for this long outside of school hours is pointed out; it changes no verdict."""


def evaluate(school: School, evidence: Evidence, policy: MultimediaPolicy, moment: Moment) -> Verdict:
    """The share of classes with a working display; spare rooms and rooms that the roster lacks widen its bounds."""
    rooms = _rooms(school)
    if school.classes == 0 or not rooms:
        what = CLASSES if school.classes == 0 else CLASSROOMS
        return blind(ID, [Gap(Reason("roster_missing", {"what": what}))], policy.at_least)
    weaker: Weaker = "counts" if policy.count_reachable_only else "refused"
    found = equipment(school, evidence, SYSTEM, policy, moment, (PROBE, LESSER_PROBE), weaker)
    if not found:
        return blind(ID, [absent(evidence, PROBE)], policy.at_least)
    if all(display.gap for display in found):
        return blind(ID, _gaps(found), policy.at_least)
    working = {place for display in found if display.state == "working" for place in display.places} & rooms.keys()
    proven = {place for d in found if d.state == "working" and not d.reachable_only for place in d.places}
    unplaced = [display for display in found if not display.places and display.state != "down"]
    doubts = _doubts(school, found, unplaced, rooms.keys() - working)
    open_rooms = min(len(rooms) - len(working), len(doubts) + len(unplaced))
    classes, spare = school.classes, max(0, len(rooms) - school.classes)
    unlisted = max(0, classes - len(rooms))
    findings = [display.reason for display in found if display.reason is not None]
    findings += [_strange(display) for display in found if display.strange_place]
    findings += [reason for reasons in doubts.values() for reason in reasons]
    equipped = working | doubts.keys() | {place for display in found for place in display.places}
    findings += [
        Reason("classroom_without_display", {"place": place_words(rooms[p])}) for p in rooms if p not in equipped
    ]
    findings += left_on(found, evidence, SYSTEM, policy.left_on_after_seconds, moment)
    unknowns: list[Gap] = [Gap(reason) for reasons in doubts.values() for reason in reasons]
    if unplaced:
        unknowns.append(Gap(Reason("displays_without_place", {"count": len(unplaced)})))
    if unlisted:
        unknowns.append(Gap(Reason("classrooms_not_listed", {"classes": classes, "places": len(rooms)})))
    most = min(classes, len(working) + open_rooms + unlisted)
    return by_bounds(
        ID,
        lowest=max(0, len(working) - spare) / classes,
        highest=most / classes,
        at_least=policy.at_least,
        met=_met(classes, len(working - proven)),
        unmet=Reason("classes_not_equipped", {"total": classes, "count": most}),
        unknown=foremost(unknowns)
        if unknowns
        else Reason("spare_classrooms", {"classes": classes, "places": len(rooms)}),
        evidence=[display.item for display in found],
        findings=[*findings, *(gap.reason for gap in unknowns)],
    )


def _met(classes: int, reachable_only: int) -> Reason:
    if reachable_only:
        return Reason("classes_equipped_reachable", {"total": classes, "count": reachable_only})
    return Reason("classes_equipped", {"total": classes})


def _rooms(school: School) -> dict[str, Place]:
    """The rooms of classes: those that the roster gives a class, else every classroom."""
    owned = [place for place in school.places if place.class_name]
    return {same(p.id): p for p in owned or [place for place in school.places if place.kind == "classroom"]}


def _gaps(found: list[Equipment]) -> list[Gap]:
    return [Gap(display.reason, display.item) for display in found if display.reason is not None]


def _doubts(
    school: School, found: list[Equipment], unplaced: list[Equipment], rooms: set[str]
) -> dict[str, list[Reason]]:
    """Of each room without a working display, why it may have one all the same."""
    doubts: dict[str, list[Reason]] = {}
    for display in found:
        if display.state == "unknown" and display.reason is not None:
            for place in sorted(display.places & rooms):
                doubts.setdefault(place, []).append(display.reason)
    probed = {same_device(display.device) for display in found}
    for device in school.devices:
        place = same(device.place)
        if device.system == SYSTEM and place in rooms and same_device(device.id) not in probed:
            values: Values = {"device": device.id, "place": device.place}
            doubts.setdefault(place, []).append(Reason("display_not_probed", values))
    return doubts


def _strange(display: Equipment) -> Reason:
    return Reason("place_not_in_roster", {"device": display.device, "place": display.strange_place})


TARGET = Target(
    id=ID,
    name=Text("多媒体班级全覆盖", "A multimedia display for every class"),
    clause="多媒体班级覆盖率 100%",
    plan_row=7,
    unit="ratio",
    policy=MultimediaPolicy,
    evaluate=evaluate,
    probes=(PROBE, LESSER_PROBE),
    measures=(*MEASURES, AV_DEVICE_REACHABLE.name),
    systems=(SYSTEM,),
    daily=(*DAILY, AV_DEVICE_REACHABLE.name, AV_DEVICE_STATE.name),
    school_hours=SCHOOL_HOURS,
)
