"""A player's buffer, by the durations that the media themselves give: when it would have stalled, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from agent.errors import Silent


@dataclass
class Player:
    """Starts once `start_seconds` of media are there, and then plays whatever is there. Times are seconds of one
    clock.

    A player of flesh waits for more to be there before it goes on after a stall, so that its stalls are no shorter.
    """

    start_seconds: float
    buffered: float = 0.0
    """Seconds of media that have arrived."""
    played: float = 0.0
    stalled: float = 0.0
    started_at: float | None = None
    _last: float = 0.0

    def arrived(self, media_seconds: float, at: float) -> None:
        """More media came at this time."""
        self.until(at)
        self.buffered += media_seconds
        if self.started_at is None and self.buffered >= self.start_seconds:
            self.started_at = self._last = at

    def until(self, at: float) -> None:
        """Play on until this time."""
        if self.started_at is None:
            return
        passed = max(0.0, at - self._last)
        played = min(passed, self.buffered - self.played)
        self.played += played
        self.stalled += passed - played
        self._last = max(at, self._last)


@dataclass
class Sample:
    """Playing a sample now, as its media arrive."""

    player: Player
    response_seconds: float | None = None
    start_seconds: float | None = None
    """From the beginning until playing could start."""
    bytes: int = 0
    complete: bool = False
    """Whether all of the sample arrived in time."""
    begun_at: float = field(default_factory=monotonic)

    def feed(self, media_seconds: float) -> None:
        """So many seconds of media have come."""
        now = monotonic()
        self.player.arrived(media_seconds, now)
        if self.start_seconds is None and self.player.started_at is not None:
            self.start_seconds = now - self.begun_at

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """Ends what plays the sample after so long; what stalled until then stands. Raises Silent when playing had not
        started by then."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            self.player.until(monotonic())
            if self.player.started_at is None:
                raise Silent(f"playing could not start within {seconds:g} s") from None
            return
        self.complete = True
