"""Keeping rosters: each import is a version of its own, none is overwritten, and each holds from a day on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, insert, select

from collector.roster.model import Roster
from collector.store.schema import ROSTERS


@dataclass(frozen=True, slots=True)
class RosterVersion:
    """One import, without its content."""

    version: int
    valid_from: date
    imported_at: datetime


def save_roster(connection: Connection, roster: Roster, now: datetime, valid_from: date | None = None) -> int:
    """Store a roster that holds from a day on: the given one, else its own, else today (UTC); returns its version."""
    first = valid_from or roster.valid_from or now.date()
    row = connection.execute(
        insert(ROSTERS)
        .values(
            imported_at=now.timestamp(),
            valid_from=first.isoformat(),
            document=roster.model_dump_json(exclude_defaults=True),
        )
        .returning(ROSTERS.c.version)
    ).one()
    return int(row.version)


def roster_versions(connection: Connection) -> tuple[RosterVersion, ...]:
    """Every import, oldest first."""
    rows = connection.execute(select(ROSTERS.c.version, ROSTERS.c.valid_from, ROSTERS.c.imported_at))
    return tuple(
        RosterVersion(row.version, date.fromisoformat(row.valid_from), datetime.fromtimestamp(row.imported_at, UTC))
        for row in sorted(rows, key=lambda row: row.version)
    )


def version_on(versions: tuple[RosterVersion, ...], day: date) -> int:
    """The version whose numbers hold on a day: the one that began last, of two that began together the later import.

    Before any began, the one that begins first. 0 when there is none at all.
    """
    begun = [one for one in versions if one.valid_from <= day]
    if begun:
        return max(begun, key=lambda one: (one.valid_from, one.version)).version
    return min(versions, key=lambda one: (one.valid_from, -one.version)).version if versions else 0


def newest_version(connection: Connection) -> int:
    """The newest import's version, 0 when there is none."""
    return connection.execute(select(ROSTERS.c.version).order_by(ROSTERS.c.version.desc()).limit(1)).scalar() or 0


def load_roster(connection: Connection, version: int) -> Roster:
    document = connection.execute(select(ROSTERS.c.document).where(ROSTERS.c.version == version)).scalar_one()
    return Roster.model_validate_json(document)
