"""The uplink's own counters around a test: whether the line is busy before it, and what else it carried during it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.clients.snmp import Snmp, connect, text
from agent.errors import Malformed
from agent.line import Octets, between
from agent.probes.throughput.settings import MeterSettings
from agent.uplink import IF_DESCR, IF_HIGH_SPEED, IF_NAME, read_octets

MAX_PORTS = 10_000
LOOK_SECONDS = 5.0
"""How long the line is looked at before a test."""
FRAMED = 1.06
"""Octets on the line for one of payload: full frames of Ethernet carry 1448 of 1518, and acknowledgements come back."""
SEEN_AT_LEAST = 0.9
"""Counters that saw less of the test than this are not up to date."""


class Meter:
    """One uplink port, open for one run. Its methods raise ProbeError."""

    def __init__(self, snmp: Snmp, ifindex: str, line_speed: float, port_speed: float) -> None:
        self._snmp, self._ifindex, self._speed = snmp, ifindex, line_speed
        self._most = max(line_speed, port_speed)

    async def read(self) -> Octets:
        octets = await read_octets(self._snmp, self._ifindex, self._most)
        if octets is None:
            raise Malformed("meter: the port has no octet counters")
        return octets

    async def load(self) -> float | None:
        """The busier direction's share of what the line should carry, for LOOK_SECONDS; None where nobody can tell."""
        earlier = await self.read()
        await asyncio.sleep(LOOK_SECONDS)
        carried = between(earlier, await self.read(), LOOK_SECONDS / 2)
        if carried is None:
            return None
        return min(1.0, max(carried.received, carried.sent) / carried.seconds / self._speed)


@asynccontextmanager
async def meter(settings: MeterSettings, speed: float) -> AsyncIterator[Meter]:
    """The port that is called so. `speed` is what the line should carry, in bytes per second. Raises ProbeError."""
    async with connect(settings.snmp) as snmp:
        for column in (IF_NAME, IF_DESCR):
            names = await snmp.column(column, MAX_PORTS)
            found = [index for index, name in names.items() if text(name).strip() == settings.port]
            if len(found) == 1:
                oid = f"{IF_HIGH_SPEED}.{found[0]}"
                high = (await snmp.get((oid,))).get(oid)
                yield Meter(snmp, found[0], speed, high * 125_000.0 if isinstance(high, int) else 0.0)
                return
            if found:
                raise Malformed(f"meter: {len(found)} ports are called {settings.port}")
        raise Malformed(f"meter: no port is called {settings.port}")


def cross_traffic(earlier: Octets, later: Octets, moved: int, *, download: bool) -> float | None:
    """Bytes per second that others moved in the test's direction meanwhile; None where the counters cannot tell."""
    carried = between(earlier, later, 1.0)
    if carried is None:
        return None
    seen = carried.received if download else carried.sent
    if seen < SEEN_AT_LEAST * moved:
        return None
    return max(0.0, seen - FRAMED * moved) / carried.seconds
