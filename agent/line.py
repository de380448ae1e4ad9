"""What this process knows of the school's way to the MAN: what its uplinks carried, and when tests ran on it.

Kept in memory only: after a restart the first interval is missing, and nothing else.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

MAX_UPLINKS = 64
MAX_SAMPLES = 64
MAX_TESTS = 64
KEEP_SECONDS = 3600.0
"""A mean over a longer interval says nothing of now."""
REFRESH_SECONDS = 10.0
"""Many devices bring their counters up to date only so often, so that a count may be of as much more time."""
LEAST_SECONDS = 5.0
"""Over a shorter interval the refresh would be most of what is seen."""
_UP_TIME_MODULUS = 2**32
_UP_TIME_TICKS = 100
"""sysUpTime counts hundredths of a second in 32 bits and wraps after 497 days (RFC 3418)."""
_CLOCKS_APART = 0.1
_CLOCKS_APART_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Octets:
    """An uplink's octet counters at a moment of this machine's monotonic clock. `speed` is in bytes per second."""

    at: float
    received: int
    sent: int
    wide: bool
    """64-bit counters (ifHCInOctets) and not 32-bit ones."""
    speed: float | None
    up_time: int | None = None
    """sysUpTime in hundredths of a second."""
    discontinuity: int | None = None
    """ifCounterDiscontinuityTime (RFC 2863): it changes whenever the counters do not go on from where they were."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What an uplink carried between two moments."""

    seconds: float
    received: int
    sent: int


def between(earlier: Octets, later: Octets, least_seconds: float = LEAST_SECONDS) -> Carried | None:
    """What was carried in between, or None where the counters cannot tell: they were reset, may have wrapped more than
    once, stood still, or grew by more than the port's speed allows."""
    seconds = _seconds(earlier, later)
    if seconds is None or not least_seconds <= seconds <= KEEP_SECONDS:
        return None
    if earlier.wide != later.wide or earlier.discontinuity != later.discontinuity:
        return None
    modulus = 2 ** (64 if later.wide else 32)
    received = (later.received - earlier.received) % modulus
    sent = (later.sent - earlier.sent) % modulus
    speed = later.speed
    if speed is None or received + sent == 0:
        return None
    most = speed * (seconds + REFRESH_SECONDS)
    if (not later.wide and most >= modulus) or max(received, sent) > most:
        return None
    return Carried(seconds, received, sent)


def _seconds(earlier: Octets, later: Octets) -> float | None:
    """By the device's own clock where it has one, as it does not know how long an answer travels."""
    elapsed = later.at - earlier.at
    if earlier.up_time is None or later.up_time is None:
        return elapsed
    by_device = (later.up_time - earlier.up_time) % _UP_TIME_MODULUS / _UP_TIME_TICKS
    apart = abs(by_device - elapsed)
    return None if apart > max(_CLOCKS_APART_SECONDS, _CLOCKS_APART * elapsed) else by_device


class Line:
    """One school's line. Bounded: the oldest of what is too much is forgotten."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], deque[Octets]] = {}
        self._loads: dict[tuple[str, str], tuple[float, float]] = {}
        self._running = 0
        self._tests: deque[tuple[float, float]] = deque(maxlen=MAX_TESTS)

    def sampled(self, device: str, port: str, octets: Octets) -> Sequence[Octets]:
        """Keep a sample of an uplink; returns the earlier ones, oldest first."""
        kept = self._samples.setdefault((device, port), deque(maxlen=MAX_SAMPLES))
        while kept and kept[0].at < octets.at - KEEP_SECONDS:
            kept.popleft()
        earlier = tuple(kept)
        kept.append(octets)
        while len(self._samples) > MAX_UPLINKS:
            self._samples.pop(next(iter(self._samples)))
        return earlier

    def loaded(self, device: str, port: str, ratio: float) -> None:
        """The uplink carries this share of its speed now, in its busier direction."""
        self._loads[(device, port)] = (monotonic(), ratio)
        while len(self._loads) > MAX_UPLINKS:
            self._loads.pop(next(iter(self._loads)))

    def load(self, within_seconds: float) -> float | None:
        """The load of the busiest uplink, by what was told in the last seconds; None when nothing was."""
        since = monotonic() - within_seconds
        return max((ratio for at, ratio in self._loads.values() if at >= since), default=None)

    @contextmanager
    def testing(self) -> Iterator[None]:
        """A throughput test fills the line for as long as this is open."""
        began = monotonic()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._tests.append((began, monotonic()))

    def tested_since(self, at: float) -> bool:
        """Whether a test ran at any time from then (monotonic seconds) on."""
        return self._running > 0 or any(ended >= at for _, ended in self._tests)
