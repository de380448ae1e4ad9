"""Listening to a multicast group (RFC 1112): joining it by IGMP, as every receiver does; nothing is sent to it."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from time import monotonic

from agent.errors import Refused, Unreachable

IP_ADD_SOURCE_MEMBERSHIP, IP_MULTICAST_ALL = 39, 49
"""linux/in.h; RFC 3678, 4.1.1; ip(7)."""
BUFFER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Group:
    """`interface` is the address of this machine's card towards the stream; empty: as the routes say."""

    address: str
    port: int
    interface: str = ""
    source: str = ""
    """The only sender that counts (source-specific multicast, RFC 4607); empty: any."""


@dataclass
class Heard:
    """What came between the first datagram and the end. `longest_pause` counts the time after the last one too."""

    datagrams: int = 0
    bytes: int = 0
    seconds: float = 0.0
    longest_pause: float = 0.0


async def listen(
    group: Group, wait_seconds: float, seconds: float, at_most: int, take: Callable[[bytes], None]
) -> Heard:
    """Wait for a first datagram, then listen for `seconds` or `at_most` datagrams; `take` is given each.

    Nothing heard is `datagrams` 0. Raises Unreachable (no such card, no route) and Refused (the port is taken).
    """
    loop = asyncio.get_running_loop()
    listener = _Listener(at_most, take)
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, sock=_joined(group))
    try:
        try:
            async with asyncio.timeout(wait_seconds):
                await listener.first.wait()
        except TimeoutError:
            return listener.heard
        try:
            async with asyncio.timeout(seconds):
                await listener.full.wait()
        except TimeoutError:
            pass
        return listener.ended()
    finally:
        transport.close()


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, at_most: int, take: Callable[[bytes], None]) -> None:
        self.heard = Heard()
        self.first, self.full = asyncio.Event(), asyncio.Event()
        self._at_most, self._take = at_most, take
        self._begun = self._last = 0.0

    def datagram_received(self, data: bytes, address: tuple[str | int, int]) -> None:
        if self.full.is_set():
            return
        now = monotonic()
        if self.heard.datagrams:
            self.heard.longest_pause = max(self.heard.longest_pause, now - self._last)
        else:
            self._begun = now
            self.first.set()
        self._last = now
        self.heard.datagrams += 1
        self.heard.bytes += len(data)
        self._take(data)
        if self.heard.datagrams >= self._at_most:
            self.full.set()

    def ended(self) -> Heard:
        now = monotonic()
        self.heard.seconds = now - self._begun
        self.heard.longest_pause = max(self.heard.longest_pause, now - self._last)
        return self.heard


def _joined(group: Group) -> socket.socket:
    """A socket that is bound to the group itself, so that on Linux nothing else comes in."""
    address = IPv4Address(group.address).packed
    card = IPv4Address(group.interface or "0.0.0.0").packed
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others on this machine may listen to it too
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        sock.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)  # not what others here have joined on other cards
        sock.bind((group.address, group.port))
        if group.source:
            request = struct.pack("4s4s4s", address, card, IPv4Address(group.source).packed)
            sock.setsockopt(socket.IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, request)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", address, card))
    except PermissionError as error:
        sock.close()
        raise Refused(f"{group.address}:{group.port} cannot be listened to: {error.strerror}") from error
    except OSError as error:
        sock.close()
        raise Unreachable(f"{group.address}:{group.port} cannot be joined: {error.strerror}") from error
    return sock
