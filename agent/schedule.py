"""Runs every probe on its device in time, for ever: never two runs of one entry at once, never too many at all."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256

import structlog

from agent.clock import Clock
from agent.hosts import hosts_of
from agent.probes.base import ProbeSettings
from wire.report import Observation, Outcome

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
"""The first runs are spread over this, or over the period where that is shorter."""
RARE_SECONDS = 3600.0
"""An entry that runs no more often is heavy (a throughput test): `ask_now` leaves it alone."""
RETRY_SECONDS = 300.0
"""A heavy entry that met a busy server is tried again after one to two of these, and not only hours later."""
AGAIN_AT_MOST_SECONDS = 86_400.0
"""However late a server says to come back."""
AGAIN_SPREAD_SECONDS = 60.0
"""After "not before then" come at most so much later, so that not all who were told so come at once."""
HANGING: frozenset[Outcome] = frozenset({"timeout", "unreachable"})
"""What a run that held its slot for long ends with."""
PASSING: frozenset[Outcome] = frozenset({"timeout", "unreachable", "refused"})


@dataclass(slots=True)
class Job:
    """One entry of the configuration and how it is going. Times are the clock's monotonic seconds."""

    settings: ProbeSettings
    share: float
    """Where in its period this entry runs: 0 to 1, the same after every restart."""
    due: float = 0.0
    waits: bool = False
    """It is due, and waits for its turn."""
    lag: float = 0.0
    """How late the last run began."""
    latest: Observation | None = None
    """Without its readings: those of hundreds of devices would be most of the agent's memory."""
    failing_since: float | None = None
    outcome: Outcome = "ok"
    asked: asyncio.Event = field(default_factory=asyncio.Event)


class Schedule:
    """`observe` runs one entry; `keep` takes what it saw. Neither may raise for a device's sake."""

    def __init__(
        self,
        entries: Sequence[ProbeSettings],
        observe: Callable[[ProbeSettings], Awaitable[Observation]],
        keep: Callable[[Observation], Awaitable[None]],
        clock: Clock,
        concurrency: int = 32,
        salt: str = "",
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`salt` sets this school's runs apart from those of others that name their devices alike."""
        self._observe = observe
        self._keep = keep
        self._chance = chance
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        # Devices that hang may hold half of the slots, however many they are: the healthy stay on time.
        self._slow = asyncio.Semaphore(max(1, concurrency // 2))
        self._hosts: dict[str, asyncio.Lock] = {}
        self.jobs = [Job(entry, _share(salt, entry.probe, entry.device)) for entry in entries]

    async def run(self) -> None:
        """Until cancelled. A run that has ended is kept even then."""
        started = self._clock.monotonic()
        for job in self.jobs:
            job.due = started + job.share * min(job.settings.every_seconds, START_SECONDS)
        async with asyncio.TaskGroup() as group:
            for job in self.jobs:
                group.create_task(self._repeat(job, started), name=f"{job.settings.probe} {job.settings.device}")

    def ask_now(self, device: str) -> int:
        """Have this device's entries run at once, save heavy ones. Returns how many will."""
        asked = [
            job for job in self.jobs if job.settings.device == device and job.settings.every_seconds < RARE_SECONDS
        ]
        for job in asked:
            job.asked.set()
        return len(asked)

    def lag(self) -> float:
        """Seconds that the latest of all entries is, or was, behind its time."""
        now = self._clock.monotonic()
        return max((now - job.due if job.waits else job.lag for job in self.jobs), default=0.0)

    async def _repeat(self, job: Job, started: float) -> None:
        while True:
            if await self._clock.wait(job.asked, job.due - self._clock.monotonic()):
                job.due = min(job.due, self._clock.monotonic())
            job.asked.clear()
            begun = await self._once(job)
            now = self._clock.monotonic()
            job.due = _next(job, started, begun, now)
            if job.outcome in PASSING and job.settings.every_seconds >= RARE_SECONDS:
                job.due = self._again(job, now)

    def _again(self, job: Job, now: float) -> float:
        """When a heavy entry is tried again after a failure that passes: when it was told to, else soon."""
        told = job.latest.again_in_seconds if job.latest is not None else None
        if told is None:
            return min(job.due, now + RETRY_SECONDS * (1 + self._chance()))
        return now + min(told, AGAIN_AT_MOST_SECONDS) + AGAIN_SPREAD_SECONDS * self._chance()

    async def _once(self, job: Job) -> float:
        """One run when its turn comes. Returns when it began."""
        job.waits = True
        # The device's own turn first: an entry that waits for a slow device takes no slot from others.
        async with self._turn(job.settings), self._lane(job), self._slots:
            begun = self._clock.monotonic()
            job.waits, job.lag = False, max(0.0, begun - job.due)
            observation = await self._observe(job.settings)
        job.latest = observation.model_copy(update={"readings": ()})
        self._note(job, observation)
        await self._keep(observation)
        return begun

    def _lane(self, job: Job) -> AbstractAsyncContextManager[None]:
        latest = job.latest
        if latest is None:
            return nullcontext()
        hung = latest.outcome in HANGING or latest.duration_seconds > job.settings.timeout_seconds / 2
        return self._slow if hung else nullcontext()

    def _turn(self, settings: ProbeSettings) -> asyncio.Lock:
        """One small device answers one of us at a time. A heavy entry, or one with several devices, waits for none."""
        hosts = hosts_of(settings)
        one = len(hosts) == 1 and settings.every_seconds < RARE_SECONDS
        key = f"host {hosts[0]}" if one else f"entry {settings.probe} {settings.device}"
        return self._hosts.setdefault(key, asyncio.Lock())

    def _note(self, job: Job, observation: Observation) -> None:
        """Log a change, never a repeat."""
        if observation.outcome == job.outcome:
            return
        names = {"probe": observation.probe, "device": observation.device}
        if observation.outcome == "ok":
            failed = round(self._clock.monotonic() - (job.failing_since or 0.0))
            log.info("device answers again", **names, failed_seconds=failed)
            job.failing_since = None
        else:
            log.warning("device fails", **names, outcome=observation.outcome, detail=observation.detail)
            if job.failing_since is None:
                job.failing_since = self._clock.monotonic()
        job.outcome = observation.outcome


def _share(*names: str) -> float:
    """0 to 1 by the names, evenly spread; `hash` would differ with each start."""
    return int.from_bytes(sha256("\0".join(names).encode()).digest()[:6]) / 2**48


def _next(job: Job, started: float, begun: float, now: float) -> float:
    """The next time on the entry's own grid: no less than half a period after this run began, and no catching up."""
    every = job.settings.every_seconds
    earliest = max(now, begun + every / 2)
    first = started + job.share * every
    periods = max(0, -int((first - earliest) // every))
    return first + periods * every
