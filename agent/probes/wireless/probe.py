"""Wireless: which access points serve, in what state, with how many clients, by the controller's own tables."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from agent.clients.snmp import connect, text
from agent.errors import Malformed, Silent
from agent.packs.choose import Choice, choose
from agent.packs.load import packs
from agent.packs.model import Pack, Sum, under
from agent.probes.base import Context, Probe
from agent.probes.wireless.seating import Seating, read_seating
from agent.probes.wireless.settings import ExpectedAccessPoint, WirelessSettings
from agent.probes.wireless.table import AccessPoint, access_points, by_band, label, state_of, whole
from wire.measures import (
    AP_CLIENTS,
    AP_STATE,
    AP_UP,
    CONTROLLER_APS,
    CONTROLLER_APS_UP,
    PLACE_TERMINALS,
    ROWS_EXPECTED,
    ROWS_SEEN,
    WIRELESS_CLIENTS,
)
from wire.report import Measure, Reading

TABLE = "access_points"
GONE = "gone"
_DESCR, _OBJECT_ID, _NAME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0"  # RFC 3418


async def run(settings: WirelessSettings, context: Context) -> list[Reading]:
    """The readings of every access point. Raises Malformed, with what was read, when the device contradicts itself."""
    known = _candidates(settings.pack, packs(context.packs_dir))
    async with connect(settings.snmp) as snmp:
        system = await snmp.get((_DESCR, _OBJECT_ID, _NAME))
        object_id = text(system.get(_OBJECT_ID, "")).lstrip(".")
        choice = await choose(snmp, known, object_id)
        seating, fault = None, None
        try:
            seating = await read_seating(snmp, settings, choice) if choice is not None else None
        except (Malformed, Silent) as error:  # what the tables of access points say stands
            fault = error
    if choice is None:
        what = "no device pack fits" if settings.pack == "auto" else f"the pack {settings.pack} does not fit"
        raise Malformed(f"{what}: sysObjectID {object_id or 'absent'}, sysDescr {label(system.get(_DESCR, ''))!r}")
    if choice.pack.itself is not None and not choice.rows:
        readings = _stand_alone(settings, choice, label(system.get(_NAME, "")), seating)
    else:
        readings = _controller(settings, choice, seating)
    if fault is not None:
        raise type(fault)(str(fault), readings)
    return readings


def _candidates(pack: str, known: Mapping[str, Pack]) -> Mapping[str, Pack]:
    if pack == "auto":
        return known
    if pack not in known:
        raise Malformed(f"there is no device pack {pack}; there are {', '.join(known)}")
    return {pack: known[pack]}


def _controller(settings: WirelessSettings, choice: Choice, seating: Seating | None) -> list[Reading]:
    readings = _scalar_readings(choice)
    try:
        found = access_points(choice.table, choice.root, choice.columns) if choice.table and choice.rows else []
        readings += _client_readings(choice, found)
    except Malformed as error:
        raise Malformed(str(error), readings) from None
    readings.append(_reading(ROWS_SEEN, len(found), table=TABLE))
    places = _Places(settings, found)
    for ap in found:
        readings += _of(ap, places.of(ap))
    if seating is not None:
        readings += seating.readings([(ap, places.of(ap)) for ap in found])
    if contradictions := _contradictions(choice, found):
        # A table that may be cut short proves nothing of what is not in it.
        raise Malformed("; ".join(contradictions), readings)
    return readings + [reading for expected in places.missing() for reading in _gone(expected)]


def _stand_alone(settings: WirelessSettings, choice: Choice, name: str, seating: Seating | None) -> list[Reading]:
    """The device that answers is the access point. Its name is sysName, else the device's in the configuration."""
    itself = choice.pack.itself
    if itself is None:
        raise TypeError(f"{choice.pack.id} is no stand-alone access point")
    identity = label(choice.scalars.get(under(choice.root, itself.identity), "")) if itself.identity else ""
    states = [
        state_of((lookup,), value)
        for lookup in itself.state
        for value in choice.columns.get(under(choice.root, lookup.column or ""), {}).values()
    ]
    up, state = next((s for s in states if s[0]), states[0]) if states else (True, "answering")
    clients = sum(whole(value) for value in choice.columns[under(choice.root, itself.clients.sum)].values())
    ap = AccessPoint(identity or name or settings.device, name or settings.device, None, identity, up, state, clients)
    bands = {"all": clients, **by_band(itself.clients, choice.root, choice.columns)}
    places = _Places(settings, [ap])
    readings = _of(ap, places.of(ap)) + [_reading(WIRELESS_CLIENTS, n, band=band) for band, n in bands.items()]
    if seating is not None:
        readings += seating.readings([(ap, places.of(ap))])
    return readings + [reading for expected in places.missing() for reading in _gone(expected)]


