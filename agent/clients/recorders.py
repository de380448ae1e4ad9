"""What video recorders tell, whichever protocol they speak."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from agent.errors import Malformed

MAX_CHANNELS = 1024
MAX_DISKS = 256

ChannelState = Literal["online", "offline", "unknown"]
"""`online` has a picture by the recorder's word, `offline` has none; `unknown` is a word that says neither, or two
words that contradict each other."""
DiskState = Literal[
    "ok", "idle", "read_only", "unformatted", "error", "mismatch", "offline", "absent", "smart_failed", "repairing",
    "formatting", "unknown",
]  # fmt: skip
_RECORDS: frozenset[DiskState] = frozenset({"ok", "idle"})
_CANNOT: frozenset[DiskState] = frozenset(
    {"read_only", "unformatted", "error", "mismatch", "offline", "absent", "formatting"}
)


@dataclass(frozen=True, slots=True)
class Channel:
    """`number` counts from 1, as the recorder's own screens do."""

    number: int
    state: ChannelState


@dataclass(frozen=True, slots=True)
class Disk:
    number: int
    state: DiskState
    capacity_bytes: int | None = None
    free_bytes: int | None = None


Span = tuple[datetime, datetime]


class Recorder(Protocol):
    """One recorder. Each method raises ProbeError; None is what this recorder does not tell."""

    async def clock(self) -> timedelta | None:
        """How far its clock is ahead of ours."""

    async def channels(self) -> list[Channel] | None: ...

    async def disks(self) -> list[Disk] | None: ...

    async def recorded(self, channel: int, hours: float) -> "Recorded | None":
        """What it has recorded of a channel in the last hours, by its own clock."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Of a window: seconds in it that were recorded, and the longest stretch that was not."""

    seconds: float
    longest_gap_seconds: float

    @classmethod
    def of(cls, spans: Iterable[Span], start: datetime, end: datetime) -> "Recorded":
        """Spans may overlap, and reach out of the window."""
        recorded = gap = 0.0
        until = start
        for begin, finish in sorted(spans):
            first, last = max(begin, until), min(finish, end)
            if last <= first:
                continue
            gap = max(gap, (first - until).total_seconds())
            recorded += (last - first).total_seconds()
            until = last
        return cls(recorded, max(gap, (end - until).total_seconds()))


def can_record(disks: list[Disk]) -> bool | None:
    """False when every disk says that it cannot; None when that is not told of all, or there is no disk to tell."""
    states = {disk.state for disk in disks}
    if states & _RECORDS:
        return True
    return False if states and states <= _CANNOT else None


def each_once(channels: list[Channel]) -> list[Channel]:
    """The channels. Raises Malformed where one comes twice or there are more than any recorder has."""
    numbers = {channel.number for channel in channels}
    if len(numbers) < len(channels) or len(channels) > MAX_CHANNELS:
        raise Malformed(f"{len(channels)} channels with {len(numbers)} numbers")
    return channels
