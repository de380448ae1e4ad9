"""ICMP echo (RFC 792, RFC 4443) by icmplib."""

import asyncio
import socket
from dataclasses import dataclass

from icmplib import ICMPLibError, SocketPermissionError, async_ping

from agent.errors import Malformed, Refused, Unreachable

MILLISECOND = 1e-3


@dataclass(frozen=True, slots=True)
class Echoes:
    """What came back. `round_trips` are seconds, in the order of the requests that were answered."""

    address: str
    sent: int
    round_trips: tuple[float, ...]


async def echo(host: str, count: int, interval: float, wait: float) -> Echoes:
    """Send `count` requests, `interval` seconds after one another's answer; each answer is waited for `wait` seconds.

    A raw socket where the process may open one, else the kernel's ping socket. Raises Unreachable (no such name, or
    nothing could be sent), Refused (neither socket is allowed) and Malformed (this machine's clock was set meanwhile).
    """
    address = await _address(host)
    answers = None
    for privileged in (True, False):
        try:
            answers = await async_ping(address, count, interval, wait, privileged=privileged)
            break
        except SocketPermissionError:
            continue
        except ICMPLibError as error:
            raise Unreachable(f"{host}: {error}") from error
    if answers is None:
        raise Refused("ICMP is not allowed: grant CAP_NET_RAW, or widen net.ipv4.ping_group_range to the agent's group")
    if answers.packets_sent == 0:  # icmplib swallows what sending said
        raise Unreachable(f"{host}: nothing could be sent to {address}{_why(address)}")
    round_trips = tuple(milliseconds * MILLISECOND for milliseconds in answers.rtts)
    if any(seconds < 0 for seconds in round_trips):  # icmplib times with the wall clock
        raise Malformed("this machine's clock was set during the test")
    return Echoes(address, answers.packets_sent, round_trips)


async def _address(host: str) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA does not take
        raise Unreachable(f"{host} does not resolve: {error}") from error
    return str(found[0][4][0])


def _why(address: str) -> str:
    """What the kernel says of the route; connecting a UDP socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as error:
        return f": {error.strerror}"
    return ""
