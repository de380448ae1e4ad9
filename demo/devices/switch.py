"""A school's switch and gateway: its ports, the addresses it learned on them, and its ARP table."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from demo.devices.snmp_device import (
    SYSTEM,
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    IpAddress,
    OctetString,
    Oid,
    SnmpDevice,
    TimeTicks,
    Value,
    oid,
)

IF_NUMBER = oid("1.3.6.1.2.1.2.1.0")
IF_TABLE = oid("1.3.6.1.2.1.2.2.1")
"""IF-MIB (RFC 2863) ifEntry: 1 index, 2 descr, 3 type, 4 MTU, 5 speed, 6 address, 7 admin, 8 oper, 9 last change,
10 octets in, 13 discards in, 14 errors in, 16 octets out, 19 discards out, 20 errors out."""
IF_X_TABLE = oid("1.3.6.1.2.1.31.1.1.1")
"""ifXEntry: 1 name, 6 octets in, 10 octets out, 15 high speed (Mbit/s), 17 connector, 18 alias."""
DUPLEX = oid("1.3.6.1.2.1.10.7.2.1.19")
"""EtherLike-MIB (RFC 3635) dot3StatsDuplexStatus: 1 unknown, 2 half, 3 full."""
ARP = oid("1.3.6.1.2.1.4.22.1")
"""IP-MIB (RFC 4293) ipNetToMediaEntry, indexed by ifIndex and address: 1 ifIndex, 2 MAC, 3 address,
4 type (3 dynamic)."""
BRIDGE_PORT = oid("1.3.6.1.2.1.17.1.4.1")
"""BRIDGE-MIB (RFC 4188) dot1dBasePortEntry: 1 port, 2 ifIndex."""
FDB = oid("1.3.6.1.2.1.17.4.3.1")
"""dot1dTpFdbEntry, indexed by MAC: 1 MAC, 2 port, 3 status (3 learned)."""
Q_FDB = oid("1.3.6.1.2.1.17.7.1.2.2.1")
"""Q-BRIDGE-MIB (RFC 4363) dot1qTpFdbEntry, indexed by filtering database and MAC: 2 port, 3 status."""

ETHERNET, OTHER, L3_VLAN = 6, 1, 136
"""IANAifType: ethernetCsmacd, other, l3ipvlan."""
UP, DOWN = 1, 2
FULL, HALF, DUPLEX_UNKNOWN = 3, 2, 1
LEARNED = 3
DYNAMIC = 3
VLAN = 1
GAUGE_MAX = 4_294_967_295
_INTERFACE_MAC = bytes.fromhex("00e0fc000000")


@dataclass(frozen=True, slots=True)
class Port:
    """One interface. `bits` is the negotiated rate in bit/s, 0 without a link; `load` is the traffic in bytes/s."""

    name: str
    bits: int = 1_000_000_000
    alias: str = ""
    full_duplex: bool = True
    load: int = 20_000


@dataclass(frozen=True, slots=True)
class Station:
    """A terminal: its address on the network, and the number (from 1) of the port it was learned on."""

    mac: bytes
    address: IPv4Address
    port: int


class Switch(SnmpDevice):
    """Physical ports in their order, from ifIndex 1, then NULL0 and the VLAN's interface."""

    def __init__(self, name: str, community: str, ports: Sequence[Port], *, silent: bool = False) -> None:
        super().__init__(community, silent=silent)
        self.ports = list(ports)
        self.describe("S5720-28P-LI-AC Huawei Versatile Routing Platform", "1.3.6.1.4.1.2011.2.23.276", name)
        self._vlan_index = len(ports) + 2
        self._seconds = 0
        self.update({IF_NUMBER: Integer(len(ports) + 2)})
        for index, port in enumerate(ports, start=1):
            self._interface(index, port.name, ETHERNET)
            self.set_port(index, port)
            self.update({(*BRIDGE_PORT, 1, index): Integer(index), (*BRIDGE_PORT, 2, index): Integer(index)})
        self._interface(len(ports) + 1, "NULL0", OTHER)
        self._interface(self._vlan_index, f"Vlanif{VLAN}", L3_VLAN)
        self.carry(60)

    def set_port(self, index: int, port: Port) -> None:
        """Let a physical port say something else from now on."""
        self.ports[index - 1] = port
        state = UP if port.bits else DOWN
        duplex = DUPLEX_UNKNOWN if not port.bits else FULL if port.full_duplex else HALF
        self.update(
            {
                (*IF_TABLE, 5, index): Gauge32(min(port.bits, GAUGE_MAX)),
                (*IF_TABLE, 8, index): Integer(state),
                (*IF_X_TABLE, 15, index): Gauge32(port.bits // 1_000_000),
                (*IF_X_TABLE, 18, index): OctetString(port.alias.encode()),
                (*DUPLEX, index): Integer(duplex),
            }
        )

    def learn(self, stations: Sequence[Station]) -> None:
        """Terminals as the forwarding database and the ARP table show them."""
        rows: dict[Oid, Value] = {}
        for station in stations:
            mac, address = tuple(station.mac), tuple(station.address.packed)
            rows |= {
                (*FDB, 1, *mac): OctetString(station.mac),
                (*FDB, 2, *mac): Integer(station.port),
                (*FDB, 3, *mac): Integer(LEARNED),
                (*Q_FDB, 2, VLAN, *mac): Integer(station.port),
                (*Q_FDB, 3, VLAN, *mac): Integer(LEARNED),
                (*ARP, 1, self._vlan_index, *address): Integer(self._vlan_index),
                (*ARP, 2, self._vlan_index, *address): OctetString(station.mac),
                (*ARP, 3, self._vlan_index, *address): IpAddress(str(station.address)),
                (*ARP, 4, self._vlan_index, *address): Integer(DYNAMIC),
            }
        self.update(rows)

    def carry(self, seconds: int) -> None:
        """Let this much time pass: counters and sysUpTime grow."""
        self._seconds += seconds
        rows: dict[Oid, Value] = {(*SYSTEM, 3, 0): TimeTicks(8_640_000 + self._seconds * 100)}
        for index, port in enumerate(self.ports, start=1):
            octets = port.load * self._seconds if port.bits else 0
            for column in (10, 16):
                rows[*IF_TABLE, column, index] = Counter32(octets % 2**32)
            for column in (6, 10):
                rows[*IF_X_TABLE, column, index] = Counter64(octets)
        self.update(rows)

    def _interface(self, index: int, name: str, kind: int) -> None:
        zero = dict.fromkeys((10, 13, 14, 16, 19, 20), Counter32(0))
        table: dict[int, Value] = {
            1: Integer(index),
            2: OctetString(name),
            3: Integer(kind),
            4: Integer(1500),
            5: Gauge32(0 if kind == OTHER else 1_000_000_000),
            6: OctetString(_INTERFACE_MAC if kind != OTHER else b""),
            7: Integer(UP),
            8: Integer(UP),
            9: TimeTicks(1200),
            **zero,
        }
        extended: dict[int, Value] = {
            1: OctetString(name),
            6: Counter64(0),
            10: Counter64(0),
            15: Gauge32(0 if kind == OTHER else 1000),
            17: Integer(1 if kind == ETHERNET else 2),
            18: OctetString(""),
        }
        self.update({(*IF_TABLE, column, index): value for column, value in table.items()})
        self.update({(*IF_X_TABLE, column, index): value for column, value in extended.items()})
