"""One search: what it may ask, how fast, and what it has found."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from agent.clients.snmp_settings import SnmpSettings
from agent.discover.networks import Scope
from agent.probes.found import Clue, Found, clean
from common.text import Text

AT_ONCE = 64
"""Addresses that one way of looking waits for at the same time."""
MAX_NEIGHBOURS = 8
"""What others say of one address."""
MAX_OUTSIDE = 500


class OutOfScope(RuntimeError):
    """A bug of ours: something was about to be sent outside of the given networks."""


class Gate:
    """Everything that is sent to an address passes here first: only to the given networks, and not too fast."""

    def __init__(self, scope: Scope, per_second: float) -> None:
        self._scope, self._pause = scope, 1 / per_second
        self._free_at = 0.0

    async def passed(self, address: str, packets: int = 1) -> None:
        """Returns when `packets` may be sent to the address. Raises OutOfScope."""
        if address not in self._scope:
            raise OutOfScope(address)
        await self.paced(packets)

    async def paced(self, packets: int = 1) -> None:
        """Returns when so many packets may be sent on a link of the scope."""
        now = monotonic()
        at = max(now, self._free_at)
        self._free_at = at + packets * self._pause
        await asyncio.sleep(at - now)


class Credential(SnmpSettings):
    """SnmpSettings that are tried on every address."""

    host: str = ""


@dataclass
class Search:
    """What the ways of looking share. `found` and the rest grow while it runs, within the bounds of the scope."""

    scope: Scope
    gate: Gate
    credentials: Sequence[Credential] = ()
    wait: float = 3.0
    """Seconds that an answer is waited for."""
    multicast: bool = True
    step: Callable[[], None] = lambda: None
    """Told once for each address that each way has done with."""
    found: dict[str, Found] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    """Addresses outside of the scope that a device named, and by what. None of them was asked."""
    failed: list[Text] = field(default_factory=list)
    """Ways that could not be gone, and why."""

    def add(self, address: str, clue: Clue) -> None:
        """Take a clue. One from an address that was not to be asked is left out; a second one of a way too."""
        if address in self.scope:
            self._at(address).clues.setdefault(clue.way, clue)

    def name(self, address: str, words: str) -> None:
        """Another device names this address. In the scope it is kept beside what the address itself answered."""
        words = clean(words)
        if address not in self.scope:
            if len(self.outside) < MAX_OUTSIDE:
                self.outside.setdefault(address, words)
            return
        said = self._at(address).neighbours
        if len(said) < MAX_NEIGHBOURS and words not in said:
            said.append(words)

    async def each(self, ask: Callable[[str], Awaitable[None]], packets: int = 1) -> None:
        """Ask every address, AT_ONCE at a time. `ask` sends at most so many packets before an answer."""
        hosts = iter(self.scope)

        async def worker() -> None:
            for host in hosts:
                await self.gate.passed(host, packets)
                await ask(host)
                self.step()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(worker())

    def _at(self, address: str) -> Found:
        return self.found.setdefault(address, Found(address))
