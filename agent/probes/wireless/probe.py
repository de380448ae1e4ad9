"""Wireless: which access points serve, in what state, with how many clients, by the controller's own tables."""

from collections.abc import Mapping

from agent.clients.snmp import Value, connect, text
from agent.errors import Malformed, ProbeError, Silent
from agent.packs.choose import Choice, Nothing, choose
from agent.packs.load import packs
from agent.packs.model import Itself, Pack
from agent.packs.parts import Count, Sum, count_columns, under
from agent.probes.base import Context, Probe
from agent.probes.wireless.details import network_clients, radios_of, speeds_of
from agent.probes.wireless.places import Places
from agent.probes.wireless.readings import NETWORK_CLIENTS, OWN, bounded, details_of, gone, reading, state_of
from agent.probes.wireless.seating import Seating, read_seating
from agent.probes.wireless.settings import WirelessSettings
from agent.probes.wireless.table import AccessPoint, access_points, by_band, label, meaning, whole
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
from wire.report import Reading

TABLE = "access_points"
_DESCR, _OBJECT_ID, _NAME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0"  # RFC 3418


async def run(settings: WirelessSettings, context: Context) -> list[Reading]:
    """The readings of every access point. Raises Malformed, with what was read, when the device contradicts itself."""
    known = _candidates(settings.pack, packs(context.packs_dir))
    async with connect(settings.snmp) as snmp:
        system = await snmp.get((_DESCR, _OBJECT_ID, _NAME))
        object_id = text(system.get(_OBJECT_ID, "")).lstrip(".")
        choice = await choose(snmp, known, object_id, settings.radios)
        seating: Seating | None = None
        fault: ProbeError | None = None
        try:
            seating = None if isinstance(choice, Nothing) else await read_seating(snmp, settings, choice)
        except (Malformed, Silent) as error:  # what the tables of access points say stands
            fault = error
    device = f"sysObjectID {object_id or 'absent'}, sysDescr {label(system.get(_DESCR, ''))!r}"
    if isinstance(choice, Nothing):
        raise Malformed(_no_pack(settings.pack, choice, device))
    if choice.alone and not choice.rows:
        readings = _stand_alone(settings, choice, label(system.get(_NAME, "")), seating)
    else:
        readings = _controller(settings, choice, device, seating)
    fault = choice.fault or fault
    if fault is not None:
        raise type(fault)(str(fault), readings)
    return readings


def _candidates(pack: str, known: Mapping[str, Pack]) -> Mapping[str, Pack]:
    if pack == "auto":
        return known
    if pack not in known:
        raise Malformed(f"there is no device pack {pack}; there are {', '.join(known)}")
    return {pack: known[pack]}


def _no_pack(asked: str, nothing: Nothing, device: str) -> str:
    what = "no device pack fits" if asked == "auto" else f"the pack {asked} does not fit"
    if not nothing.trees:
        return f"{what}: {device}"
    trees = ", ".join(f"{pack} {root}" for pack, root in nothing.trees[:3])
    return f"{what}: no access points in its tree ({trees}); a restricted view, or a model that needs a pack? {device}"


def _controller(settings: WirelessSettings, choice: Choice, device: str, seating: Seating | None) -> list[Reading]:
    readings = _scalar_readings(choice)
    try:
        table = choice.table if choice.rows else None
        found = access_points(table, choice.root, choice.columns) if table else []
        readings += _client_readings(choice, found)
        readings += _network_readings(choice)
    except Malformed as error:
        raise Malformed(str(error), readings) from None
    if choice.table is not None:
        readings.append(reading(ROWS_SEEN, len(found), table=TABLE))
    places = Places(settings, found)
    for ap in found:
        readings.extend(state_of(ap, places.of(ap)))
    if seating is not None:
        readings += seating.readings([(ap, places.of(ap)) for ap in found])
    said = _contradictions(choice, found)
    if not said and not found and not _really_none(choice):
        said = [f"{choice.pack.id} has no access points in its table: a restricted view, or another model? {device}"]
    # A table that may be cut short proves nothing of what is not in it.
    if not said and choice.table is not None:
        readings += [gone_one for one in places.missing() for gone_one in gone(one.ap, one.key, one.place)]
    if table is not None:
        speeds = speeds_of(table.uplink, table, choice.root, choice.columns)
        radios = radios_of(table.radios, table, choice.root, choice.columns)
        bounded(
            readings,
            (r for ap in found for r in details_of(ap, places.of(ap), speeds.get(ap.key), radios.get(ap.key, ()))),
        )
    if said:
        raise Malformed("; ".join(said), readings)
    return readings


def _stand_alone(settings: WirelessSettings, choice: Choice, name: str, seating: Seating | None) -> list[Reading]:
    """The device that answers is the access point. Its name is sysName, else the device's in the configuration."""
    itself, root, columns = choice.pack.itself, choice.root, choice.columns
    if itself is None:
        raise TypeError(f"{choice.pack.id} is no stand-alone access point")
    identity, model, firmware = (_text(choice, oid) for oid in (itself.identity, itself.model, itself.firmware))
    up, state = _own_state(itself, root, columns)
    clients = _counted(itself.clients, root, columns)
    ap = AccessPoint(
        "", identity or name or settings.device, name or settings.device, None, identity, up, state, clients,
        model=model, firmware=firmware,
    )  # fmt: skip
    bands = {"all": clients, **(by_band(itself.clients, root, columns) if isinstance(itself.clients, Sum) else {})}
    places = Places(settings, [ap])
    readings = list(state_of(ap, places.of(ap)))
    readings += [reading(WIRELESS_CLIENTS, n, band=band) for band, n in bands.items()]
    readings += _network_readings(choice)
    if seating is not None:
        readings += seating.readings([(ap, places.of(ap))])
    readings += [gone_one for one in places.missing() for gone_one in gone(one.ap, one.key, one.place)]
    radios = radios_of(itself.radios, None, root, columns).get("", ())
    return bounded(readings, details_of(ap, places.of(ap), None, radios))


