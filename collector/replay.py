"""Making stored verdicts again from what was kept beside them, and saying whether they come out the same."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Connection, Row, func, select

from collector.inputs import Inputs, unpack, unpack_district
from collector.judge import decide, moment_of, settled
from collector.policy import Policy
from collector.roster.model import School
from collector.store.database import Database
from collector.store.policies import load_stored_policy
from collector.store.rosters import load_roster
from collector.store.schema import VERDICT_CHANGES
from collector.store.verdicts import DISTRICT
from collector.targets import TARGETS
from collector.targets.base import Moment
from collector.targets.district import DISTRICT_TARGETS
from collector.targets.district.base import DistrictFacts
from collector.verdict import Verdict

CHUNK = 2_000
"""Changes that one process takes at a time."""


class NotKept(Exception):
    """A change of a release that did not keep what its verdicts were made from, or whose target is gone since."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A change that comes out otherwise today, and what of it."""

    school: str
    target: str
    at: datetime
    stored: Mapping[str, Any]
    made: Mapping[str, Any]

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the verdict that differ."""
        return tuple(name for name in self.stored if self.stored[name] != self.made.get(name))


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many changes were made again, how many came out the same, and the first that did not."""

    changes: int
    same: int
    without_inputs: int
    differing: tuple[Difference, ...]


MAX_DIFFERENCES = 100


def replay(
    database: Database,
    *,
    school: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    workers: int = 1,
) -> Replayed:
    """Make every stored change again, of one school or target or of all, in `workers` processes."""
    wanted = select(VERDICT_CHANGES.c.id).order_by(VERDICT_CHANGES.c.id)
    for column, value in ((VERDICT_CHANGES.c.school, school), (VERDICT_CHANGES.c.target, target)):
        if value is not None:
            wanted = wanted.where(column == value)
    if since is not None:
        wanted = wanted.where(VERDICT_CHANGES.c.at >= since.timestamp())
    if until is not None:
        wanted = wanted.where(VERDICT_CHANGES.c.at <= until.timestamp())
    ids = database.read_now(lambda connection: list(connection.execute(wanted).scalars()))
    chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    if workers <= 1 or len(chunks) <= 1:
        parts = [database.read_now(partial(_again, ids=chunk)) for chunk in chunks]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            parts = list(pool.map(_in_process, [str(database.engine.url)] * len(chunks), chunks))
    return Replayed(
        sum(part.changes for part in parts),
        sum(part.same for part in parts),
        sum(part.without_inputs for part in parts),
        tuple(difference for part in parts for difference in part.differing)[:MAX_DIFFERENCES],
    )


def _in_process(url: str, ids: list[int]) -> Replayed:
    database = Database(url)
    try:
        return database.read_now(lambda connection: _again(connection, ids))
    finally:
        database.close()


def _again(connection: Connection, ids: list[int]) -> Replayed:
    past = Past(connection)
    changes = same = without = 0
    differing: list[Difference] = []
    for row in _rows(connection, ids):
        changes += 1
        try:
            made = told(past.made_again(row).verdict.as_json())
        except NotKept:
            without += 1
            continue
        stored = told(json.loads(row.body))
        if stored == made:
            same += 1
        elif len(differing) < MAX_DIFFERENCES:
            at = datetime.fromtimestamp(row.at, UTC)
            differing.append(Difference(row.school, row.target, at, stored, made))
    return Replayed(changes, same, without, tuple(differing))


def _rows(connection: Connection, ids: list[int]) -> Iterator[Row[Any]]:
    for start in range(0, len(ids), 500):
        wanted = VERDICT_CHANGES.c.id.in_(ids[start : start + 500])
        yield from connection.execute(select(VERDICT_CHANGES).where(wanted).order_by(VERDICT_CHANGES.c.id))


def told(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """What a verdict says, without the wording of its sentences, which may be improved."""
    return {
        **{n: verdict[n] for n in ("state", "value", "threshold", "attainment", "lowest", "highest")},
        "reason": _said(verdict["reason"]),
        "findings": [_said(finding) for finding in verdict["findings"]],
        "evidence": verdict["evidence"],
        "evidence_items": verdict["evidence_items"],
    }


def _said(reason: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({"code": reason["code"], "values": reason["values"]}))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Again:
    """A stored change made again: its verdict, and what it was made from."""

    verdict: Verdict
    now: datetime
    inputs: Inputs | None
    """None for a district target, which rests on the schools' verdicts."""
    facts: DistrictFacts | None = None


class Past:
    """The policies and rosters of the past, each read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.policy = lru_cache(maxsize=64)(self._policy)
        self.schools = lru_cache(maxsize=16)(self._schools)

    def _policy(self, version: int) -> Policy:
        return load_stored_policy(self._connection, version)

    def _schools(self, version: int) -> dict[str, School]:
        return {school.id: school for school in load_roster(self._connection, version).schools}

    def made_again(self, row: Row[Any]) -> Again:
        """The verdict of a row of verdict_changes, made from its inputs. Raises NotKept."""
        if row.inputs is None or not row.policy or row.target not in {**TARGETS, **DISTRICT_TARGETS}:
            raise NotKept
        policy, schools = self.policy(row.policy), self.schools(row.roster)
        if row.school == DISTRICT:
            found = unpack_district(row.inputs, DistrictFacts(tuple(schools.values()), {}, {}))
            moment = Moment(found.now, policy.zone, policy.agent_silent_after_seconds)
            part = policy.of_district(row.target)
            verdict = DISTRICT_TARGETS[row.target].evaluate(found.facts, part, moment)
            return Again(settled(verdict, found.decided, part), found.now, None, found.facts)
        inputs = unpack(row.inputs)
        school = schools[row.school]
        moment = moment_of(school, policy, inputs.now)
        verdict = decide(TARGETS[row.target], school, inputs.evidence, policy, moment, inputs.decided)
        return Again(verdict, inputs.now, inputs)


def change_at(connection: Connection, school: str, target: str, at: datetime | None) -> Row[Any] | None:
    """The change that stood at a moment, or the newest; None when there was none yet."""
    latest = select(func.max(VERDICT_CHANGES.c.id)).where(
        VERDICT_CHANGES.c.school == school, VERDICT_CHANGES.c.target == target
    )
    if at is not None:
        latest = latest.where(VERDICT_CHANGES.c.at <= at.timestamp())
    return connection.execute(select(VERDICT_CHANGES).where(VERDICT_CHANGES.c.id == latest.scalar_subquery())).first()
