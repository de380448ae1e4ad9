"""The spool's file: SQLite in WAL mode, where a commit is on the disk before it returns. Blocking; for one thread.

https://www.sqlite.org/wal.html; with locking_mode=EXCLUSIVE there is no shared-memory file that a full disk could tear.
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from uuid import UUID

import zstandard

from agent.spool_rows import Changes, Dropped, Row, Totals
from agent.worth import ROUTINE

VERSION = 2
ROW_OVERHEAD_BYTES = 200
"""What a row costs beside its body: its id, its place in three indexes, its share of a page."""
THINNED_AT_ONCE = 64
THINNEST = 1024
"""Of old routine runs at least one in so many stays, as long as any other goes."""
MAX_SET_ASIDE = 1000
MAX_SET_ASIDE_BYTES = 16 * 1024 * 1024
UNREADABLE = "the spool cannot read this row back"

_SCHEMA = """
CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, made_at REAL NOT NULL, worth INTEGER NOT NULL,
    nth INTEGER NOT NULL, plain_bytes INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX waiting_by_age ON waiting (made_at);
CREATE INDEX waiting_by_worth ON waiting (worth, seq);
CREATE TABLE set_aside (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, why TEXT NOT NULL, bytes INTEGER NOT NULL, body BLOB);
CREATE TABLE totals (
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, aside_rows INTEGER NOT NULL, aside_bytes INTEGER NOT NULL,
    dropped INTEGER NOT NULL, dropped_changes INTEGER NOT NULL, corrupt INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0, 0, 0, 0, 0);
CREATE TRIGGER waiting_in AFTER INSERT ON waiting
    BEGIN UPDATE totals SET rows = rows + 1, bytes = bytes + NEW.bytes; END;
CREATE TRIGGER waiting_out AFTER DELETE ON waiting
    BEGIN UPDATE totals SET rows = rows - 1, bytes = bytes - OLD.bytes; END;
CREATE TRIGGER aside_in AFTER INSERT ON set_aside
    BEGIN UPDATE totals SET aside_rows = aside_rows + 1, aside_bytes = aside_bytes + NEW.bytes; END;
CREATE TRIGGER aside_out AFTER DELETE ON set_aside
    BEGIN UPDATE totals SET aside_rows = aside_rows - 1, aside_bytes = aside_bytes - OLD.bytes; END;
"""

_FROM_1 = """
DROP INDEX waiting_by_worth;
ALTER TABLE waiting RENAME COLUMN routine TO worth;
UPDATE waiting SET worth = 2 WHERE worth = 1;
ALTER TABLE waiting ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
UPDATE waiting SET nth = seq;
CREATE INDEX waiting_by_worth ON waiting (worth, seq);
ALTER TABLE totals ADD COLUMN dropped_changes INTEGER NOT NULL DEFAULT 0;
"""


class Broken(Exception):
    """The file is no spool, or is damaged."""


class Unwritable(Exception):
    """The disk takes nothing: full, read-only, no folder, failing."""


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
                self._db.execute("PRAGMA cache_size=-128")  # KiB; rows are written once and read once
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
                id_, made_at, worth, nth, body = self._db.execute(
                    "SELECT id, made_at, worth, nth, body FROM waiting WHERE seq = ?", (seq,)
                ).fetchone()
                try:
                    rows.append(Row(UUID(id_), made_at, worth, nth, _unpacked(body)))
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
        elif version == 1:
            self._db.executescript(f"BEGIN IMMEDIATE; {_FROM_1} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise Broken(f"written by another release (version {version})")

    def _totals(self) -> Totals:
        found = self._db.execute(
            "SELECT rows, bytes, aside_rows, aside_bytes, dropped, dropped_changes, corrupt FROM totals"
        ).fetchone()
        if found is None:
            raise Broken("the totals are gone")
        return Totals(*found)

    def _apply(self, changes: Changes) -> None:
        for row in changes.rows:
            body = self._pack.compress(row.plain)
            self._db.execute(
                "INSERT OR IGNORE INTO waiting (id, made_at, worth, nth, plain_bytes, bytes, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (str(row.id), row.made_at, row.worth, row.nth, len(row.plain), len(body) + ROW_OVERHEAD_BYTES, body),
            )
        for id_, why in changes.settled.items():
            if why is not None:
                self._db.execute(
                    "INSERT INTO set_aside (id, at, why, bytes, body)"
                    " SELECT id, ?, ?, bytes, body FROM waiting WHERE id = ?",
                    (changes.now, why[:500], str(id_)),
                )
            self._db.execute("DELETE FROM waiting WHERE id = ?", (str(id_),))
        dropped = changes.dropped
        aged = self._db.execute("DELETE FROM waiting WHERE made_at < ? RETURNING worth", (changes.oldest,))
        for (worth,) in aged.fetchall():
            dropped.count(worth)
        self._make_room(changes.max_bytes, dropped)
        if dropped.all or changes.corrupt:
            self._db.execute(
                "UPDATE totals SET dropped = dropped + ?, dropped_changes = dropped_changes + ?, corrupt = corrupt + ?",
                (dropped.all, dropped.changes, changes.corrupt),
            )

    def _make_room(self, max_bytes: int, dropped: Dropped) -> None:
        """Delete what is over the bounds. Old routine runs are thinned out, evenly over their time, before any goes
        that changed something; those, and rare ones, go by age when nothing else is left."""
        while (totals := self._totals()).bytes > max_bytes and totals.rows:
            if thinned := self._thin(totals.bytes - max_bytes):
                dropped.count(ROUTINE, thinned)
                continue
            (worth,) = self._db.execute(
                "DELETE FROM waiting WHERE seq = (SELECT seq FROM waiting ORDER BY worth DESC, seq LIMIT 1)"
                " RETURNING worth"
            ).fetchone()
            dropped.count(worth)
        most_aside = min(MAX_SET_ASIDE_BYTES, max_bytes)
        while (totals := self._totals()).aside_rows > MAX_SET_ASIDE or totals.aside_bytes > most_aside:
            self._db.execute("DELETE FROM set_aside WHERE seq = (SELECT min(seq) FROM set_aside)")

    def _thin(self, over_bytes: int) -> int:
        """Leave out every second of the older half of routine runs, of what is left of them every second again, and
        so on. Returns how many went: at most THINNED_AT_ONCE, none when one in THINNEST is left."""
        (count,) = self._db.execute("SELECT count(*) FROM waiting WHERE worth = ?", (ROUTINE,)).fetchone()
        if count < 2:
            return 0
        (middle,) = self._db.execute(
            "SELECT seq FROM waiting WHERE worth = ? ORDER BY seq LIMIT 1 OFFSET ?", (ROUTINE, count // 2)
        ).fetchone()
        step = 2
        while step <= THINNEST:
            old = self._db.execute(
                "SELECT seq, bytes FROM waiting WHERE worth = ? AND seq < ? AND nth % ? <> 0 ORDER BY seq LIMIT ?",
                (ROUTINE, middle, step, THINNED_AT_ONCE),
            ).fetchall()
            gone, size = 0, 0
            for seq, bytes_ in old:
                if size >= over_bytes:
                    break
                self._db.execute("DELETE FROM waiting WHERE seq = ?", (seq,))
                gone, size = gone + 1, size + bytes_
            if gone:
                return gone
            step *= 2
        return 0

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
                found = db.execute("SELECT id, made_at, worth, nth, body FROM waiting WHERE seq = ?", (seq,)).fetchone()
                row = Row(UUID(found[0]), float(found[1]), int(found[2]), int(found[3]), _unpacked(found[4]))
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
