"""Which throughput tests may run at once: leases over test servers, aggregation links and schools.

Times are the collector's own monotonic seconds, so that no clock of a school matters; a lease ends by itself. An agent
keeps to the seconds that it was granted by its own monotonic clock from before it asked, less a share for a clock that
runs slow (agent/clients/throughput_http.py): both together keep two tests from meeting.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from secrets import token_urlsafe
from typing import Literal

Resource = tuple[Literal["server", "link", "school"], str]
OWN_SERVER = ""
"""Stands for the collector's embedded test."""
KEEP_PLACE_SECONDS = 120.0
"""Who was told to come back keeps its place for so long after the time that it was told."""
MAX_WAITING = 50_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may run at once: so many tests, and so many bits per second together (None: no bound)."""

    concurrent: int = 1
    bits_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The district's bounds. A server or link that is not named has the common ones."""

    server: Bounds = Bounds()
    link: Bounds = Bounds()
    servers: Mapping[str, Bounds] = field(default_factory=dict)
    links: Mapping[str, Bounds] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    """HOST:PORT to the name of the server, for servers with several."""

    def server_of(self, address: str) -> str:
        """The name by which a server is known, however an agent wrote its address."""
        plain = address.strip().lower().rstrip(".")
        return self.addresses.get(plain, plain)

    def of(self, resource: Resource) -> Bounds:
        kind, name = resource
        if kind == "server":
            return self.servers.get(name, self.server)
        return self.links.get(name, self.link) if kind == "link" else Bounds()


@dataclass(frozen=True, slots=True)
class Lease:
    """One school's leave to test until `ends_at`. `bits` is what it counts for against the bounds."""

    slot: str
    school: str
    resources: tuple[Resource, ...]
    bits: float
    ends_at: float
    paced: bool
    """The holder must keep to `bits`."""


@dataclass(frozen=True, slots=True)
class Wait:
    """No slot now: not before so many seconds, and why."""

    seconds: float
    why: Literal["server", "link", "school", "closed", "starting"]


@dataclass(frozen=True, slots=True)
class _Place:
    turn: int
    due: float
    resources: tuple[Resource, ...]


class SlotBook:
    """Holds the leases. Every change is one call without a pause in it, so nothing needs a lock."""

    def __init__(
        self,
        rules: Rules,
        slot_seconds: float,
        clock: Callable[[], float],
        opens_in: Callable[[], float] = lambda: 0.0,
        opens_at: float = 0.0,
    ) -> None:
        """`opens_in` gives the seconds until the district's next window. Nothing is granted before `opens_at`: tests
        that a collector granted before it was started again may still run."""
        self.rules = rules
        self.slot_seconds = slot_seconds
        self.clock = clock
        self._opens_in = opens_in
        self._opens_at = opens_at
        self._leases: dict[str, Lease] = {}
        self._waiting: dict[str, _Place] = {}
        self._turns = count()
        self.granted = 0
        self.expired = 0
        self.put_off: Counter[str] = Counter()
        """How often, by why."""

    def ask(self, school: str, link: str = "", server: str = OWN_SERVER, bits_per_second: float = 0) -> Lease | Wait:
        """A lease from now on, or when to ask again: after those who asked before."""
        now = self._tidy()
        if (closed := max(self._opens_in(), 0.0)) or now < self._opens_at:
            wait = Wait(closed, "closed") if closed else Wait(self._opens_at - now, "starting")
            self.put_off[wait.why] += 1
            return wait
        name = self.rules.server_of(server)
        resources: tuple[Resource, ...] = (("server", name), ("school", school))
        if link:
            resources = (*resources, ("link", link))
        caps = [cap for resource in resources if (cap := self.rules.of(resource).bits_per_second) is not None]
        bits = min([*caps, *([bits_per_second] if bits_per_second > 0 else [])], default=0.0)
        blocked = {resource: until for resource in resources if (until := self._free_at(resource, bits, now)) > now}
        if blocked:
            return self._queue(school, resources, blocked, now)
        self._waiting.pop(school, None)
        lease = Lease(token_urlsafe(18), school, resources, bits, now + self.slot_seconds, bool(caps))
        self._leases[lease.slot] = lease
        self.granted += 1
        return lease

    def held(self, slot: str, school: str) -> Lease | None:
        """The live lease, when it is this school's."""
        self._tidy()
        lease = self._leases.get(slot)
        return lease if lease is not None and lease.school == school else None

    def release(self, slot: str, school: str) -> bool:
        """Give a slot back. False when the school holds no such slot."""
        if self.held(slot, school) is None:
            return False
        del self._leases[slot]
        return True

    def live(self) -> Sequence[Lease]:
        self._tidy()
        return tuple(self._leases.values())

    def waiting(self) -> int:
        """How many schools were told to come back and have not yet."""
        self._tidy()
        return len(self._waiting)

    def _tidy(self) -> float:
        now = self.clock()
        for slot in [slot for slot, lease in self._leases.items() if lease.ends_at <= now]:
            del self._leases[slot]
            self.expired += 1
        for school in [one for one, place in self._waiting.items() if place.due + KEEP_PLACE_SECONDS < now]:
            del self._waiting[school]
        return now

    def _free_at(self, resource: Resource, bits: float, now: float) -> float:
        """When so many leases of a resource have ended that one more fits; not after `now` when it fits already."""
        bounds = self.rules.of(resource)
        using = sorted((lease for lease in self._leases.values() if resource in lease.resources), key=_end)
        free_at = now
        while using and not _fits(using, bits, bounds):
            free_at = using.pop(0).ends_at
        return free_at

    def _queue(
        self, school: str, resources: tuple[Resource, ...], blocked: Mapping[Resource, float], now: float
    ) -> Wait:
        resource = max(blocked, key=lambda one: blocked[one])
        known = self._waiting.get(school)
        turn = known.turn if known is not None else next(self._turns)
        ahead = max(self._ahead(one, school, turn) // self.rules.of(one).concurrent for one in blocked)
        seconds = blocked[resource] - now + ahead * self.slot_seconds
        if known is not None or len(self._waiting) < MAX_WAITING:
            self._waiting[school] = _Place(turn, now + seconds, resources)
        self.put_off[resource[0]] += 1
        return Wait(seconds, resource[0])

    def _ahead(self, resource: Resource, school: str, turn: int) -> int:
        return sum(
            place.turn < turn and resource in place.resources
            for other, place in self._waiting.items()
            if other != school
        )


def _end(lease: Lease) -> float:
    return lease.ends_at


def _fits(using: Iterable[Lease], bits: float, bounds: Bounds) -> bool:
    held = list(using)
    if len(held) >= bounds.concurrent:
        return False
    return bounds.bits_per_second is None or sum(lease.bits for lease in held) + bits <= bounds.bits_per_second
