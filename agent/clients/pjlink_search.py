"""Finds PJLink class 2 devices by UDP. Numbers in brackets: sections of JBMIA's class 2 specification.

`%2SRCH` goes to port 4352 by broadcast, and each device answers `%2ACKN=<MAC>` (3.2). A device that comes up announces
itself by `%2LKUP=<MAC>` (3.3). Class 1 has no search: a device that says nothing may still be there.
"""

import asyncio
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from agent.errors import Unreachable

PORT = 4352
REQUEST = b"%2SRCH\r"
ANSWERS_SECONDS = 30.0
"""For how long answers are gathered: devices wait for a random while, so that they do not all answer at once."""
ASK_AGAIN_SECONDS = 2.0
"""UDP loses datagrams: each address is asked once more after this."""
MAX_FOUND = 1024
MAX_DATAGRAM_BYTES = 64
_ANSWER = re.compile(rb"%2(?:ACKN|LKUP)=((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})\r?\n?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """A device that says of itself that it speaks PJLink class 2. Anyone can send such a datagram: ask it by TCP."""

    address: str
    mac: str
    """As it gives it, in lower case; it stays on this machine."""


async def search(
    addresses: Iterable[str],
    seconds: float = ANSWERS_SECONDS,
    port: int = PORT,
    most: int = MAX_FOUND,
    own: str = "0.0.0.0",
) -> list[Found]:
    """Devices that answer from any address, ordered by address, at most `most`; takes `seconds`, unless that many came.

    `addresses` are IPv4 addresses: of networks (their broadcast address) or of single hosts. `own` is the address of
    this machine to search from. Raises Unreachable when nothing could be sent to any of them.
    """
    loop = asyncio.get_running_loop()
    listener = _Listener(most)
    sock = _socket(own, port)
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, sock=sock)
    asked = list(addresses)
    try:
        async with asyncio.timeout(seconds):
            sent = sum([_send(sock, address, port) for address in asked])
            if not sent:
                raise Unreachable(f"nothing could be sent to {', '.join(asked[:3]) or 'any address'}")
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_AGAIN_SECONDS):
                    await listener.full.wait()
            for address in asked if not listener.full.is_set() else ():
                _send(sock, address, port)
            await listener.full.wait()
    except TimeoutError:
        pass
    finally:
        transport.close()
    return [Found(address, mac) for address, mac in sorted(listener.found.items(), key=_by_address)]


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, most: int) -> None:
        self.found: dict[str, str] = {}
        self.full = asyncio.Event()
        self._most = most

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        answer = _ANSWER.fullmatch(data[: MAX_DATAGRAM_BYTES + 1])
        if answer is None or self.full.is_set():
            return
        self.found[str(addr[0])] = answer[1].decode().lower()
        if len(self.found) >= self._most:
            self.full.set()


def _socket(own: str, port: int) -> socket.socket:
    """Bound to the search port, which some devices answer to whoever asked; to any when the agent listens there."""
    for bound in (port, 0):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            opened.bind((own, bound))
        except OSError:
            opened.close()
            continue
        return opened
    raise Unreachable("no UDP port is to be had for a search")


def _send(sock: socket.socket, address: str, port: int) -> bool:
    """Sent by the socket itself: its transport would tell of a missing route only later, and not of which address."""
    try:
        socket.inet_pton(socket.AF_INET, address)  # a name would be looked up here, and everything wait for that
        sock.sendto(REQUEST, (address, port))
    except OSError:
        return False
    return True


def _by_address(found: tuple[str, str]) -> bytes:
    return socket.inet_aton(found[0])
