"""Places served by a working access point, as controllers and the roster tell."""

from collections import defaultdict
from dataclasses import dataclass

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.roster.names import same, same_device
from collector.targets._coverage import Places, Served, carrying
from collector.targets._missing import Gap, absent, incomplete, look
from collector.targets._words import SOMEWHERE
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, Values
from wire.measures import AP_STATE, AP_UP, ROWS_EXPECTED, ROWS_SEEN
from wire.report import Observation, Reading

PROBE = "wireless"
MEASURES = (AP_UP.name, AP_STATE.name, ROWS_SEEN.name, ROWS_EXPECTED.name)
GONE = "gone"
"""The state of one that the agent's own list has and the controller's table has not."""


@dataclass(frozen=True, slots=True)
class _AccessPoint:
    """One access point, by every controller that lists it. `places` are compared names, empty when none was told."""

    label: str
    ids: frozenset[str]
    up: bool | None
    """None when no controller says whether it serves: one that stands by for another, or a state nobody knows."""
    state: str
    places: frozenset[str]


def served_by_wireless(school: School, evidence: Evidence, fresh_seconds: float, moment: Moment) -> Served:
    """One without a known place could serve any place, and so could one on a controller that does not answer."""
    served, places = Served(), Places.of(school)
    tables = carrying(evidence, PROBE, AP_UP.name, AP_STATE.name)
    if not tables:
        served.doubts.append(absent(evidence, PROBE))
        return served
    sight = look(tables, evidence, fresh_seconds, moment)
    served.doubts += [*sight.gaps, *(gap for gap in map(incomplete, sight.good) if gap)]
    is_whole = not served.doubts
    served.evidence = [EvidenceItem.of(o, _note(o)) for o in sight.good]
    expected = {same_device(device.id): device for device in school.devices if device.system == "wireless"}
    points = _access_points(sight.good)
    unplaced: list[Reason] = []
    for point in points:
        by_roster = {same(expected[known].place) for known in point.ids if known in expected}
        where = (point.places & places.all) or by_roster
        if point.up:
            served.covered |= where & places.teaching.keys()
        if point.up is not True:
            reason = _not_serving(point, where)
            served.findings.append(reason)
            if point.up is None:
                served.maybe |= dict.fromkeys(sorted(where & places.teaching.keys()), reason)
        if point.up is not False and not where:
            unplaced.append(_unplaced(point))
    if unplaced:
        served.doubts.append(Gap(Reason("access_points_without_place", {"count": len(unplaced)})))
        served.findings += unplaced
    if is_whole and not points and not expected:
        served.doubts.append(Gap(Reason("no_access_points")))
    if is_whole:
        seen = {known for point in points for known in point.ids}
        gone = [device for known, device in expected.items() if known not in seen]
        served.findings += [Reason("access_point_gone", {"ap": one.id, "place": one.place}) for one in gone]
    return served


def _not_serving(point: _AccessPoint, where: set[str] | frozenset[str]) -> Reason:
    values: Values = {"ap": point.label, "place": ", ".join(sorted(where)) or SOMEWHERE}
    if point.up is None:
        return Reason("access_point_state_unknown", {**values, "state": point.state})
    return Reason("access_point_gone" if point.state == GONE else "access_point_down", values)


def _unplaced(point: _AccessPoint) -> Reason:
    if point.places:
        return Reason("place_not_in_roster", {"device": point.label, "place": min(point.places)})
    return Reason("access_point_without_place", {"ap": point.label})


def _access_points(tables: tuple[Observation, ...]) -> list[_AccessPoint]:
    """Each access point once: an address or serial is the same one on every controller, a name only on its own."""
    groups: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for observation in tables:
        for measure in (AP_UP, AP_STATE):
            for reading in readings(observation, measure.name):
                ap_id = same(reading.labels.get("ap_id", ""))
                name = same(reading.labels.get("ap", ""))
                groups[("", same_device(ap_id)) if ap_id else (observation.device, same_device(name))].append(reading)
    return [_access_point(rows) for _, rows in sorted(groups.items(), key=lambda group: group[0])]


def _access_point(rows: list[Reading]) -> _AccessPoint:
    def told(label: str) -> list[str]:
        return sorted({same(row.labels.get(label, "")) for row in rows} - {""})

    names, ids = told("ap"), told("ap_id")
    ups = [row.value == 1 for row in rows if row.measure == AP_UP.name]
    return _AccessPoint(
        label=(names or ids or ["?"])[0],
        ids=frozenset(same_device(known) for known in (*names, *ids)),
        up=any(ups) if ups else None,
        state=(told("state") or ["?"])[0],
        places=frozenset(told("place")),
    )


def _note(observation: Observation) -> str:
    states = [reading.value == 1 for reading in readings(observation, AP_UP.name)]
    return f"{AP_UP.name}: {sum(states)} / {len(states)}"
