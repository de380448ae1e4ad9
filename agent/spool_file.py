"""The spool's file: SQLite in WAL mode, where a commit is on the disk before it returns. Blocking; for one thread.

https://www.sqlite.org/wal.html; with locking_mode=EXCLUSIVE there is no shared-memory file that a full disk could tear.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import zstandard

from wire.report import Observation

VERSION = 1
ROW_OVERHEAD_BYTES = 200
"""What a row costs beside its body: its id, its place in three indexes, its share of a page."""
RARE_SECONDS = 3600.0
"""A run that comes again within this is routine: it is the first to go when there is no room."""
MAX_SET_ASIDE = 1000
MAX_SET_ASIDE_BYTES = 16 * 1024 * 1024
UNREADABLE = "the spool cannot read this row back"

_SCHEMA = """
CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, made_at REAL NOT NULL, routine INTEGER NOT NULL,
    plain_bytes INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX waiting_by_age ON waiting (made_at);
CREATE INDEX waiting_by_worth ON waiting (routine DESC, seq);
CREATE TABLE set_aside (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, why TEXT NOT NULL, bytes INTEGER NOT NULL, body BLOB);
CREATE TABLE totals (
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, aside_rows INTEGER NOT NULL, aside_bytes INTEGER NOT NULL,
    dropped INTEGER NOT NULL, corrupt INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0, 0, 0, 0);
CREATE TRIGGER waiting_in AFTER INSERT ON waiting
    BEGIN UPDATE totals SET rows = rows + 1, bytes = bytes + NEW.bytes; END;
CREATE TRIGGER waiting_out AFTER DELETE ON waiting
    BEGIN UPDATE totals SET rows = rows - 1, bytes = bytes - OLD.bytes; END;
CREATE TRIGGER aside_in AFTER INSERT ON set_aside
    BEGIN UPDATE totals SET aside_rows = aside_rows + 1, aside_bytes = aside_bytes + NEW.bytes; END;
CREATE TRIGGER aside_out AFTER DELETE ON set_aside
    BEGIN UPDATE totals SET aside_rows = aside_rows - 1, aside_bytes = aside_bytes - OLD.bytes; END;
