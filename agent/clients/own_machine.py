"""What leads to this machine: a redirect of a stranger may not make the agent ask itself."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver


def is_own(host: str) -> bool:
    """Whether a name or address is this machine's or belongs to its own link only, in any spelling."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1 and 0x7f000001 are addresses too
        except OSError:
            return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified or mapped.is_link_local)


class ElsewhereResolver(AbstractResolver):
    """The system's resolver, by which no other name than `home` leads to this machine: `refused` makes the error."""

    def __init__(self, home: str, refused: Callable[[str], Exception]) -> None:
        self._home = home
        self._refused = refused
        self._system = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if host.lower() != self._home and any(is_own(each["host"]) for each in found):
            raise self._refused(host)
        return found

    async def close(self) -> None:
        await self._system.close()
