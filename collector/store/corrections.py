"""Keeping corrections: each is added once and at most withdrawn, never changed or deleted."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from collector.corrections import Correction, CorrectionKind
from collector.store.schema import CORRECTIONS


def add_correction(
    connection: Connection,
    *,
    school: str,
    target: str,
    kind: CorrectionKind,
    begins_at: datetime,
    ends_at: datetime | None,
    name: str,
    reason: str,
    now: datetime,
) -> Correction:
    """Store a new record and return it."""
    row = connection.execute(
        insert(CORRECTIONS)
        .values(
            school=school,
            target=target,
            kind=kind,
            begins_at=begins_at.timestamp(),
            ends_at=None if ends_at is None else ends_at.timestamp(),
            name=name,
            reason=reason,
            created_at=now.timestamp(),
        )
        .returning(CORRECTIONS)
    ).one()
    return _correction(row)


def withdraw_correction(
    connection: Connection, number: int, *, name: str, why: str, now: datetime
) -> Correction | None:
    """Withdraw a record; None when there is none of that number that is not withdrawn already."""
    row = connection.execute(
        update(CORRECTIONS)
        .where(CORRECTIONS.c.id == number, CORRECTIONS.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now.timestamp(), withdrawn_by=name, withdrawn_why=why)
        .returning(CORRECTIONS)
    ).first()
    return None if row is None else _correction(row)


def load_corrections(connection: Connection, school: str | None = None) -> tuple[Correction, ...]:
    """Every record, oldest first, withdrawn ones too; of one school or of all."""
    wanted = select(CORRECTIONS).order_by(CORRECTIONS.c.id)
    if school is not None:
        wanted = wanted.where(CORRECTIONS.c.school == school)
    return tuple(map(_correction, connection.execute(wanted)))


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        row.id,
        row.school,
        row.target,
        row.kind,
        datetime.fromtimestamp(row.begins_at, UTC),
        None if row.ends_at is None else datetime.fromtimestamp(row.ends_at, UTC),
        row.name,
        row.reason,
        datetime.fromtimestamp(row.created_at, UTC),
        None if row.withdrawn_at is None else datetime.fromtimestamp(row.withdrawn_at, UTC),
        row.withdrawn_by or "",
        row.withdrawn_why or "",
    )
