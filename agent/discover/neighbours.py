"""What a device knows of others: its LLDP neighbours and its ARP table. It names them; it does not have them asked."""

from agent.clients.snmp import Snmp, text
from agent.discover.networks import address_of
from agent.discover.search import Search
from agent.packs.index import mac_address
from agent.probes.found import clean

MAX_ROWS = 4096
_LLDP = "1.0.8802.1.1.2.1.4"
_REMOTE_NAME = f"{_LLDP}.1.1.9"  # lldpRemSysName, IEEE 802.1AB LLDP-MIB; index: time mark, local port, neighbour
_REMOTE_ADDRESS = (
    f"{_LLDP}.2.1.3"  # lldpRemManAddrIfSubtype; index: the same, then kind, length and octets of an address
)
_ARP = "1.3.6.1.2.1.4.22.1.2"  # ipNetToMediaPhysAddress, RFC 4293; index: interface, then the address
_LENGTHS = {1: 4, 2: 16}  # address families: IPv4, IPv6 (RFC 3232)


async def read_lldp(search: Search, address: str, snmp: Snmp) -> None:
    """Name the neighbours that tell a management address. Raises ProbeError."""
    names = await snmp.column(_REMOTE_NAME, MAX_ROWS, in_order=False)
    for index in await snmp.column(_REMOTE_ADDRESS, MAX_ROWS, in_order=False) if names else ():
        parts = [int(part) for part in index.split(".")]
        octets = parts[5:]
        if len(parts) < 6 or _LENGTHS.get(parts[3]) != len(octets) or any(octet > 255 for octet in octets):
            continue
        ip = address_of(".".join(map(str, octets))) if parts[3] == 1 else address_of(_v6(bytes(octets)))
        name = clean(text(names.get(".".join(map(str, parts[:3])), "")), 60)
        if ip is not None:
            search.name(str(ip), f"LLDP {address}: {name}".rstrip(": "))


async def read_arp(search: Search, address: str, snmp: Snmp) -> int:
    """Name the addresses of the scope that it has seen; returns how many it has seen in all. Raises ProbeError."""
    rows = await snmp.column(_ARP, MAX_ROWS, in_order=False)
    for index, mac in rows.items():
        ip = address_of(".".join(index.split(".")[1:]))
        if ip is not None and str(ip) in search.scope and mac_address(mac) is not None:
            search.name(str(ip), f"ARP {address}")
    return len(rows)


def _v6(octets: bytes) -> str:
    return ":".join(octets[place : place + 2].hex() for place in range(0, 16, 2))
