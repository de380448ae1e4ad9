"""Hears what devices send unasked and has the one that sent it probed at once. A hint, never evidence.

What floods is hardly looked at: an unknown sender never, a known one some times a second, and one that is to be probed
again anyway not at all. A device is known by the address that the datagram comes from.
"""

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

MAX_LOOKS = 20
"""Datagrams of one address that are looked at in a second."""
GAP_SECONDS = 10.0
"""A device that sends a storm is probed once now and once after this, not once a datagram."""
NAMES_SECONDS = 300.0
"""Host names are looked up again after this, when something comes from an unknown address."""


@dataclass(slots=True)
class HintCounts:
    """Datagrams since the start."""

    heard: int = 0
    """Hints of devices that are configured."""
    ignored: int = 0
    """From unknown addresses, with wrong credentials, or no hints."""
    skipped: int = 0
    """Not looked at: too many at once, or their device is about to be probed anyway."""


@dataclass(slots=True)
class _Source:
    """One address that devices have."""

    devices: set[str]
    asked_at: float = float("-inf")
    later: asyncio.TimerHandle | None = None
    second: int = 0
    looks: int = 0

    def may_look(self, now: float) -> bool:
        """Whether another datagram of it may be looked at in this second."""
        if int(now) != self.second:
            self.second, self.looks = int(now), 0
        self.looks += 1
        return self.looks <= MAX_LOOKS


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
        self._sources: dict[str, _Source] = {}
        self._looked_up_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
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
        for address, devices in found.items():
            self._sources.setdefault(address, _Source(devices)).devices = devices
        for address in self._sources.keys() - found.keys():
            self._forget(self._sources.pop(address))
        self._looked_up_at = self._clock.monotonic()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """From anyone; what counts is a hint from a configured address."""
        now = self._clock.monotonic()
        source = self._sources.get(str(addr[0]))
        if source is None:
            self.counts.ignored += 1
            idle = self._looking is None or self._looking.done()
            if idle and now - self._looked_up_at > NAMES_SECONDS:
                self._looking = asyncio.get_running_loop().create_task(self.look_up())
        elif source.later is not None or not source.may_look(now):
            self.counts.skipped += 1
        elif len(data) <= self.max_datagram_bytes and self.is_hint(data):
            self.counts.heard += 1
            self._heard(source, now)
        else:
            self.counts.ignored += 1

    def connection_lost(self, exc: Exception | None) -> None:
        for source in self._sources.values():
            self._forget(source)
        if self._looking is not None:
            self._looking.cancel()

    def _heard(self, source: _Source, now: float) -> None:
        left = source.asked_at + self._gap - now
        if left <= 0:
            self._ask_for(source)
        else:
            # The last hint of a storm tells of the state that stays, so it must be looked at too.
            source.later = asyncio.get_running_loop().call_later(left, self._ask_for, source)

    def _ask_for(self, source: _Source) -> None:
        source.later, source.asked_at = None, self._clock.monotonic()
        for device in sorted(source.devices):
            log.debug("a hint has a device probed now", device=device)
            self._ask(device)

    def _forget(self, source: _Source) -> None:
        if source.later is not None:
            source.later.cancel()


async def listen(listener: HintListener, host: str, port: int) -> asyncio.DatagramTransport:
    """Bind and look up names. Raises OSError when the address cannot be bound."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, local_addr=(host, port))
    await listener.look_up()
    return transport
