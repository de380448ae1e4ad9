"""Makes every verdict change of a district's year again: python -m bench.replay_year [--store FILE] [--schools N]

A year of 120 generated schools (those of tests/reckoning) is lived through at the real engine, one report a school and
school day, with faults, so that verdicts change. This takes some minutes; `--store` keeps the store and uses it the
next time. Then `replay` goes over all of it. Beside it stands what no replay can be faster than: reading the same rows
and decompressing them. Prints a Markdown table; exits with 1 when a change does not come out as it was stored.
"""

import argparse
import asyncio
import logging
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
import zstandard
from sqlalchemy import Connection, func, select

from collector.calendar import SchoolCalendar, Term
from collector.district import District
from collector.policy import Policy
from collector.replay import Replayed, replay
from collector.store.database import Database
from collector.store.observations import Received, keep, load_agents
from collector.store.rosters import save_roster
from collector.store.schema import VERDICT_CHANGES
from tests.reckoning.agents import runs_on
from tests.reckoning.calendar import at
from tests.reckoning.delivery import observation
from tests.reckoning.district import Life, Span, lives, rosters
from wire.report import Report

T = TypeVar("T")
SEED = 1
LIMIT_SECONDS = 60
_TERMS = (
    Term("autumn", date(2025, 9, 1), date(2026, 1, 23)),
    Term("spring", date(2026, 2, 24), date(2026, 7, 3)),
)
_FIRST, _LAST = date(2025, 9, 1), date(2026, 8, 31)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--schools", type=int, default=120, help="schools of the district (default 120)")
    parser.add_argument("--rounds", type=int, default=3, help="times that each side runs (default 3)")
    parser.add_argument("--store", type=Path, help="keep the year in this file, and use it when it is there")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        path: Path = wanted.store or Path(folder, "year.sqlite3")
        if not path.exists():
            asyncio.run(_live(path, wanted.schools))
        database = Database(f"sqlite:///{path}")
        try:
            return _measure(database, wanted.rounds)
        finally:
            database.close()


def _year() -> Span:
    calendar = SchoolCalendar(terms=_TERMS)
    days = tuple(_FIRST + timedelta(days=n) for n in range((_LAST - _FIRST).days + 1))
    return Span(days, frozenset(day for day in days if calendar.kind(day) == "school"), _TERMS[1].first)


def _policy() -> Policy:
    """The plan's numbers; agents that run a few times a day are fresh for a day and speak for half of one."""
    targets = {name: {"fresh_seconds": 93_600} for name in Policy().enabled}
    terms = [{"name": term.name, "first": term.first, "last": term.last} for term in _TERMS]
    return Policy.model_validate(
        {"targets": targets, "calendar": {"opens": "08:00", "closes": "16:00", "terms": terms}}
    )


async def _live(path: Path, schools: int) -> None:
    """The year at the engine, a round for each school day: what the agents sent, then the verdicts."""
    span = _year()
    of = lives(SEED, schools, span)
    before, after = rosters(of)
    now = at(span.days[0], 6)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    database = Database(f"sqlite:///{part}")
    database.write_now(lambda connection: save_roster(connection, before, now, span.days[0]))
    database.write_now(lambda connection: save_roster(connection, after, now, span.changes_on))
    district = District(database, _policy(), clock=lambda: now)
    await district.load()
    begun = time.perf_counter()
    for n, day in enumerate(span.days):
        if day not in span.teaching:
            continue
        now = at(day, 16, 30)
        await district.refresh()
        await _report(district, of, day, now)
        await district.judge_dirty()
        if n % 30 == 0:
            print(f"{day}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    database.write_now(lambda connection: connection.exec_driver_sql("SELECT 1"))
    database.close()
    part.rename(path)


async def _report(district: District, of: tuple[Life, ...], day: date, now: datetime) -> None:
    reports = [
        Report(school=life.id, observations=tuple(observation(run) for run in runs_on(life, day) if run.at <= now))
        for life in of
    ]

    def work(connection: Connection) -> None:
        kept = [keep(connection, Received(report, now), district.rolling) for report in reports if report.observations]
        agents = load_agents(connection)
        district.took(kept, agents, {})

    district.database.write_now(work)


def _measure(database: Database, rounds: int) -> int:
    cores = os.cpu_count() or 1
    reads = [_timed(lambda: _read(database)) for _ in range(rounds)]
    again = {
        workers: [_timed(partial(replay, database, workers=workers)) for _ in range(rounds)]
        for workers in sorted({1, cores})
    }
    found: Replayed = again[1][0][1]
    rows, plain = reads[0][1]
    bare = statistics.median(seconds for seconds, _ in reads)
    print(_head(database, found, plain))
    print("\n| | seconds | times the reading | changes / s |\n|---|---|---|---|")
    print(f"| reading and decompressing the rows | {bare:.2f} | 1 | {rows / bare:.0f} |")
    for workers, took in again.items():
        seconds = statistics.median(seconds for seconds, _ in took)
        name = f"replay, {workers} process{'es' * (workers > 1)}"
        print(f"| {name} | {seconds:.2f} | {seconds / bare:.1f} | {found.changes / seconds:.0f} |")
    slowest = max(seconds for seconds, _ in again[cores])
    held = "held" if slowest < LIMIT_SECONDS else "MISSED"
    print(f"\nSame: {found.same} of {found.changes}; the limit of {LIMIT_SECONDS} s is {held}.")
    for difference in found.differing[:20]:
        print(f"- {difference.school} {difference.target} {difference.at:%Y-%m-%d}: {', '.join(difference.parts)}")
    return 0 if found.same == found.changes and slowest < LIMIT_SECONDS else 1


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _read(database: Database) -> tuple[int, int]:
    """Rows and bytes of everything that a replay has to read."""

    def work(connection: Connection) -> tuple[int, int]:
        rows = size = 0
        for body, inputs in connection.execute(select(VERDICT_CHANGES.c.body, VERDICT_CHANGES.c.inputs)):
            rows += 1
            size += len(body) + (len(zstandard.decompress(inputs)) if inputs is not None else 0)
        return rows, size

    return database.read_now(work)


def _head(database: Database, found: Replayed, plain: int) -> str:
    def work(connection: Connection) -> tuple[list[int], int, float, float]:
        of_target = select(func.count(VERDICT_CHANGES.c.id)).group_by(VERDICT_CHANGES.c.target)
        counts = list(connection.execute(of_target).scalars())
        schools = connection.execute(select(func.count(VERDICT_CHANGES.c.school.distinct()))).scalar_one()
        first, last = connection.execute(select(func.min(VERDICT_CHANGES.c.at), func.max(VERDICT_CHANGES.c.at))).one()
        return counts, schools, first, last

    counts, schools, first, last = database.read_now(work)
    since, until = (datetime.fromtimestamp(at, UTC) for at in (first, last))
    return (
        f"{found.changes} changes of {len(counts)} targets in {schools} schools, {since:%Y-%m-%d} to {until:%Y-%m-%d}, "
        f"{sum(counts) / len(counts) / schools:.1f} a school and target; {plain / 1e6:.0f} MB of evidence; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
