"""Keeping rosters: each import is a version of its own, none is overwritten."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from collector.roster.model import Roster
from collector.store.schema import ROSTERS


def save_roster(connection: Connection, roster: Roster, now: datetime) -> int:
    """Store a roster; returns its version."""
    row = connection.execute(
        insert(ROSTERS)
        .values(imported_at=now.timestamp(), document=roster.model_dump_json(exclude_defaults=True))
        .returning(ROSTERS.c.version)
    ).one()
    return int(row.version)


def newest_version(connection: Connection) -> int:
    """The newest roster's version, 0 when there is none."""
    return connection.execute(select(ROSTERS.c.version).order_by(ROSTERS.c.version.desc()).limit(1)).scalar() or 0


def load_roster(connection: Connection, version: int) -> Roster:
    document = connection.execute(select(ROSTERS.c.document).where(ROSTERS.c.version == version)).scalar_one()
    return Roster.model_validate_json(document)
