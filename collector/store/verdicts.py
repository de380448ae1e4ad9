"""Keeping verdicts: how each stands, every change of it with what it was made from, and how each school day ended."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from collector.corrections import Correction
from collector.inputs import verdict_json, verdict_of
from collector.store import statements
from collector.store.schema import VERDICT_CHANGES, VERDICT_DAYS, VERDICTS
from collector.verdict import State, Verdict

DISTRICT = "*"
"""Stands for the school in the verdicts of district targets; no school can have this id."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The store's numbers of the policy and the roster that a verdict was made with."""

    policy: int = 0
    roster: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict, since when its state holds, when it was last looked at, and what people say beside it."""

    verdict: Verdict
    since: datetime
    at: datetime
    versions: Versions = Versions()
    corrections: tuple[Correction, ...] = ()
    """Those in force, oldest first."""

    def as_json(self, school: str) -> dict[str, Any]:
        """The API's form of it."""
        return {
            "school": school,
            **self.verdict.as_json(),
            "since": self.since.isoformat(),
            "evaluated_at": self.at.isoformat(),
            "policy_version": self.versions.policy,
            "roster_version": self.versions.roster,
            "corrections": [correction.as_json() for correction in self.corrections],
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store knows of how a verdict stands."""

    state: State
    code: str
    since: datetime
    decided: State | None
    """The last state that was not unknown, from which hysteresis starts."""


@dataclass(frozen=True, slots=True)
class Change:
    """One verdict whose state or reason is another than before."""

    school: str
    verdict: Verdict
    since: datetime
    decided: State | None
    versions: Versions
    inputs: bytes


def followed(kept: Kept | None, verdict: Verdict, now: datetime) -> Kept:
    """How a verdict stands after `kept`."""
    since = kept.since if kept is not None and kept.state == verdict.state else now
    before = kept.decided if kept is not None else None
    decided = verdict.state if verdict.state != "unknown" else before
    return Kept(verdict.state, verdict.reason.code, since, decided)


def save_changes(connection: Connection, changes: Iterable[Change], now: datetime) -> None:
    """Store changes: the verdict as it stands, and a row of its history."""
    for change in changes:
        row = {
            "school": change.school,
            "target": change.verdict.target,
            "state": change.verdict.state,
            "at": now.timestamp(),
            "policy": change.versions.policy,
            "roster": change.versions.roster,
            "body": json.dumps(change.verdict.as_json(), ensure_ascii=False),
        }
        standing = {"decided": change.decided, "since": change.since.timestamp()}
        connection.execute(statements.VERDICT, {**row, **standing})
        connection.execute(statements.VERDICT_CHANGE, {**row, "inputs": change.inputs})


def load_kept(connection: Connection) -> dict[str, dict[str, Kept]]:
    """school -> target -> how its verdict stands."""
    found: dict[str, dict[str, Kept]] = {}
    for row in connection.execute(select(VERDICTS)):
        code = json.loads(row.body)["reason"]["code"]
        since = datetime.fromtimestamp(row.since, UTC)
        found.setdefault(row.school, {})[row.target] = Kept(row.state, code, since, row.decided)
    return found


def history(connection: Connection, school: str, target: str) -> list[dict[str, Any]]:
    """Every change of one verdict, oldest first."""
    rows = connection.execute(
        select(VERDICT_CHANGES)
        .where(VERDICT_CHANGES.c.school == school, VERDICT_CHANGES.c.target == target)
        .order_by(VERDICT_CHANGES.c.id)
    )
    return [
        {
            "at": datetime.fromtimestamp(row.at, UTC).isoformat(),
            **json.loads(row.body),
            "policy_version": row.policy,
            "roster_version": row.roster,
        }
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class DayVerdict:
    """How a school's target, or with school DISTRICT the district's, ended one day."""

    school: str
    day: date
    verdict: Verdict
    """Without findings and evidence."""
    at: datetime
    """The moment that it is about: the last that was measured that day."""
    versions: Versions
    changes: int = 0
    """How often late data changed its state."""


def save_days(connection: Connection, days: Iterable[DayVerdict], now: datetime) -> None:
    """Store the verdicts of days; those that were there already are replaced."""
    rows = [
        {
            "school": one.school,
            "target": one.verdict.target,
            "day": one.day.isoformat(),
            "state": one.verdict.state,
            "value": one.verdict.value,
            "threshold": one.verdict.threshold,
            "attainment": one.verdict.attainment,
            "lowest": one.verdict.lowest,
            "highest": one.verdict.highest,
            "reason": json.dumps(verdict_json(one.verdict)["reason"], ensure_ascii=False),
            "at": one.at.timestamp(),
            "policy": one.versions.policy,
            "roster": one.versions.roster,
            "computed_at": now.timestamp(),
        }
        for one in days
    ]
    if rows:
        connection.execute(statements.VERDICT_DAY, rows)


def load_days(
    connection: Connection,
    *,
    since: date = date.min,
    until: date = date.max,
    school: str | None = None,
    target: str | None = None,
) -> list[DayVerdict]:
    """The verdicts of days from one day to another (both included), oldest first; of one school or target, or all."""
    wanted = select(VERDICT_DAYS).where(
        VERDICT_DAYS.c.day >= since.isoformat(), VERDICT_DAYS.c.day <= until.isoformat()
    )
    if school is not None:
        wanted = wanted.where(VERDICT_DAYS.c.school == school)
    if target is not None:
        wanted = wanted.where(VERDICT_DAYS.c.target == target)
    rows = connection.execute(wanted.order_by(VERDICT_DAYS.c.day, VERDICT_DAYS.c.school, VERDICT_DAYS.c.target))
    return [_day(dict(row._mapping)) for row in rows]


def decided_before(connection: Connection, school: str, day: date) -> dict[str, State]:
    """target -> its last state before a day that was not unknown."""
    rows = connection.execute(
        select(VERDICT_DAYS.c.target, VERDICT_DAYS.c.state)
        .where(VERDICT_DAYS.c.school == school, VERDICT_DAYS.c.day < day.isoformat(), VERDICT_DAYS.c.state != "unknown")
        .order_by(VERDICT_DAYS.c.day)
    )
    return {row.target: row.state for row in rows}


def _day(row: Mapping[str, Any]) -> DayVerdict:
    verdict = verdict_of({**row, "reason": json.loads(row["reason"])})
    return DayVerdict(
        row["school"],
        date.fromisoformat(row["day"]),
        verdict,
        datetime.fromtimestamp(row["at"], UTC),
        Versions(row["policy"], row["roster"]),
        row["changes"],
    )
