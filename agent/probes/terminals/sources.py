"""Reads the MACs that a router, a switch or a wireless controller sees."""

from collections.abc import Iterable, Mapping

from agent.clients.snmp import Snmp, Value, connect, text
from agent.errors import Malformed
from agent.packs.index import BadIndex, decoded, mac_address
from agent.packs.load import packs
from agent.packs.model import Pack
from agent.packs.parts import under
from agent.probes.base import Context
from agent.probes.terminals.settings import Source

_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_ARP_ADDRESS = "1.3.6.1.2.1.4.22.1.2"  # ipNetToMediaPhysAddress, RFC 4293
_ARP_TYPE = "1.3.6.1.2.1.4.22.1.4"  # ipNetToMediaType
_NEIGHBOUR_ADDRESS = "1.3.6.1.2.1.4.35.1.4"  # ipNetToPhysicalPhysAddress, RFC 4293: IPv6 too
_NEIGHBOUR_TYPE = "1.3.6.1.2.1.4.35.1.6"  # ipNetToPhysicalType
_VLAN_STATUS = "1.3.6.1.2.1.17.7.1.2.2.1.3"  # dot1qTpFdbStatus, RFC 4363; index: filtering database, MAC
_BRIDGE_STATUS = "1.3.6.1.2.1.17.4.3.1.3"  # dot1dTpFdbStatus, RFC 4188; index: MAC
_INVALID = 2
_LEARNED = 3
MAX_ENTRIES = 200_000


async def seen_by(source: Source, context: Context) -> set[str]:
    """The MACs of one source. Raises Malformed for a table that holds nothing, which no working device has."""
    async with connect(source.snmp) as snmp:
        if source.kind == "arp":
            return await _arp(snmp)
        if source.kind == "fdb":
            return await _fdb(snmp)
        return await _stations(snmp, source.pack, packs(context.packs_dir))


async def _arp(snmp: Snmp) -> set[str]:
    found: set[str] = set()
    for address, kind in ((_ARP_ADDRESS, _ARP_TYPE), (_NEIGHBOUR_ADDRESS, _NEIGHBOUR_TYPE)):
        addresses = await snmp.column(address, MAX_ENTRIES)
        if addresses:
            kinds = await snmp.column(kind, MAX_ENTRIES)
            found.update(_macs(value for index, value in addresses.items() if kinds.get(index) != _INVALID))
    if not found:
        raise Malformed("the address tables (ipNetToMedia, ipNetToPhysical) hold no entry; may the agent read them?")
    return found


async def _fdb(snmp: Snmp) -> set[str]:
    found: set[str] = set()
    for status in (_VLAN_STATUS, _BRIDGE_STATUS):
        rows = await snmp.column(status, MAX_ENTRIES)
        found.update(_mac_of_index(index) for index, value in rows.items() if value == _LEARNED)
    if not found:
        raise Malformed(
            "the forwarding tables (Q-BRIDGE-MIB, BRIDGE-MIB) hold no learned entry; may the agent read them?"
        )
    return found


async def _stations(snmp: Snmp, wanted: str, known: Mapping[str, Pack]) -> set[str]:
    """By the pack with the most stations. None at all is an answer only from a device that a pack recognises."""
    object_id = text((await snmp.get([_OBJECT_ID])).get(_OBJECT_ID, "")).lstrip(".")
    fitting = [pack for pack in known.values() if pack.stations is not None and wanted in ("auto", pack.id)]
    fitting.sort(key=lambda pack: not any(f"{object_id}.".startswith(f"{begin}.") for begin in pack.recognise))
    recognised = False
    for pack in fitting:
        for root in pack.roots:
            found = await _of_pack(snmp, pack, root)
            if found:
                return found
            recognised = recognised or bool(await snmp.get(under(root, oid) for oid in pack.scalars.single()))
    if not recognised:
        raise Malformed(f"no device pack with a table of stations fits: sysObjectID {object_id or 'absent'}")
    return set()


async def _of_pack(snmp: Snmp, pack: Pack, root: str) -> set[str]:
    if pack.stations is None:
        return set()
    if pack.stations.values is not None:
        return set(_macs((await snmp.column(under(root, pack.stations.values), MAX_ENTRIES)).values()))
    rows = await snmp.column(under(root, pack.stations.rows or ""), MAX_ENTRIES)
    return {_mac_of_index(index) for index in rows}


def _macs(values: Iterable[Value]) -> Iterable[str]:
    return (mac for mac in map(mac_address, values) if mac is not None)


def _mac_of_index(index: str) -> str:
    """The last six sub-identifiers. Raises Malformed."""
    try:
        return decoded(".".join(index.split(".")[-6:]), "mac")
    except BadIndex:
        raise Malformed(f"the index {index[:80]} ends in no MAC") from None
