"""Places served by a wired access port: one that has a link, or had one in the window."""

from datetime import timedelta

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.roster.names import same
from collector.targets._coverage import Places, Served
from collector.targets._missing import Gap, absent, incomplete, look
from collector.targets._switches import DAILY, PROBE, in_window, switches
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, Values
from wire.measures import ACCESS_PORT_SPEED, PORT_INFO
from wire.report import Observation


def served_by_wire(
    school: School, evidence: Evidence, fresh_seconds: float, window_days: int, moment: Moment
) -> Served:
    """A switch that does not answer now proves nothing, whatever it said earlier in the window."""
    served, places = Served(), Places.of(school)
    latest = switches(evidence, moment.now - timedelta(days=window_days), moment.zone)
    if not latest:
        served.doubts.append(absent(evidence, PROBE))
        return served
    sight = look(latest, evidence, fresh_seconds, moment)
    served.doubts += [*sight.gaps, *(gap for gap in map(incomplete, sight.good) if gap)]
    unplaced: set[tuple[str, str, str]] = set()
    for observation in sight.good:
        linked, nowhere = _linked(observation, evidence, places, window_days, moment, served)
        served.covered |= linked & places.teaching.keys()
        unplaced |= nowhere
        served.evidence.append(EvidenceItem.of(observation, f"{ACCESS_PORT_SPEED.name}: {len(linked)}"))
    if unplaced:
        served.doubts.append(Gap(Reason("ports_without_place", {"count": len(unplaced)})))
    for observation in sight.good:
        _idle(observation, places, window_days, served)
    return served


def _linked(
    observation: Observation, evidence: Evidence, places: Places, window_days: int, moment: Moment, served: Served
) -> tuple[set[str], set[tuple[str, str, str]]]:
    """The places of one switch's linked ports, and the linked ports whose place the roster does not know."""
    labels = [r.labels for measure in DAILY for r in readings(observation, measure) if _is_linked(measure, r.value)]
    now = {(one.get("port", ""), one.get("ifindex", "")) for one in labels}
    since = moment.now - timedelta(days=window_days)
    for row in (row for measure in DAILY for row in in_window(evidence, measure, since, moment.zone)):
        if (row.probe, row.device) != (observation.probe, observation.device) or not _is_linked(row.measure, row.last):
            continue
        if (row.labels.get("port", ""), row.labels.get("ifindex", "")) not in now:
            labels.append(dict(row.labels))
            if same(row.labels.get("place", "")) in places.teaching:
                note = f"{row.measure}={row.last:.0f} {row.labels['place']}"
                served.evidence.append(EvidenceItem(row.last_id, row.probe, row.device, row.last_at, note))
    linked: set[str] = set()
    nowhere: set[tuple[str, str, str]] = set()
    for one in sorted(labels, key=lambda one: sorted(one.items())):
        place = same(one.get("place", ""))
        if place in places.all:
            linked.add(place)
        else:
            nowhere.add((observation.device, one.get("port", ""), one.get("ifindex", "")))
        if place and place not in places.all:
            served.findings.append(
                Reason("place_not_in_roster", {"device": f"{observation.device} {one.get('port', '')}", "place": place})
            )
    return linked, nowhere


def _is_linked(measure: str, value: float) -> bool:
    return measure == ACCESS_PORT_SPEED.name or value == 1


def _idle(observation: Observation, places: Places, window_days: int, served: Served) -> None:
    """A place with a port that nobody plugged into: the school may be on holiday, so it is not called uncovered."""
    for reading in sorted(readings(observation, PORT_INFO.name), key=lambda r: sorted(r.labels.items())):
        place = same(reading.labels.get("place", ""))
        if reading.labels.get("role") != "access" or place in served.covered or place not in places.teaching:
            continue
        values: Values = {
            "place": place,
            "port": reading.labels.get("port", ""),
            "device": observation.device,
            "days": window_days,
        }
        served.maybe.setdefault(place, Reason("port_idle", values))
