"""Hears what devices send unasked and has the one that sent it probed at once. A hint, never evidence."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from agent.clock import Clock
from agent.hosts import hosts_of
from agent.probes.base import ProbeSettings

log = structlog.get_logger(__name__)

GAP_SECONDS = 10.0
"""A device that sends a storm is probed once now and once after this, not once a datagram."""
NAMES_SECONDS = 300.0
"""Host names are looked up again after this, when a hint comes from an unknown address."""


@dataclass(slots=True)
class HintCounts:
    heard: int = 0
    """Well-formed hints of devices that are configured."""
    ignored: int = 0


class HintListener(asyncio.DatagramProtocol, ABC):
    """One UDP socket. `ask` has a device's entries run now; it is called at most once in `gap` seconds per address."""

    max_datagram_bytes: int

    def __init__(
        self,
        entries: Iterable[ProbeSettings],
        ask: Callable[[str], object],
        clock: Clock,
        gap: float = GAP_SECONDS,
    ) -> None:
        self._entries = list(entries)
        self._ask = ask
        self._clock = clock
        self._gap = gap
        self._devices: dict[str, set[str]] = {}
        self._looked_up_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._last: dict[str, float] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self.counts = HintCounts()

    @abstractmethod
    def is_hint(self, data: bytes) -> bool:
        """Whether a datagram, of `max_datagram_bytes` at most, is one that such devices send."""

    async def look_up(self) -> None:
        """Learn the addresses of the configured hosts; a name that does not resolve is left out until the next time."""
        loop = asyncio.get_running_loop()
        found: dict[str, set[str]] = {}
        for device, host in [(entry.device, host) for entry in self._entries for host in hosts_of(entry)]:
            try:
                answers = await loop.getaddrinfo(host, None)
            except OSError:
                continue
            for answer in answers:
                found.setdefault(str(answer[4][0]), set()).add(device)
        self._devices, self._looked_up_at = found, self._clock.monotonic()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """From anyone; what counts is a hint from a configured address."""
        address = str(addr[0])
        if len(data) > self.max_datagram_bytes or not self.is_hint(data):
            self.counts.ignored += 1
        elif address in self._devices:
            self.counts.heard += 1
            self._heard(address)
        else:
            self.counts.ignored += 1
            idle = self._looking is None or self._looking.done()
            if idle and self._clock.monotonic() - self._looked_up_at > NAMES_SECONDS:
                self._looking = asyncio.get_running_loop().create_task(self.look_up())

    def connection_lost(self, exc: Exception | None) -> None:
        for handle in self._later.values():
            handle.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def _heard(self, address: str) -> None:
        now = self._clock.monotonic()
        left = self._last.get(address, float("-inf")) + self._gap - now
        if left <= 0:
            self._ask_for(address)
        elif address not in self._later:
            # The last hint of a storm tells of the state that stays, so it must be looked at too.
            self._later[address] = asyncio.get_running_loop().call_later(left, self._ask_for, address)

    def _ask_for(self, address: str) -> None:
        self._later.pop(address, None)
        self._last[address] = self._clock.monotonic()
        for device in sorted(self._devices.get(address, ())):
            log.debug("a hint has a device probed now", device=device)
            self._ask(device)


async def listen(listener: HintListener, host: str, port: int) -> asyncio.DatagramTransport:
    """Bind and look up names. Raises OSError when the address cannot be bound."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, local_addr=(host, port))
    await listener.look_up()
    return transport
