"""Keeping verdicts: how each stands now, and every change of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from collector.store import statements
from collector.store.schema import VERDICT_CHANGES, VERDICTS
from collector.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict, since when its state holds, and when it was last looked at."""

    verdict: Verdict
    since: datetime
    at: datetime

    def as_json(self, school: str) -> dict[str, Any]:
        """The API's form of it."""
        return {
            "school": school,
            **self.verdict.as_json(),
            "since": self.since.isoformat(),
            "evaluated_at": self.at.isoformat(),
        }


def save(
    connection: Connection, school: str, verdicts: Mapping[str, Verdict], before: Mapping[str, Standing], now: datetime
) -> dict[str, Standing]:
    """Store a school's verdicts; a change of state or of reason goes to the history. Returns how they stand."""
    standing: dict[str, Standing] = {}
    since_stored = {row.target: row for row in connection.execute(select(VERDICTS).where(VERDICTS.c.school == school))}
    for target, verdict in verdicts.items():
        known, stored = before.get(target), since_stored.get(target)
        since = now
        if stored is not None and stored.state == verdict.state:
            since = datetime.fromtimestamp(stored.since, UTC)
        stands = Standing(verdict, since, now)
        standing[target] = stands
        if known is not None and known.verdict == verdict and stored is not None:
            continue
        body = json.dumps(verdict.as_json(), ensure_ascii=False)
        row = {"school": school, "target": target, "state": verdict.state, "at": now.timestamp(), "body": body}
        connection.execute(statements.VERDICT, {**row, "since": since.timestamp()})
        old_code = json.loads(stored.body)["reason"]["code"] if stored is not None else None
        if stored is None or stored.state != verdict.state or old_code != verdict.reason.code:
            connection.execute(statements.VERDICT_CHANGE, row)
    return standing


def history(connection: Connection, school: str, target: str) -> list[dict[str, Any]]:
    """Every change of one verdict, oldest first."""
    rows = connection.execute(
        select(VERDICT_CHANGES)
        .where(VERDICT_CHANGES.c.school == school, VERDICT_CHANGES.c.target == target)
        .order_by(VERDICT_CHANGES.c.id)
    )
    return [{"at": datetime.fromtimestamp(row.at, UTC).isoformat(), **json.loads(row.body)} for row in rows]
