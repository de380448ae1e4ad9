"""Asks for an IPv4 address on the local network by ARP (RFC 826): a machine that drops all else still answers this."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Interface
from struct import pack

import psutil

from agent.errors import Refused, Unreachable

ETHERTYPE_ARP = 0x0806
REQUEST = 1
REPLY = b"\x00\x02"
_HEAD = pack("!HHBB", 1, 0x0800, 6, 4)
"""Ethernet and IPv4, as every request and reply begins."""
MAC_BYTES = 6
MAX_FRAME_BYTES = 256
MAX_FRAMES = 1000
"""Frames of others that are looked at for one answer: a busy network must not hold the agent."""


class CannotAsk(Refused):
    """ARP cannot be used: the host is on no network of this machine, or raw sockets are not allowed."""


async def answers(host: str, wait: float, asks: int = 2) -> bool:
    """Whether a machine on one of this machine's own networks says that it has the host's address.

    Asked `asks` times, `wait` seconds each. A router that answers for others (proxy ARP) cannot be told apart. Raises
    CannotAsk, and Unreachable when the name does not resolve or the network card is down.
    """
    address = await _address(host)
    card, own = _card_to(address)
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP))
    except OSError as error:  # no CAP_NET_RAW, or a sandbox without this family of addresses
        raise CannotAsk(f"ARP is not allowed ({error.strerror}): grant CAP_NET_RAW and AF_PACKET") from None
    with sock:
        try:
            sock.setblocking(False)
            sock.bind((card, ETHERTYPE_ARP))
            mac = sock.getsockname()[4]
            if len(mac) != MAC_BYTES:
                raise CannotAsk(f"{card} is no Ethernet card")
            request = _request(mac, own, address)
            for _ in range(asks):
                sock.send(request)
                if await _reply(sock, address, wait):
                    return True
        except OSError as error:
            raise Unreachable(f"ARP on {card}: {error.strerror}") from error
    return False


async def _address(host: str) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA does not take
        raise Unreachable(f"{host} does not resolve: {error}") from error
    return str(found[0][4][0])


async def _reply(sock: socket.socket, address: str, wait: float) -> bool:
    loop = asyncio.get_running_loop()
    told = IPv4Address(address).packed
    try:
        async with asyncio.timeout(wait):
            for _ in range(MAX_FRAMES):
                arp = (await loop.sock_recv(sock, MAX_FRAME_BYTES))[14:42]
                if arp[:6] == _HEAD and arp[6:8] == REPLY and arp[14:18] == told:
                    return True
    except TimeoutError:
        pass
    return False


def _card_to(address: str) -> tuple[str, str]:
    """The network card on whose network an address lies, and this machine's own address there."""
    for card, addresses in sorted(psutil.net_if_addrs().items()):
        for one in addresses:
            if one.family != socket.AF_INET or not one.netmask or card == "lo":
                continue
            network = IPv4Interface(f"{one.address}/{one.netmask}").network
            if IPv4Address(address) in network and network.prefixlen < 32:
                return card, one.address
    raise CannotAsk(f"ARP does not reach {address}: it is on no network of this machine")


def _request(mac: bytes, own: str, address: str) -> bytes:
    ethernet = b"\xff" * 6 + mac + pack("!H", ETHERTYPE_ARP)
    return (
        ethernet + _HEAD + pack("!H", REQUEST) + mac + IPv4Address(own).packed + bytes(6) + IPv4Address(address).packed
    )
