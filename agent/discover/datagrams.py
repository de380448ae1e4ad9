"""One question by UDP to every address of a search, and the answers: from the given networks only, and bounded."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from agent.discover.networks import address_of
from agent.discover.search import Search

MAX_ANSWERS = 4
"""Taken of one address; a device that floods is heard no more."""
MAX_ANSWER_BYTES = 8 * 1024
MAX_BYTES = 16 * 1024 * 1024
"""Of all answers to one question."""
ROUNDS = 2
"""A multicast is sent again, since nobody repeats a lost one (SOAP-over-UDP 1.1, 4.1)."""


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, search: Search) -> None:
        self._search = search
        self.by_address: dict[str, list[bytes]] = {}
        self._left = MAX_BYTES

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        ip = address_of(str(addr[0]))
        if ip is None or len(data) > min(MAX_ANSWER_BYTES, self._left) or str(ip) not in self._search.scope:
            return
        answers = self.by_address.setdefault(str(ip), [])
        if len(answers) < MAX_ANSWERS:
            answers.append(data)
            self._left -= len(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there, or there is no route: that is an answer to a search."""


async def survey(
    search: Search,
    port: int,
    question: Callable[[str], bytes],
    *,
    group: str | None = None,
    broadcast: bool = False,
    own_port: int = 0,
) -> dict[str, list[bytes]]:
    """Ask each address by unicast, and each link of the scope by multicast or broadcast. Raises OSError: no socket.

    `question` makes the datagram for an address. Returns the answers by address after the last question and
    `search.wait` seconds.
    """
    answers = _Answers(search)
    transports = {}
    hosts = list(search.scope)
    try:
        for family in {_family(host) for host in hosts}:
            transports[family] = await _open(answers, family, own_port, broadcast)
        if search.multicast and socket.AF_INET in transports:
            await _to_links(search, transports[socket.AF_INET], port, question, group, broadcast)
        for host in hosts:
            await search.gate.passed(host)
            transports[_family(host)].sendto(question(host), (host, port))
            search.step()
        await asyncio.sleep(search.wait)
    finally:
        for transport in transports.values():
            transport.abort()
    return answers.by_address


async def _to_links(
    search: Search,
    transport: asyncio.DatagramTransport,
    port: int,
    question: Callable[[str], bytes],
    group: str | None,
    broadcast: bool,
) -> None:
    for _ in range(ROUNDS):
        for link in search.scope.links():
            if broadcast:
                await search.gate.paced()
                to = str(link.network.broadcast_address)
                transport.sendto(question(to), (to, port))
            if group is not None:
                await search.gate.paced()
                own = transport.get_extra_info("socket")
                own.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, link.address.packed)
                own.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
                transport.sendto(question(group), (group, port))


async def _open(
    answers: _Answers, family: socket.AddressFamily, own_port: int, broadcast: bool
) -> asyncio.DatagramTransport:
    loop = asyncio.get_running_loop()
    anywhere = "::" if family == socket.AF_INET6 else "0.0.0.0"
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: answers, local_addr=(anywhere, own_port), family=family, allow_broadcast=broadcast or None
        )
    except OSError:
        if not own_port:
            raise
        return await _open(answers, family, 0, broadcast)
    return transport


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