def _own_state(itself: Itself, root: str, columns: Mapping[str, Mapping[str, Value]]) -> tuple[bool | None, str]:
    """Up when any of its rows says so."""
    states = [
        meaning((lookup,), value)
        for lookup in itself.state
        for value in columns.get(under(root, lookup.column or ""), {}).values()
    ]
    return next((s for s in states if s[0]), states[0]) if states else (True, "answering")


def _text(choice: Choice, oid: str | None) -> str:
    return label(choice.scalars.get(under(choice.root, oid), "")) if oid is not None else ""


def _scalar_readings(choice: Choice) -> list[Reading]:
    online, configured = _added(choice, "online"), _added(choice, "configured")
    readings = []
    if online is not None:
        readings.append(reading(CONTROLLER_APS_UP, online))
    if configured is not None:
        readings.append(reading(CONTROLLER_APS, configured))
        if choice.table is not None and choice.table.lists == "all":
            readings.append(reading(ROWS_EXPECTED, configured, table=TABLE))
    return readings


def _client_readings(choice: Choice, found: list[AccessPoint]) -> list[Reading]:
    """By the controller's own counts; else, for all and for a band, by adding up its tables."""
    totals: dict[str, int] = {}
    # A sum over access points of which some tell nothing would be too small.
    if found and all(ap.clients is not None for ap in found):
        totals["all"] = sum(ap.clients or 0 for ap in found)
        bands = _bands(choice)
        if abs(sum(bands.values()) - totals["all"]) <= _skew(totals["all"]):
            totals.update(bands)
    for band, count in choice.pack.scalars.clients.items():
        if isinstance(count, str):
            if under(choice.root, count) in choice.scalars:
                totals[band] = whole(choice.scalars[under(choice.root, count)])
            continue
        if any(choice.columns.get(under(choice.root, oid)) for oid in count_columns(count)):
            totals[band] = _counted(count, choice.root, choice.columns)
    return [reading(WIRELESS_CLIENTS, total, band=band) for band, total in totals.items()]


def _counted(count: Sum | Count, root: str, columns: Mapping[str, Mapping[str, Value]]) -> int:
    if isinstance(count, Count):
        return len(columns.get(under(root, count.count), {}))
    return sum(whole(value) for value in columns.get(under(root, count.sum), {}).values())


def _bands(choice: Choice) -> dict[str, int]:
    table = choice.table
    if table is None:
        return {}
    source = table.clients if isinstance(table.clients, Sum) else None
    if source is None and table.radios is not None and table.radios.clients and table.radios.band:
        source = Sum(sum=table.radios.clients, bands=table.radios.band)
    return by_band(source, choice.root, choice.columns) if source is not None else {}


def _network_readings(choice: Choice) -> list[Reading]:
    clients = network_clients(choice.pack.networks, choice.root, choice.columns)
    return [reading(NETWORK_CLIENTS, count, ssid=name) for name, count in clients.items()]


def _contradictions(choice: Choice, found: list[AccessPoint]) -> list[str]:
    """Where the controller's own counts and its table differ by more than the time between reading both explains."""
    if choice.table is None:
        return []
    said = []
    up = sum(ap.up is True for ap in found)
    # Whether a backup controller counts the access points that it stands by for differs by vendor.
    standby = sum(ap.up is None for ap in found)
    online, configured = _added(choice, "online"), _added(choice, "configured")
    if online is not None and not (up - _skew(up) <= online <= up + standby + _skew(up + standby)):
        hint = "" if found else "; may the agent read it?"
        said.append(f"the controller counts {online} access points on line and its table shows {up}{hint}")
    if configured is not None and choice.table.lists == "all" and abs(configured - len(found)) > _skew(configured):
        said.append(f"the controller counts {configured} access points in all and its table has {len(found)}")
    return said


def _really_none(choice: Choice) -> bool:
    """Whether a known device's own counts agree that it has no access point. A pack of mere counts has no table."""
    if choice.table is None:
        return True
    clients = [choice.scalars.get(under(choice.root, oid), 0) for oid in choice.pack.scalars.clients.values()
               if isinstance(oid, str)]  # fmt: skip
    counts = [_added(choice, "online"), _added(choice, "configured")]
    return choice.speaks and counts[0] == 0 and not counts[1] and not any(map(whole, clients))


def _skew(count: int) -> float:
    """How far two reads of one quantity may lie apart on a live system."""
    return max(2, count * 0.02)


def _added(choice: Choice, kind: str) -> int | None:
    """A scalar, or the sum of several; None unless the device gave every one."""
    oids = [under(choice.root, oid) for oid in getattr(choice.pack.scalars, kind)]
    if not oids or any(oid not in choice.scalars for oid in oids):
        return None
    return sum(whole(choice.scalars[oid]) for oid in oids)


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
        *OWN,
    ),
    run,
)
