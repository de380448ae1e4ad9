"""The progress against the plan, from what the store keeps of each school day."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from collector.policy import Policy
from collector.progress import progress
from collector.progress_model import ClauseDay, DayShare, Progress, SchoolDay, Span
from collector.progress_trend import LOOK_BACK
from collector.roster.model import School
from collector.store.schema import VERDICT_DAYS
from collector.store.verdicts import DISTRICT
from collector.verdict import State

_D = VERDICT_DAYS.c
_LATELY = timedelta(days=75)
"""Longer than the summer vacation: within it lies the last verdict of every school that is still judged."""


def load_progress(connection: Connection, policy: Policy, schools: Mapping[str, School], as_of: date) -> Progress:
    """The progress on a day, for the schools of that day's roster."""
    span = Span(policy.plan.begins, policy.plan.ends, as_of, policy.calendar_for(None).terms)
    names = {school.id: school.name for school in schools.values()}
    return progress(
        load_shares(connection, span.begins, span.last),
        load_unmet(connection, span.last),
        load_clause_days(connection, span.begins, span.last),
        names,
        span,
    )


def load_shares(connection: Connection, since: date, until: date) -> list[DayShare]:
    """How many schools each target was met in, day by day, both days included."""
    wanted = (
        select(_D.target, _D.day, _D.state, func.count().label("schools"))
        .where(_D.school != DISTRICT, _D.day >= since.isoformat(), _D.day <= until.isoformat())
        .group_by(_D.day, _D.target, _D.state)
    )
    counts: dict[tuple[str, str], dict[State, int]] = {}
    for row in connection.execute(wanted):
        counts.setdefault((row.target, row.day), {"met": 0, "unmet": 0, "unknown": 0})[row.state] = row.schools
    return [
        DayShare(target, date.fromisoformat(day), of["met"], of["unmet"], of["unknown"])
        for (target, day), of in counts.items()
    ]


def load_unmet(connection: Connection, until: date) -> list[SchoolDay]:
    """The last year's days of each school and target that is unmet by the last of them."""
    lately = select(_D.school, _D.target, _D.day, _D.state).where(
        _D.school != DISTRICT, _D.day >= (until - _LATELY).isoformat(), _D.day <= until.isoformat()
    )
    last: dict[tuple[str, str], State] = {}
    for row in connection.execute(lately.order_by(_D.day)):
        last[row.school, row.target] = row.state
    targets: dict[str, list[str]] = {}
    for (school, target), state in last.items():
        if state == "unmet":
            targets.setdefault(school, []).append(target)
    found: list[SchoolDay] = []
    for school, of_school in sorted(targets.items()):
        wanted = select(_D.target, _D.day, _D.state, _D.attainment).where(
            _D.school == school,
            _D.target.in_(of_school),
            _D.day >= (until - LOOK_BACK).isoformat(),
            _D.day <= until.isoformat(),
        )
        found += [
            SchoolDay(school, row.target, date.fromisoformat(row.day), row.state, row.attainment)
            for row in connection.execute(wanted)
        ]
    return found


def load_clause_days(connection: Connection, since: date, until: date) -> list[ClauseDay]:
    """How each clause of the district ended each day."""
    wanted = select(_D.target, _D.day, _D.state, _D.value, _D.threshold, _D.lowest, _D.highest).where(
        _D.school == DISTRICT, _D.day >= since.isoformat(), _D.day <= until.isoformat()
    )
    return [
        ClauseDay(row.target, date.fromisoformat(row.day), row.state, row.value, row.threshold, row.lowest, row.highest)
        for row in connection.execute(wanted)
    ]
