"""Remembers which terminals were seen when, in a file that never leaves the school. It blocks: run it in a thread."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

MAX_PAUSE_SECONDS = 86_400.0
"""A longer pause between two runs does not count as watching."""

_TABLES = """
CREATE TABLE IF NOT EXISTS sighting (mac TEXT PRIMARY KEY, first_seen REAL NOT NULL, last_seen REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS watch (one INTEGER PRIMARY KEY CHECK (one = 1), since REAL NOT NULL, last REAL NOT NULL)
STRICT;
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """The terminals seen within the window, and for how many seconds of it sightings have been taken.

    `watched_seconds` is None while no run has seen anything yet: then nothing is known of any terminal.
    """

    macs: frozenset[str]
    watched_seconds: float | None


def remember(path: Path, seen: Iterable[str] | None, now: float, window_seconds: float) -> Memory:
    """Add sightings and forget what is older than the window; with None, a run that saw nothing at all, only look."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.executescript(_TABLES)
        # A clock that ran ahead and was set back must not keep sightings for years.
        connection.execute("UPDATE sighting SET last_seen = ? WHERE last_seen > ?", (now, now))
        connection.execute("UPDATE watch SET since = min(since, ?), last = min(last, ?)", (now, now))
        if seen is not None:
            connection.executemany(
                "INSERT INTO sighting VALUES (?, ?, ?) ON CONFLICT (mac) DO UPDATE SET last_seen = excluded.last_seen",
                ((mac, now, now) for mac in seen),
            )
            connection.execute(
                "INSERT INTO watch VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET "
                "since = CASE WHEN excluded.last - last > ? THEN since + excluded.last - last ELSE since END, "
                "last = excluded.last",
                (now, now, MAX_PAUSE_SECONDS),
            )
        connection.execute("DELETE FROM sighting WHERE last_seen < ?", (now - window_seconds,))
        macs = frozenset(mac for (mac,) in connection.execute("SELECT mac FROM sighting"))
        watch = connection.execute("SELECT since, last FROM watch").fetchone()
    watched = None if watch is None else min(window_seconds, max(0.0, watch[1] - watch[0]))
    return Memory(macs, watched)
