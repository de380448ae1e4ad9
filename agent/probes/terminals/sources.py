"""Reads the terminals that a router, a switch, a wireless controller or a DHCP server sees."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from agent.clients.dhcp_leases import Lease, read_leases
from agent.clients.kea import kea_leases
from agent.clients.snmp import Snmp, connect, text
from agent.errors import Malformed
from agent.owners import Trace
from agent.packs.index import mac_address
from agent.packs.load import packs
from agent.packs.model import Pack
from agent.packs.parts import under
from agent.packs.station_table import address_of, mac_of, stations
from agent.probes.base import Context
from agent.probes.terminals.settings import KeaSocket, LeaseFile, Source

_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_ARP_ADDRESS = "1.3.6.1.2.1.4.22.1.2"  # ipNetToMediaPhysAddress, RFC 4293
_ARP_TYPE = "1.3.6.1.2.1.4.22.1.4"  # ipNetToMediaType
_NEIGHBOUR_ADDRESS = "1.3.6.1.2.1.4.35.1.4"  # ipNetToPhysicalPhysAddress, RFC 4293: IPv6 too
_NEIGHBOUR_TYPE = "1.3.6.1.2.1.4.35.1.6"  # ipNetToPhysicalType
_VLAN_STATUS = "1.3.6.1.2.1.17.7.1.2.2.1.3"  # dot1qTpFdbStatus, RFC 4363; index: filtering database, MAC
_BRIDGE_STATUS = "1.3.6.1.2.1.17.4.3.1.3"  # dot1dTpFdbStatus, RFC 4188; index: MAC
_VLAN_DATABASE = "1.3.6.1.2.1.17.7.1.4.2.1.3"  # dot1qVlanFdbId, RFC 4363; index: time mark, VLAN
_INVALID = 2
_LEARNED = 3
MAX_ENTRIES = 200_000

Traces = dict[str, Trace]
"""Each terminal's MAC, and where it was seen."""


async def seen_by(source: Source, context: Context, now: float) -> Traces:
    """The terminals of one source. Raises Malformed for a table that holds nothing, which no working device has."""
    if isinstance(source, LeaseFile):
        return _leased(await read_leases(source.file, source.format, now))
    if isinstance(source, KeaSocket):
        return _leased(await kea_leases(source.socket, now, source.request_timeout_seconds))
    async with connect(source.snmp) as snmp:
        if source.kind == "arp":
            return await _arp(snmp)
        if source.kind == "fdb":
            return await _fdb(snmp)
        return await _stations(snmp, source.pack, packs(context.packs_dir))


def _leased(leases: Iterable[Lease]) -> Traces:
    """A server without a lease is one that nobody asked: an answer."""
    found: Traces = {}
    for lease in leases:
        trace = Trace(at=lease.at)
        if address := address_of(lease.address):
            trace.addresses.add(address)
        if lease.mac in found:
            found[lease.mac].join(trace)
        else:
            found[lease.mac] = trace
    return found


async def _arp(snmp: Snmp) -> Traces:
    found: Traces = defaultdict(Trace)
    for oid, kind, by_type in ((_ARP_ADDRESS, _ARP_TYPE, False), (_NEIGHBOUR_ADDRESS, _NEIGHBOUR_TYPE, True)):
        addresses = await snmp.column(oid, MAX_ENTRIES)
        kinds = await snmp.column(kind, MAX_ENTRIES) if addresses else {}
        for index, value in addresses.items():
            mac = mac_address(value)
            if mac is None or kinds.get(index) == _INVALID:
                continue
            trace = found[mac]
            if address := _address_of_index(index, by_type):
                trace.addresses.add(address)
    if not found:
        raise Malformed("the address tables (ipNetToMedia, ipNetToPhysical) hold no entry; may the agent read them?")
    return dict(found)


def _address_of_index(index: str, by_type: bool) -> str | None:
    """The address after ifIndex: four sub-identifiers, or with `by_type` an InetAddressType, a length and octets."""
    arcs = index.split(".")
    octets = arcs[3:] if by_type else arcs[1:]
    if len(octets) not in (4, 16) or any(int(octet) > 255 for octet in octets):
        return None  # an address with a zone (ipv6z), which no subnet of a rule holds
    return address_of(bytes(map(int, octets)))


async def _fdb(snmp: Snmp) -> Traces:
    found: Traces = defaultdict(Trace)
    vlans = await _vlan_of_database(snmp)
    for oid, has_vlan in ((_VLAN_STATUS, True), (_BRIDGE_STATUS, False)):
        for index, value in (await snmp.column(oid, MAX_ENTRIES, in_order=False)).items():
            if value != _LEARNED:
                continue
            trace = found[mac_of(index)]
            database = index.partition(".")[0]
            vlan = vlans.get(database, None if vlans else int(database)) if has_vlan else None
            if vlan is not None:
                trace.vlans.add(vlan)
    if not found:
        raise Malformed(
            "the forwarding tables (Q-BRIDGE-MIB, BRIDGE-MIB) hold no learned entry; may the agent read them?"
        )
    return dict(found)


async def _vlan_of_database(snmp: Snmp) -> dict[str, int | None]:
    """The VLAN of each filtering database; None for one that several share. Empty where the switch does not tell.

    Most switches have a database for each VLAN, and many number it as the VLAN and leave this table out.
    """
    found: dict[str, int | None] = {}
    for index, database in (await snmp.column(_VLAN_DATABASE, MAX_ENTRIES)).items():
        key, vlan = str(database), int(index.rpartition(".")[2])
        found[key] = vlan if found.get(key, vlan) == vlan else None
    return found


async def _stations(snmp: Snmp, wanted: str, known: Mapping[str, Pack]) -> Traces:
    """By the first pack with stations. None at all is an answer only from a device that a pack recognises."""
    object_id = text((await snmp.get([_OBJECT_ID])).get(_OBJECT_ID, "")).lstrip(".")
    fitting = [pack for pack in known.values() if pack.stations is not None and wanted in ("auto", pack.id)]
    fitting.sort(key=lambda pack: not any(f"{object_id}.".startswith(f"{begin}.") for begin in pack.recognise))
    recognised = False
    for pack in fitting:
        for root in pack.roots:
            found = await stations(snmp, pack, root)
            if found:
                return {mac: station.trace for mac, station in found.items()}
            recognised = recognised or bool(await snmp.get(under(root, oid) for oid in pack.scalars.single()))
    if not recognised:
        raise Malformed(f"no device pack with a table of stations fits: sysObjectID {object_id or 'absent'}")
    return {}