def _scalar_readings(choice: Choice) -> list[Reading]:
    online, configured = _added(choice, "online"), _added(choice, "configured")
    readings = []
    if online is not None:
        readings.append(_reading(CONTROLLER_APS_UP, online))
    if configured is not None:
        readings.append(_reading(CONTROLLER_APS, configured))
        if choice.table is None or choice.table.lists == "all":
            readings.append(_reading(ROWS_EXPECTED, configured, table=TABLE))
    return readings


def _client_readings(choice: Choice, found: Iterable[AccessPoint]) -> list[Reading]:
    """By the controller's own counts; else, for all and for a band, by adding up its tables."""
    totals: dict[str, int] = {}
    per_ap = [ap.clients for ap in found if ap.clients is not None]
    if per_ap:
        totals["all"] = sum(per_ap)
    if choice.table is not None and isinstance(choice.table.clients, Sum):
        totals.update(by_band(choice.table.clients, choice.root, choice.columns))
    for band, count in choice.pack.scalars.clients.items():
        if isinstance(count, Sum):
            rows = choice.columns.get(under(choice.root, count.sum))
            if rows:
                totals[band] = sum(whole(value) for value in rows.values())
        elif under(choice.root, count) in choice.scalars:
            totals[band] = whole(choice.scalars[under(choice.root, count)])
    return [_reading(WIRELESS_CLIENTS, total, band=band) for band, total in totals.items()]


def _contradictions(choice: Choice, found: list[AccessPoint]) -> list[str]:
    """Where the controller's own counts and its table differ by more than the time between reading both explains."""
    said = []
    up = sum(ap.up is True for ap in found)
    standby = sum(ap.up is None for ap in found)
    online, configured = _added(choice, "online"), _added(choice, "configured")
    # Whether a backup controller counts the access points that it stands by for differs by vendor.
    if online is not None and not (up - _skew(up) <= online <= up + standby + _skew(up + standby)):
        hint = "" if found else "; may the agent read it?"
        said.append(f"the controller counts {online} access points on line and its table shows {up}{hint}")
    everything = choice.table is None or choice.table.lists == "all"
    if configured is not None and everything and abs(configured - len(found)) > _skew(configured):
        said.append(f"the controller counts {configured} access points in all and its table has {len(found)}")
    return said


def _skew(count: int) -> float:
    """How far two reads of one quantity may lie apart on a live system."""
    return max(3, count * 0.02)


def _added(choice: Choice, kind: str) -> int | None:
    """A scalar, or the sum of several; None unless the device gave every one."""
    oids = [under(choice.root, oid) for oid in getattr(choice.pack.scalars, kind)]
    if not oids or any(oid not in choice.scalars for oid in oids):
        return None
    return sum(whole(choice.scalars[oid]) for oid in oids)


class _Places:
    """Which room each access point is in, and which expected ones are not there."""

    def __init__(self, settings: WirelessSettings, found: list[AccessPoint]) -> None:
        self._pattern = re.compile(settings.place_pattern) if settings.place_pattern else None
        self._expected = {expected.key: expected for expected in settings.access_points}
        self._names = Counter(ap.name for ap in found)
        self._seen: set[str] = set()
        for ap in found:
            self._seen.update(self._keys(ap))
            self._seen.add(ap.name)

    def of(self, ap: AccessPoint) -> str:
        """The place from the list, else from the name; empty when neither tells."""
        for key in self._keys(ap):
            if key in self._expected:
                return self._expected[key].place
        found = self._pattern.search(ap.name) if self._pattern else None
        return label(found["place"] or "") if found else ""

    def missing(self) -> list[ExpectedAccessPoint]:
        return [expected for key, expected in self._expected.items() if key not in self._seen]

    def _keys(self, ap: AccessPoint) -> list[str]:
        keys = [key for key in (ap.ap_id, ap.mac, ap.serial) if key]
        # A name that two have says of neither where it is.
        return [*keys, ap.name] if self._names[ap.name] == 1 else keys


def _of(ap: AccessPoint, place: str) -> list[Reading]:
    who = {"ap": ap.name, "ap_id": ap.ap_id, "place": place}
    readings = [_reading(AP_STATE, 1, **who, state=ap.state)]
    if ap.up is not None:
        readings.append(_reading(AP_UP, ap.up, **who))
    if ap.clients is not None:
        readings.append(_reading(AP_CLIENTS, ap.clients, **who))
    return readings


def _gone(expected: ExpectedAccessPoint) -> list[Reading]:
    who = {"ap": expected.ap, "ap_id": expected.key, "place": expected.place}
    return [_reading(AP_UP, 0, **who), _reading(AP_STATE, 1, **who, state=GONE)]


def _reading(measure: Measure, value: float, **labels: str) -> Reading:
    return Reading(measure=measure.name, value=value, labels=labels)


PROBE = Probe(
    WirelessSettings,
    (
        AP_UP,
        AP_STATE,
        AP_CLIENTS,
        WIRELESS_CLIENTS,
        PLACE_TERMINALS,
        CONTROLLER_APS_UP,
        CONTROLLER_APS,
        ROWS_SEEN,
        ROWS_EXPECTED,
    ),
    run,
)
