"""Which ports lead to other network equipment, by LLDP neighbours and the addresses learned on each port."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.clients.snmp import Snmp, Value, text
from agent.errors import Malformed
from agent.packs.index import mac_address
from agent.probes.ports.table import Port

MAX_NEIGHBOURS = 10_000
MAX_ADDRESSES = 100_000

# LLDP-MIB (IEEE 802.1AB-2005, annex): lldpRemSysCapEnabled; index: time mark, local port, number.
_CAPABILITIES = "1.0.8802.1.1.2.1.4.1.1.12"
_LOCAL_SUBTYPE, _LOCAL_ID = (
    "1.0.8802.1.1.2.1.3.7.1.2",
    "1.0.8802.1.1.2.1.3.7.1.3",
)  # lldpLocPortIdSubtype, lldpLocPortId
_ALIAS, _MAC_ADDRESS, _NAME, _LOCAL = 1, 3, 5, 7  # LldpPortIdSubtype
_BRIDGE, _ACCESS_POINT, _ROUTER, _TELEPHONE = 2, 3, 4, 5  # LldpSystemCapabilitiesMap, bits from the highest

_BRIDGE_PORT = "1.3.6.1.2.1.17.1.4.1.2"  # dot1dBasePortIfIndex, RFC 4188
_VLAN_PORT = "1.3.6.1.2.1.17.7.1.2.2.1.2"  # dot1qTpFdbPort, RFC 4363; index: filtering database, MAC
_FDB_PORT = "1.3.6.1.2.1.17.4.3.1.2"  # dot1dTpFdbPort, RFC 4188; index: MAC
_PHYSICAL_ADDRESS = "1.3.6.1.2.1.2.2.1.6"  # ifPhysAddress


@dataclass(slots=True)
class Evidence:
    """What the device shows of its neighbours, by ifIndex. A source that broke off is in `failed`, and gave nothing."""

    equipment: set[str] = field(default_factory=set)
    """Ports with an LLDP neighbour that bridges, routes or is an access point."""
    addresses: dict[str, int] = field(default_factory=dict)
    """Learned addresses of each port that has any."""
    sources: dict[str, bool] = field(default_factory=dict)
    """`lldp` and `fdb`: whether the device's table could be read; absent where it has none."""


async def read_evidence(snmp: Snmp, ports: Sequence[Port]) -> Evidence:
    """Raises what a silent device raises; a table that breaks off only counts as failed, since ports can do without."""
    found = Evidence()
    bridge: dict[str, str] = {}
    try:
        bridge = {port: str(index) for port, index in (await snmp.column(_BRIDGE_PORT, MAX_NEIGHBOURS)).items()}
        found.addresses = await _addresses(snmp, bridge)
        if found.addresses:
            found.sources["fdb"] = True
    except Malformed:
        found.sources["fdb"] = False
    try:
        capabilities = await snmp.column(_CAPABILITIES, MAX_NEIGHBOURS, in_order=False)
        if capabilities:
            found.equipment = await _equipment(snmp, capabilities, ports, bridge)
            found.sources["lldp"] = True
    except Malformed:
        found.sources["lldp"] = False
    return found


async def _addresses(snmp: Snmp, bridge: Mapping[str, str]) -> dict[str, int]:
    """How many different addresses each port has learned. An address of several VLANs is one."""
    learned: dict[str, set[str]] = defaultdict(set)
    for oid in (_VLAN_PORT, _FDB_PORT):
        for index, port in (await snmp.column(oid, MAX_ADDRESSES, in_order=False)).items():
            if port:  # 0: not learned on a port
                mac = ".".join(index.split(".")[-6:])
                learned[bridge.get(str(port), str(port) if not bridge else "")].add(mac)
    learned.pop("", None)
    return {index: len(macs) for index, macs in learned.items()}


async def _equipment(
    snmp: Snmp, capabilities: Mapping[str, Value], ports: Sequence[Port], bridge: Mapping[str, str]
) -> set[str]:
    subtypes, ids = await snmp.column(_LOCAL_SUBTYPE, MAX_NEIGHBOURS), await snmp.column(_LOCAL_ID, MAX_NEIGHBOURS)
    physical: Mapping[str, Value] = {}
    if _MAC_ADDRESS in subtypes.values():
        physical = await snmp.column(_PHYSICAL_ADDRESS, MAX_NEIGHBOURS)
    known = _Known(ports, physical, bridge)
    found: set[str] = set()
    for index, value in capabilities.items():
        local = index.split(".")[1] if index.count(".") == 2 else ""
        if is_equipment(value):
            found.update(known.index_of(local, subtypes.get(local), ids.get(local)))
    return found


def is_equipment(capabilities: Value) -> bool:
    """Whether a neighbour bridges, routes or is an access point. A telephone with a socket for a computer is none."""
    raw = capabilities if isinstance(capabilities, bytes) else str(capabilities).encode("latin-1", "replace")
    bits = {8 * at + bit for at, octet in enumerate(raw[:2]) for bit in range(8) if octet & (0x80 >> bit)}
    return bool(bits & {_BRIDGE, _ACCESS_POINT, _ROUTER}) and _TELEPHONE not in bits


_SHORT_NAME = re.compile(r"([a-z-]+) ?(\d+(?:/\d+)*)")


class _Known:
    """Finds the ifIndex of a local LLDP port by its id, else as IEEE 802.1AB numbers it: as the bridge port."""

    def __init__(self, ports: Sequence[Port], physical: Mapping[str, Value], bridge: Mapping[str, str]) -> None:
        self._indexes = {port.index for port in ports}
        self._bridge = bridge
        self._names: dict[str, list[str]] = defaultdict(list)
        self._aliases: dict[str, list[str]] = defaultdict(list)
        self._macs: dict[str, list[str]] = defaultdict(list)
        for port in ports:
            for name in {port.name, port.descr}:
                self._names[name.casefold()].append(port.index)
            self._aliases[port.alias.casefold()].append(port.index)
            if port.kind == "physical" and (mac := mac_address(physical.get(port.index, ""))):
                self._macs[mac].append(port.index)

    def index_of(self, local: str, subtype: Value | None, value: Value | None) -> list[str]:
        """The one port that it is, or none: an id that fits several says nothing."""
        written = " ".join(text(value).split()).casefold() if value is not None else ""
        by_id = {
            _NAME: self._names.get(written) or self._by_short_name(written),
            _LOCAL: self._names.get(written, []),
            _ALIAS: self._aliases.get(written, []) or self._names.get(written, []),
            _MAC_ADDRESS: self._macs.get(mac_address(value or "") or "", []),
        }.get(subtype if isinstance(subtype, int) else 0, [])
        if by_id:
            return by_id if len(by_id) == 1 else []
        index = self._bridge.get(local, local)
        return [index] if index in self._indexes else []

    def _by_short_name(self, written: str) -> list[str]:
        """LLDP's `Gi1/0/1` is `GigabitEthernet 1/0/1` in ifDescr on some devices."""
        short = _SHORT_NAME.fullmatch(written)
        if short is None:
            return []
        found = {
            index
            for name, indexes in self._names.items()
            if (full := _SHORT_NAME.fullmatch(name)) and full[2] == short[2] and full[1].startswith(short[1])
            for index in indexes
        }
        return sorted(found)
