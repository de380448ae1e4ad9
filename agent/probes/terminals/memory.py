"""Remembers which terminals were seen when, in a file that never leaves the school. It blocks: run it in a thread."""

import sqlite3
from collections.abc import Mapping
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
class Sighting:
    """One terminal in one run: whose it is by the rules, and when it was seen (None: now), in Unix time."""

    owner: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """The terminals seen within the window, and for how many seconds of it sightings have been taken.

    `macs` holds whose each is by the rules, at its last sighting that a rule fitted. `watched_seconds` is None while no
    run has seen anything yet: then nothing is known of any terminal.
    """

    macs: Mapping[str, str | None]
    watched_seconds: float | None


def remember(path: Path, seen: Mapping[str, Sighting] | None, now: float, window_seconds: float) -> Memory:
    """Add sightings and forget what is older than the window; with None, a run that saw nothing at all, only look."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.executescript(_TABLES)
        if "owner" not in {column[1] for column in connection.execute("PRAGMA table_info(sighting)")}:
            connection.execute("ALTER TABLE sighting ADD COLUMN owner TEXT")
        # A clock that ran ahead and was set back must not keep sightings for years.
        connection.execute("UPDATE sighting SET last_seen = ? WHERE last_seen > ?", (now, now))
        connection.execute("UPDATE watch SET since = min(since, ?), last = min(last, ?)", (now, now))
        if seen is not None:
            connection.executemany(
                "INSERT INTO sighting (mac, first_seen, last_seen, owner) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (mac) DO UPDATE SET first_seen = min(first_seen, excluded.first_seen), "
                "last_seen = max(last_seen, excluded.last_seen), owner = coalesce(excluded.owner, owner)",
                ((mac, at, at, one.owner) for mac, one in seen.items() for at in [_when(one, now)]),
            )
            connection.execute(
                "INSERT INTO watch VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET "
                "since = CASE WHEN excluded.last - last > ? THEN since + excluded.last - last ELSE since END, "
                "last = excluded.last",
                (now, now, MAX_PAUSE_SECONDS),
            )
        connection.execute("DELETE FROM sighting WHERE last_seen < ?", (now - window_seconds,))
        macs: dict[str, str | None] = dict(connection.execute("SELECT mac, owner FROM sighting"))
        watch = connection.execute("SELECT since, last FROM watch").fetchone()
    watched = None if watch is None else min(window_seconds, max(0.0, watch[1] - watch[0]))
    return Memory(macs, watched)


def _when(sighting: Sighting, now: float) -> float:
    """A server whose clock runs ahead saw nothing later than now."""
    return now if sighting.at is None else min(sighting.at, now)
