"""Places served by a working access point, as controllers and the roster tell."""

from collections import defaultdict
from dataclasses import dataclass

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.roster.names import same
from collector.targets._coverage import Places, Served, carrying
from collector.targets._missing import Gap, absent, incomplete, look
from collector.targets._words import SOMEWHERE
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, Values
from wire.measures import AP_UP
from wire.report import Observation

PROBE = "wireless"


@dataclass(slots=True)
class _AccessPoint:
    """One access point, by every controller that lists it. `place` is a compared name, empty when none is known."""

    name: str
    ids: set[str]
    is_up: bool
    places: set[str]

    @property
    def label(self) -> str:
        return self.name or next(iter(sorted(self.ids)), "?")


def served_by_wireless(school: School, evidence: Evidence, fresh_seconds: float, moment: Moment) -> Served:
    """One without a known place could serve any place, and so could one on a controller that does not answer."""
    served, places = Served(), Places.of(school)
    tables = carrying(evidence, PROBE, AP_UP.name)
    if not tables:
        served.doubts.append(absent(evidence, PROBE))
        return served
    sight = look(tables, evidence, fresh_seconds, moment)
    served.doubts += [*sight.gaps, *(gap for gap in map(incomplete, sight.good) if gap)]
    expected = {same(device.id).casefold(): device for device in school.devices if device.system == "wireless"}
    points = _access_points(sight.good)
    served.evidence = [EvidenceItem.of(o, _note(o)) for o in sight.good]
    unplaced: list[Reason] = []
    for point in points:
        by_roster = {same(expected[known].place) for known in point.ids if known in expected}
        where = (point.places & places.all) or by_roster
        if point.is_up:
            served.covered |= where & places.teaching.keys()
        else:
            values: Values = {"ap": point.label, "place": ", ".join(sorted(where)) or SOMEWHERE}
            served.findings.append(Reason("access_point_down", values))
        if point.is_up and not where:
            strange = sorted(point.places)
            code, values = "access_point_without_place", {"ap": point.label}
            if strange:
                code, values = "place_not_in_roster", {"device": point.label, "place": strange[0]}
            unplaced.append(Reason(code, values))
    if unplaced:
        served.doubts.append(Gap(Reason("access_points_without_place", {"count": len(unplaced)})))
        served.findings += unplaced
    if not (served.doubts or points or expected):
        served.doubts.append(Gap(Reason("no_access_points")))
    if not (sight.gaps or any(incomplete(o) for o in sight.good)):
        seen = {known for point in points for known in point.ids}
        served.findings += [
            Reason("access_point_gone", {"ap": device.id, "place": device.place})
            for known, device in expected.items()
            if known not in seen
        ]
    return served


def _access_points(tables: tuple[Observation, ...]) -> list[_AccessPoint]:
    """Each access point once: an address or serial is the same one on every controller, a name only on its own."""
    groups: dict[tuple[str, str], _AccessPoint] = {}
    by_key: dict[tuple[str, str], list[tuple[str, str, str, bool]]] = defaultdict(list)
    for observation in tables:
        for reading in readings(observation, AP_UP.name):
            name, ap_id, place = (same(reading.labels.get(label, "")) for label in ("ap", "ap_id", "place"))
            key = ("", ap_id.casefold()) if ap_id else (observation.device, name.casefold())
            by_key[key].append((name, ap_id, place, reading.value == 1))
    for key, rows in sorted(by_key.items()):
        ids = {known.casefold() for name, ap_id, _, _ in rows for known in (name, ap_id) if known}
        found = {place for _, _, place, _ in rows if place}
        groups[key] = _AccessPoint(min(name for name, *_ in rows), ids, any(up for *_, up in rows), found)
    return list(groups.values())


def _note(observation: Observation) -> str:
    states = [reading.value == 1 for reading in readings(observation, AP_UP.name)]
    return f"{AP_UP.name}: {sum(states)} / {len(states)}"
