"""Reads a wireless controller's table of stations by its pack: which terminal is on which access point and network."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from agent.clients.snmp import Snmp, Value, text
from agent.errors import Malformed
from agent.owners import Trace
from agent.packs.index import BadIndex, decoded, mac_address
from agent.packs.model import Pack
from agent.packs.parts import under

MAX_STATIONS = 200_000
_MAC_ARCS = 6


@dataclass(frozen=True, slots=True)
class Station:
    """`aps` is what the controller may mean as the access point: MACs as 00:11:22:33:44:55, names, serial numbers.

    A name of six characters cannot be told from a MAC, so both readings are there.
    """

    aps: tuple[str, ...]
    trace: Trace


async def listed(snmp: Snmp, pack: Pack, root: str) -> dict[str, Value]:
    """The column that lists the stations, by index. Empty without stations, and where the pack knows no table."""
    if pack.stations is None:
        return {}
    return await snmp.column(under(root, pack.stations.rows or pack.stations.values or ""), MAX_STATIONS)


async def stations(snmp: Snmp, pack: Pack, root: str, wanted_ap: bool = False) -> dict[str, Station]:
    """Every station by its MAC, with its network; with its access point only if that is wanted. Raises Malformed."""
    table = pack.stations
    rows = await listed(snmp, pack, root)
    if table is None or not rows:
        return {}
    macs = {index: mac_of(index) if table.rows else mac_address(value) for index, value in rows.items()}
    columns: dict[str, dict[str, Value]] = {}
    for oid in (table.ssid, table.vlan, table.address, *(table.ap if wanted_ap else ())):
        if oid is not None and under(root, oid) not in columns:
            columns[under(root, oid)] = await snmp.column(under(root, oid), MAX_STATIONS)
    names = await _names(snmp, pack, root) if wanted_ap else {}
    aps = [_by_station(columns[under(root, oid)], macs, bool(table.rows)) for oid in table.ap] if wanted_ap else []
    found: dict[str, Station] = {}
    for index, mac in macs.items():
        if mac is None:
            continue
        trace = Trace()
        if ssid := _cell(columns, root, table.ssid, index):
            trace.ssids.add(text(ssid))
        if isinstance(vlan := _cell(columns, root, table.vlan, index), int):
            trace.vlans.add(vlan)
        if address := address_of(_cell(columns, root, table.address, index)):
            trace.addresses.add(address)
        keys = [key for column in aps for key in _keys(column.get(mac, ""))]
        found[mac] = Station(tuple(names.get(key, key) for key in keys), trace)
    return found


def mac_of(index: str) -> str:
    """The MAC that an index of six sub-identifiers is, or ends in. Raises Malformed."""
    return _decoded(index.split(".")[-_MAC_ARCS:], index)


def address_of(value: Value | None) -> str | None:
    """An IpAddress, or an address as text; None for anything else, and for 0.0.0.0."""
    if value is None or isinstance(value, int | float):
        return None
    try:
        address = ip_address(value if isinstance(value, bytes) and len(value) in (4, 16) else text(value).strip())
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


def _cell(columns: Mapping[str, Mapping[str, Value]], root: str, oid: str | None, index: str) -> Value | None:
    return None if oid is None else columns[under(root, oid)].get(index)


def _by_station(column: Mapping[str, Value], macs: Mapping[str, str | None], by_mac: bool) -> dict[str, Value]:
    """A column's values by the station's MAC; the index may go on after it, as with a table of users' addresses."""
    found: dict[str, Value] = {}
    for index, value in column.items():
        mac = macs.get(index)
        if mac is None and by_mac:
            arcs = index.split(".")
            mac = _decoded(arcs[:_MAC_ARCS], index) if len(arcs) > _MAC_ARCS + 1 else mac_of(index)
        if mac is not None:
            found.setdefault(mac, value)
    return found


async def _names(snmp: Snmp, pack: Pack, root: str) -> dict[str, str]:
    """BSSIDs and IP addresses of access points, to the access point's MAC."""
    found: dict[str, str] = {}
    table = pack.stations
    if table is not None and table.bssids is not None:
        for index, value in (await snmp.column(under(root, table.bssids), MAX_STATIONS)).items():
            if mac := mac_address(value):
                found[mac_of(index)] = mac
    if table is not None and table.ap_addresses is not None:
        for index, value in (await snmp.column(under(root, table.ap_addresses), MAX_STATIONS)).items():
            if address := address_of(value):
                found[address] = mac_of(index)
    return found


def _keys(value: Value) -> list[str]:
    if isinstance(value, int | float):
        return [str(value)]
    return [key for key in (mac_address(value), " ".join(text(value).split())) if key]


def _decoded(arcs: list[str], index: str) -> str:
    try:
        return decoded(".".join(arcs), "mac")
    except BadIndex:
        raise Malformed(f"the index {index[:80]} holds no MAC") from None
