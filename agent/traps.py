"""Hears SNMP notifications and has the device that sent one probed at once. A trap is a hint, never evidence.

SNMPv1 traps (RFC 1157, 4.1.6) and SNMPv2c traps (RFC 3416, 4.2.6). pysnmp decodes; it is imported only when configured.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

from agent.clock import Clock
from agent.hosts import hosts_of
from agent.probes.base import ProbeSettings

log = structlog.get_logger(__name__)

MAX_DATAGRAM_BYTES = 8 * 1024
GAP_SECONDS = 10.0
"""A device that sends a storm is probed once now and once after this, not once a trap."""
NAMES_SECONDS = 300.0
"""Host names are looked up again after this, when a notification comes from an unknown address."""


@dataclass(slots=True)
class TrapCounts:
    heard: int = 0
    """Notifications of devices that are configured, with the right community."""
    ignored: int = 0


class TrapListener(asyncio.DatagramProtocol):
    """One UDP socket. `ask` has a device's entries run now; it is called at most once in `gap` seconds per address."""

    def __init__(
        self,
        entries: Iterable[ProbeSettings],
        community: str,
        ask: Callable[[str], object],
        clock: Clock,
        gap: float = GAP_SECONDS,
    ) -> None:
        self._entries = list(entries)
        self._community = community.encode()
        self._ask = ask
        self._clock = clock
        self._gap = gap
        self._devices: dict[str, set[str]] = {}
        self._looked_up_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._last: dict[str, float] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self.counts = TrapCounts()

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
        """From anyone; what counts is a notification with the community, from a configured address."""
        address = str(addr[0])
        if len(data) > MAX_DATAGRAM_BYTES or not self._is_notification(data):
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

    def _is_notification(self, data: bytes) -> bool:
        try:
            version = int(api.decodeMessageVersion(data))
            module = api.PROTOCOL_MODULES.get(version)
            if module is None:
                return False
            message, _ = decoder.decode(data, asn1Spec=module.Message())
            community = bytes(module.apiMessage.get_community(message))
            kind = module.apiMessage.get_pdu(message).__class__
        except (PyAsn1Error, ProtocolError, ValueError, TypeError, IndexError, KeyError, AttributeError):
            return False
        return kind is module.TrapPDU and hmac.compare_digest(community, self._community)

    def _heard(self, address: str) -> None:
        now = self._clock.monotonic()
        left = self._last.get(address, float("-inf")) + self._gap - now
        if left <= 0:
            self._ask_for(address)
        elif address not in self._later:
            # The last trap of a storm tells of the state that stays, so it must be looked at too.
            self._later[address] = asyncio.get_running_loop().call_later(left, self._ask_for, address)

    def _ask_for(self, address: str) -> None:
        self._later.pop(address, None)
        self._last[address] = self._clock.monotonic()
        for device in sorted(self._devices.get(address, ())):
            log.debug("a notification has a device probed now", device=device)
            self._ask(device)


async def listen(listener: TrapListener, host: str, port: int) -> asyncio.DatagramTransport:
    """Bind and look up names. Raises OSError when the address cannot be bound."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: listener, local_addr=(host, port))
    await listener.look_up()
    return transport
