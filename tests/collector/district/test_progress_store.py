"""The progress from a real store: what the queries give is what the rows say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collector.policy import Policy
from collector.progress_store import load_clause_days, load_progress, load_shares, load_unmet
from collector.roster.model import School
from collector.store.database import Database
from collector.store.verdicts import DISTRICT, DayVerdict, Versions, save_days
from collector.verdict import Reason, State, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = date(2026, 2, 23)
DAYS = [FIRST + timedelta(days=n) for n in range(90)]


def day_verdict(school: str, target: str, day: date, state: State, level: float | None) -> DayVerdict:
    verdict = Verdict(target, state, Reason("never_reported"), level, 1.0, level, level, level)
    return DayVerdict(school, day, verdict, NOW, Versions(1, 1))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'campus.sqlite'}")
    rows = []
    for number, day in enumerate(DAYS):
        rows += [day_verdict(f"met{n}", "desktop_100m", day, "met", 1.0) for n in range(3)]
        rows.append(day_verdict("bad", "desktop_100m", day, "unmet", 0.5))
        rows.append(day_verdict("dark", "desktop_100m", day, "unknown", None))
        rows.append(day_verdict("mended", "desktop_100m", day, "unmet" if number < 60 else "met", 0.9))
        rows.append(day_verdict(DISTRICT, "smart_campus_share", day, "unmet", 0.5))
    opened.write_now(lambda connection: save_days(connection, rows, NOW))
    yield opened
    opened.close()


def test_the_shares_of_a_day(database: Database) -> None:
    shares = database.read_now(lambda c: load_shares(c, DAYS[0], DAYS[-1]))
    assert len(shares) == len(DAYS)
    by_day = {share.day: (share.met, share.unmet, share.unknown) for share in shares}
    assert (by_day[DAYS[0]], by_day[DAYS[-1]]) == ((3, 2, 1), (4, 1, 1))


def test_only_the_history_of_what_is_unmet_now_is_read(database: Database) -> None:
    assert {row.school for row in database.read_now(lambda c: load_unmet(c, DAYS[-1]))} == {"bad"}
    assert {row.school for row in database.read_now(lambda c: load_unmet(c, DAYS[30]))} == {"bad", "mended"}


def test_the_days_of_the_districts_clauses(database: Database) -> None:
    rows = database.read_now(lambda c: load_clause_days(c, DAYS[3], DAYS[5]))
    assert [(row.target, row.day, row.value) for row in rows] == [("smart_campus_share", d, 0.5) for d in DAYS[3:6]]


def test_the_whole_of_it(database: Database) -> None:
    names = [*(f"met{n}" for n in range(3)), "bad", "dark", "mended"]
    schools = {name: School(id=name, name=name, stage="primary", students=1, teachers=1, classes=1) for name in names}
    found = database.read_now(lambda c: load_progress(c, Policy(), schools, DAYS[-1]))
    (target,), (clause,) = found.targets, found.district
    assert target.periods[-1].share is not None
    assert [(miss.school, miss.kind) for miss in target.misses] == [("bad", "stuck")]
    assert target.forecast.state == "unmet" if target.forecast.highest != 1 else "unknown"
    assert clause.target == "smart_campus_share"
    past = database.read_now(lambda c: load_progress(c, Policy(), schools, date(2027, 1, 1)))
    assert past.targets[0].forecast.reason.code == "progress_ended"