"""


class Broken(Exception):
    """The file is no spool, or is damaged."""


class Unwritable(Exception):
    """The disk takes nothing: full, read-only, no folder, failing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One observation as JSON."""

    id: UUID
    made_at: float
    routine: bool
    plain: bytes


@dataclass(frozen=True, slots=True)
class Totals:
    rows: int
    bytes: int
    aside_rows: int
    aside_bytes: int
    dropped: int
    corrupt: int


@dataclass(frozen=True, slots=True)
class Changes:
    """One transaction. `settled` maps an id to why it was refused, or to None where the collector has it."""

    rows: Collection[Row]
    settled: Mapping[UUID, str | None]
    dropped: int
    corrupt: int
    now: float
    oldest: float
    """Rows made before this are dropped and counted; Unix time, as `now`."""
    max_bytes: int


def row_of(observation: Observation) -> Row:
    """An observation as a row."""
    return Row(
        id=observation.id,
        made_at=observation.started_at.timestamp(),
        routine=0 < observation.every_seconds < RARE_SECONDS,
        plain=observation.model_dump_json().encode(),
    )


def fitting(rows: Iterable[Row], most: int, most_bytes: int) -> list[Row]:
    """The first of `rows` that fit; one fits always."""
    taken: list[Row] = []
    size = 0
    for row in rows:
        size += len(row.plain)
        if len(taken) == most or (taken and size > most_bytes):
            break
        taken.append(row)
    return taken


class SpoolFile:
    """An open spool. Every method raises Broken or Unwritable."""

    def __init__(self, path: Path) -> None:
        with _mapped():
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            try:
                self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA journal_size_limit=4194304")
                self._check()
                self.totals = self._totals()
            except BaseException:
                self._db.close()
                raise
        self._pack = zstandard.ZstdCompressor(level=3, write_checksum=True)

    def write(self, changes: Changes) -> None:
        """Apply all of `changes`, or nothing."""
        with _mapped():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._apply(changes)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self.totals = self._totals()

    def batch(self, most: int, most_bytes: int, without: Collection[UUID]) -> tuple[list[Row], list[UUID]]:
        """Rows to send, newest for half of the room, then the oldest; and the ids of rows that cannot be read."""
        skipped = {str(id_) for id_ in without}
        with _mapped():
            newest = self._lean("DESC", most + len(skipped), skipped)
            oldest = self._lean("ASC", most + len(skipped), skipped)
            chosen = _within(newest, max(1, most // 2), most_bytes // 2, {})
            chosen = _within(oldest, most, most_bytes, chosen)
            rows, unreadable = [], []
            for seq in sorted(chosen):
                id_, made_at, routine, body = self._db.execute(
                    "SELECT id, made_at, routine, body FROM waiting WHERE seq = ?", (seq,)
                ).fetchone()
                try:
                    rows.append(Row(UUID(id_), made_at, bool(routine), _unpacked(body)))
                except zstandard.ZstdError:
                    unreadable.append(UUID(id_))
        return rows, unreadable

    def close(self) -> None:
        """Release the file; SQLite folds the write-ahead log into it where the disk allows."""
        self._db.close()

    def _check(self) -> None:
        (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise Broken(str(verdict).replace("\n", " ")[:200])
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise Broken(f"written by another release (version {version})")

    def _totals(self) -> Totals:
        found = self._db.execute("SELECT rows, bytes, aside_rows, aside_bytes, dropped, corrupt FROM totals").fetchone()
        if found is None:
            raise Broken("the totals are gone")
        return Totals(*found)

    def _apply(self, changes: Changes) -> None:
        for row in changes.rows:
            body = self._pack.compress(row.plain)
            self._db.execute(
                "INSERT OR IGNORE INTO waiting (id, made_at, routine, plain_bytes, bytes, body)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (str(row.id), row.made_at, row.routine, len(row.plain), len(body) + ROW_OVERHEAD_BYTES, body),
            )
        for id_, why in changes.settled.items():
            if why is not None:
                self._db.execute(
                    "INSERT INTO set_aside (id, at, why, bytes, body)"
                    " SELECT id, ?, ?, bytes, body FROM waiting WHERE id = ?",
                    (changes.now, why[:500], str(id_)),
                )
            self._db.execute("DELETE FROM waiting WHERE id = ?", (str(id_),))
        aged = self._db.execute("DELETE FROM waiting WHERE made_at < ?", (changes.oldest,)).rowcount
        dropped = changes.dropped + aged + self._make_room(changes.max_bytes)
        if dropped or changes.corrupt:
            self._db.execute(
                "UPDATE totals SET dropped = dropped + ?, corrupt = corrupt + ?", (dropped, changes.corrupt)
            )

    def _make_room(self, max_bytes: int) -> int:
        """Delete what is over the bounds: routine before rare, old before new. Returns how many waited."""
        dropped = 0
        while (totals := self._totals()).bytes > max_bytes and totals.rows:
            self._db.execute(
                "DELETE FROM waiting WHERE seq = (SELECT seq FROM waiting ORDER BY routine DESC, seq LIMIT 1)"
            )
            dropped += 1
        most_aside = min(MAX_SET_ASIDE_BYTES, max_bytes)
        while (totals := self._totals()).aside_rows > MAX_SET_ASIDE or totals.aside_bytes > most_aside:
            self._db.execute("DELETE FROM set_aside WHERE seq = (SELECT min(seq) FROM set_aside)")
        return dropped

    def _lean(self, order: str, limit: int, skipped: set[str]) -> list[tuple[int, int]]:
        found = self._db.execute(
            f"SELECT seq, id, plain_bytes FROM waiting ORDER BY seq {order} LIMIT ?",  # noqa: S608  # ASC or DESC
            (limit,),
        )
        return [(seq, size) for seq, id_, size in found if id_ not in skipped]


def rescued(path: Path) -> Iterator[Row]:
    """Every row of a damaged file that can still be read whole, oldest first. Raises nothing for the file's sake."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for seq in sorted(_seqs(db, "ASC") | _seqs(db, "DESC")):
            try:
                found = db.execute("SELECT id, made_at, routine, body FROM waiting WHERE seq = ?", (seq,)).fetchone()
                row = Row(UUID(found[0]), float(found[1]), bool(found[2]), _unpacked(found[3]))
            except (sqlite3.DatabaseError, zstandard.ZstdError, TypeError, ValueError, AttributeError):
                continue
            yield row


def _seqs(db: sqlite3.Connection, order: str) -> set[int]:
    """As many as a scan meets before it meets the damage."""
    seqs: set[int] = set()
    with suppress(sqlite3.DatabaseError):
        for (seq,) in db.execute(f"SELECT seq FROM waiting ORDER BY seq {order}"):  # noqa: S608  # ASC or DESC
            seqs.add(seq)
    return seqs


def _unpacked(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(body)


def _within(rows: list[tuple[int, int]], most: int, most_bytes: int, chosen: dict[int, int]) -> dict[int, int]:
    """`chosen` and the first of `rows` (seq, bytes) that still fit; one fits always."""
    taken, size = dict(chosen), sum(chosen.values())
    for seq, plain_bytes in rows:
        if seq in taken:
            continue
        size += plain_bytes
        if len(taken) >= most or (taken and size > most_bytes):
            break
        taken[seq] = plain_bytes
    return taken


@contextmanager
def _mapped() -> Iterator[None]:
    """SQLite's errors as ours. https://www.sqlite.org/rescode.html: the low byte is the primary code."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None) or 0
        if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            raise Broken(str(error)) from error
        if isinstance(error, sqlite3.OperationalError):
            raise Unwritable(str(error)) from error
        raise
    except OSError as error:
        raise Unwritable(error.strerror or str(error)) from error
