"""Who may send for which school: one-time codes, and credentials kept as hashes only."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from collector.store.schema import CREDENTIALS, ENROL_CODES

CODE_LASTS = timedelta(hours=24)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is mistaken for another when read out on the phone


def new_code(connection: Connection, school: str, now: datetime) -> str:
    """A one-time code for a school's agent, good for a day; five groups of four, some 99 bits."""
    code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(5))
    connection.execute(delete(ENROL_CODES).where(ENROL_CODES.c.expires_at < now.timestamp()))
    expires_at = (now + CODE_LASTS).timestamp()
    connection.execute(insert(ENROL_CODES).values(code_hash=_hash(code), school=school, expires_at=expires_at))
    return code


def trade_code(connection: Connection, code: str, now: datetime) -> tuple[str, str] | None:
    """A new credential for the code's school, as (school, token); None when the code is unknown, used or too old."""
    row = connection.execute(
        delete(ENROL_CODES)
        .where(ENROL_CODES.c.code_hash == _hash(code.strip().upper()), ENROL_CODES.c.expires_at >= now.timestamp())
        .returning(ENROL_CODES.c.school)
    ).first()
    if row is None:
        return None
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(CREDENTIALS).values(token_hash=_hash(token), school=row.school, created_at=now.timestamp())
    )
    return row.school, token


def school_of(connection: Connection, token: str) -> str | None:
    """The school that a credential belongs to."""
    found = select(CREDENTIALS.c.school).where(CREDENTIALS.c.token_hash == _hash(token))
    row = connection.execute(found).first()
    return None if row is None else str(row.school)


def _hash(secret: str) -> str:
    """Both kinds are long and random, so a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()
