"""Network cards of the agent's own machine, as psutil reads them."""

import asyncio
import socket

import psutil

BYTES_PER_MEGABIT = 125_000
LOOPBACK = "loopback"
UNKNOWN_SPEEDS = (0, 65535)
"""Mbit/s that mean "unknown": psutil gives 0, and drivers give 65535 (-1 as 16 bits) where nothing was negotiated."""


def nic_speeds() -> dict[str, float]:
    """Bytes per second of each card that has a link and tells a speed, the loopback left out."""
    return {
        nic: stats.speed * BYTES_PER_MEGABIT
        for nic, stats in psutil.net_if_stats().items()
        if stats.isup and stats.speed not in UNKNOWN_SPEEDS and LOOPBACK not in stats.flags.split(",")
    }


async def nic_speed_towards(host: str, port: int) -> float | None:
    """Speed in bytes per second of the card by which `host` is reached; None when no card tells it (loopback, say).

    The kernel's own route decides: a UDP socket that is connected sends nothing and has the local address.
    """
    address = await _local_address(host, port)
    if address is None:
        return None
    nics = await asyncio.to_thread(psutil.net_if_addrs)
    speeds = await asyncio.to_thread(nic_speeds)
    for nic, addresses in nics.items():
        if any(known.address.partition("%")[0] == address for known in addresses):
            return speeds.get(nic)
    return None


async def _local_address(host: str, port: int) -> str | None:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, remote = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(remote)
            return str(probe.getsockname()[0]).partition("%")[0]
    except OSError:
        return None
