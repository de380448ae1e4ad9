"""Keeping policies: each that was ever in force, with the moment from which it was."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from collector.policy import Policy
from collector.store.schema import POLICIES


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One recorded policy. `version` is the store's number, which a verdict names."""

    version: int
    since: datetime
    policy: Policy


def record_policy(connection: Connection, policy: Policy, now: datetime) -> int:
    """The store's version of a policy; one that differs from the newest is recorded as a new version from now on."""
    newest = connection.execute(select(POLICIES).order_by(POLICIES.c.version.desc()).limit(1)).first()
    if newest is not None and newest.digest == policy.digest:
        return int(newest.version)
    row = connection.execute(
        insert(POLICIES)
        .values(since=now.timestamp(), digest=policy.digest, document=policy.canonical())
        .returning(POLICIES.c.version)
    ).one()
    return int(row.version)


def load_policies(connection: Connection) -> tuple[PolicyRow, ...]:
    """Every recorded policy, oldest first."""
    return tuple(
        PolicyRow(row.version, datetime.fromtimestamp(row.since, UTC), Policy.from_canonical(row.document))
        for row in connection.execute(select(POLICIES).order_by(POLICIES.c.version))
    )


def load_stored_policy(connection: Connection, version: int) -> Policy:
    """One recorded policy. Raises sqlalchemy.exc.NoResultFound when there is none of that version."""
    document = connection.execute(select(POLICIES.c.document).where(POLICIES.c.version == version)).scalar_one()
    return Policy.from_canonical(document)
