"""Keeps observations on disk until the collector has them: a row dies only on a receipt, or is counted as dropped."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog

from agent.clock import Clock
from agent.spool_file import UNREADABLE, Broken, SpoolFile, Unwritable, rescued
from agent.spool_rows import Changes, Dropped, Row, fitting, row_of
from agent.worth import Worth
from wire.report import Observation

log = structlog.get_logger(__name__)

T = TypeVar("T")

MAX_BUFFER_BYTES = 16 * 1024 * 1024
"""What waits in memory while the disk takes nothing."""
RESCUED_TOGETHER = 100
CORRUPT_KEPT = 3
"""Files set aside as corrupt that stay for someone to look at."""


@dataclass(frozen=True, slots=True)
class SpoolState:
    """A snapshot. `set_aside` is what lies there; `dropped` and `corrupt_files` count on over restarts."""

    waiting: int = 0
    """Observations that the collector does not have, on disk and in memory."""
    buffered: int = 0
    """Those of them that are in memory only, because the disk takes nothing."""
    set_aside: int = 0
    dropped: int = 0
    dropped_changes: int = 0
    """Those of the dropped that saw a change, or come rarely."""
    corrupt_files: int = 0


class Spool:
    """One file, and one thread that touches it: the event loop is never blocked. `close` it at the end."""

    def __init__(self, path: Path, max_bytes: int, keep: timedelta, clock: Clock) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._file: SpoolFile | None = None
        self._buffer: dict[UUID, Row] = {}
        self._buffer_bytes = 0
        self._settled: dict[UUID, str | None] = {}
        self._dropped = Dropped()
        self._worth = Worth()
        self._corrupt = 0
        self._trouble = ""
        self.state = SpoolState()
        self.arrived = asyncio.Event()
        """Set when something was added; whoever sends clears it."""

    async def open(self) -> None:
        """Open or create the file. A corrupt one is moved aside; a disk that takes nothing is no error here."""
        await self._in_thread(self._catch_up)

    async def add(self, observation: Observation) -> None:
        """Keep one observation: it is on disk when this returns, or in memory while the disk takes nothing."""
        await self._in_thread(lambda: self._add(observation))
        self.arrived.set()

    async def batch(self, most: int, most_bytes: int) -> list[Row]:
        """The next to send: at most so many observations and bytes of JSON, but always one where one waits.

        Half is the newest and the rest the oldest, so that a long backlog does not hide the present.
        """
        return await self._in_thread(lambda: self._batch(most, most_bytes))

    async def settle(self, kept: Collection[UUID], refused: Mapping[UUID, str]) -> None:
        """Forget what the collector has, and set aside, with the reason, what it will never take."""
        await self._in_thread(lambda: self._settle(kept, refused))

    async def close(self) -> None:
        """Write what can be written and release the file."""
        await self._in_thread(self._close)
        self._thread.shutdown(wait=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # Shielded: whoever asked may be cancelled, and what it handed over must be written all the same.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work))

    # Everything below runs in the one thread.

    def _add(self, observation: Observation) -> None:
        row = row_of(observation, *self._worth.of(observation))
        self._buffer[row.id] = row
        self._buffer_bytes += len(row.plain)
        self._catch_up()
        while self._buffer_bytes > min(MAX_BUFFER_BYTES, self._max_bytes) and len(self._buffer) > 1:
            least = max(self._buffer.values(), key=lambda row: row.worth)
            self._forget(least.id)
            self._dropped.count(least.worth)
        self._snapshot()

    def _batch(self, most: int, most_bytes: int) -> list[Row]:
        self._catch_up()
        rows = fitting(
            (row for row in reversed(self._buffer.values()) if row.id not in self._settled), most, most_bytes
        )
        room, room_bytes = most - len(rows), most_bytes - sum(len(row.plain) for row in rows)
        if self._file is None or (rows and (room < 1 or room_bytes < 1)):
            return rows
        try:
            stored, unreadable = self._file.batch(room, room_bytes, self._settled)
        except Broken as error:
            self._move_aside(str(error))
            return rows
        except Unwritable as error:
            self._disk_says(str(error))
            return rows
        self._settled.update(dict.fromkeys(unreadable, UNREADABLE))
        return [*stored, *rows] if stored or not unreadable else self._batch(most, most_bytes)

    def _settle(self, kept: Collection[UUID], refused: Mapping[UUID, str]) -> None:
        for id_ in kept:
            if id_ in self._buffer:
                self._forget(id_)
            else:
                self._settled[id_] = None
        self._settled.update(refused)
        self._catch_up()

    def _close(self) -> None:
        self._catch_up()
        if self._buffer:
            log.error("observations are lost: the disk took nothing until the end", observations=len(self._buffer))
        if self._file is not None:
            self._file.close()
            self._file = None

    def _catch_up(self) -> None:
        """Bring the file up to date with what memory holds. What fails now is tried again with the next call."""
        try:
            self._write()
        except Broken as error:
            self._move_aside(str(error))
            try:
                self._write()
            except Broken as again:
                self._disk_says(str(again))
            except Unwritable as full:
                self._disk_says(str(full))
        except Unwritable as error:
            self._disk_says(str(error))
        self._snapshot()

    def _write(self) -> None:
        if self._file is None:
            self._file = SpoolFile(self._path)
        now = self._clock.now()
        changes = Changes(
            rows=list(self._buffer.values()),
            settled=self._settled,
            dropped=self._dropped,
            corrupt=self._corrupt,
            now=now.timestamp(),
            # While the time is not known, nothing is too old.
            oldest=(now - self._keep).timestamp() if self._clock.known else 0,
            max_bytes=self._max_bytes,
        )
        self._file.write(changes)
        self._buffer.clear()
        self._settled.clear()
        self._buffer_bytes = self._corrupt = 0
        self._dropped = Dropped()
        self._disk_says("")

    def _forget(self, id_: UUID) -> None:
        self._buffer_bytes -= len(self._buffer.pop(id_).plain)

    def _disk_says(self, trouble: str) -> None:
        if trouble and not self._trouble:
            log.error("the spool cannot be written; observations stay in memory", file=str(self._path), reason=trouble)
        elif self._trouble and not trouble:
            log.info("the spool can be written again", file=str(self._path))
        self._trouble = trouble

    def _move_aside(self, why: str) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        name = f"{self._path.name}.corrupt-{self._clock.now():%Y%m%dT%H%M%S%f}"
        try:
            for suffix in ("", "-wal"):
                source = self._path.with_name(self._path.name + suffix)
                if source.exists():
                    source.rename(self._path.with_name(name + suffix))
            set_aside = sorted(self._path.parent.glob(f"{self._path.name}.corrupt-*[0-9]"))
            for old in set_aside[:-CORRUPT_KEPT]:
                old.unlink()
                old.with_name(old.name + "-wal").unlink(missing_ok=True)
        except OSError as error:
            self._disk_says(error.strerror or str(error))
            return
        self._corrupt += 1
        self._settled = {id_: why for id_, why in self._settled.items() if id_ in self._buffer}
        log.error("the spool was damaged and is begun anew", file=str(self._path), moved_to=name, reason=why)
        self._rescue(self._path.with_name(name))

    def _rescue(self, damaged: Path) -> None:
        """Take over what can still be read, a chunk at a time. The collector knows what it had already by its id."""
        count = 0
        try:
            for row in rescued(damaged):
                self._buffer[row.id] = row
                self._buffer_bytes += len(row.plain)
                count += 1
                if count % RESCUED_TOGETHER == 0:
                    self._write()
            self._write()
        except (Broken, Unwritable) as error:
            self._disk_says(str(error))
        self._snapshot()
        if count:
            log.info("observations were rescued from the damaged spool", observations=count)

    def _snapshot(self) -> None:
        totals = self._file.totals if self._file is not None else None
        self.state = SpoolState(
            waiting=(totals.rows if totals else 0) + len(self._buffer) - len(self._settled),
            buffered=len(self._buffer),
            set_aside=totals.aside_rows if totals else 0,
            dropped=(totals.dropped if totals else 0) + self._dropped.all,
            dropped_changes=(totals.dropped_changes if totals else 0) + self._dropped.changes,
            corrupt_files=(totals.corrupt if totals else 0) + self._corrupt,
        )
