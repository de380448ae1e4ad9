"""The store: schema, exactly once, roll-ups, verdict history."""

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from collector.evidence import Daily
from collector.store import observations as store
from collector.store.database import Database, StoreUnusable
from collector.store.observations import Received, keep, load_daily, load_latest
from collector.store.schema import METADATA
from collector.store.verdicts import Standing, history, save
from collector.verdict import Reason, Verdict
from wire.measures import HOST_CPU
from wire.report import Entry, Observation, Outcome, Reading, Report

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Database(f"sqlite:///{tmp_path / 'campus.sqlite'}")
    yield opened
    opened.close()


def seen(at: datetime, value: float | None = None, outcome: Outcome = "ok") -> Observation:
    readings = () if value is None else (Reading(measure=HOST_CPU.name, value=value),)
    return Observation(
        id=uuid4(), probe="host", device="box", started_at=at, duration_seconds=0, outcome=outcome, readings=readings
    )


def take(database: Database, *observations: Observation, at: datetime = NOON + timedelta(hours=1)) -> store.Kept:
    received = Received(Report(school="east", observations=observations), at)
    return database.write_now(lambda connection: keep(connection, received, {HOST_CPU.name, "probe_success"}, SHANGHAI))


def daily(database: Database, measure: str) -> list[Daily]:
    return list(database.read_now(lambda c: load_daily(c, "east", [measure], date(2026, 1, 1))))


def test_migrations_make_the_schema_that_the_code_declares(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_store_of_a_newer_collector_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'campus.sqlite'}"
    Database(url).close()
    with sqlite3.connect(tmp_path / "campus.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreUnusable, match="9999 is newer than this collector"):
        Database(url)


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "campus.sqlite"
    path.write_bytes(b"this is not a database, it is a letter to the office" * 100)
    with pytest.raises(StoreUnusable, match=r"campus\.sqlite: file is not a database"):
        Database(f"sqlite:///{path}")


def test_a_repeated_observation_counts_once_everywhere(database: Database) -> None:
    one = seen(NOON, 0.5)
    assert [take(database, one).new for _ in range(3)] == [1, 0, 0]
    assert [(row.count, row.total) for row in daily(database, HOST_CPU.name)] == [(1, 0.5)]
    assert [row.count for row in daily(database, "probe_success")] == [1]


def test_the_roll_up_does_not_hang_on_the_order_of_arrival(tmp_path: Path) -> None:
    made = [seen(NOON + timedelta(minutes=n), value) for n, value in enumerate((0.2, 0.9, 0.4))]
    rows = set()
    for number, order in enumerate(permutations(made)):
        database = Database(f"sqlite:///{tmp_path / str(number)}")
        for observation in order:
            take(database, observation)
        (row,) = daily(database, HOST_CPU.name)
        rows.add((row.count, row.minimum, row.maximum, round(row.total, 9), row.last, row.last_id, row.maximum_id))
        ((_, latest),) = database.read_now(lambda c: list(load_latest(c)))
        assert latest.id == made[2].id
        database.close()
    assert rows == {(3, 0.2, 0.9, 1.5, 0.4, str(made[2].id), str(made[1].id))}


def test_days_are_the_districts(database: Database) -> None:
    take(
        database,
        seen(datetime(2026, 9, 1, 15, 59, tzinfo=UTC), 0.1),
        seen(datetime(2026, 9, 1, 16, 0, tzinfo=UTC), 0.2),
    )
    assert [row.day for row in daily(database, HOST_CPU.name)] == [date(2026, 9, 1)]
    take(database, seen(datetime(2026, 9, 1, 16, 1, tzinfo=UTC), 0.3), at=datetime(2026, 9, 2, tzinfo=UTC))
    assert [row.day for row in daily(database, HOST_CPU.name)] == [date(2026, 9, 1), date(2026, 9, 2)]


def test_a_clock_ahead_does_not_have_the_last_word(database: Database) -> None:
    ahead, honest = seen(NOON + timedelta(days=3), 0.1), seen(NOON + timedelta(hours=2), 0.2)
    take(database, ahead)
    take(database, honest, at=NOON + timedelta(hours=2))
    ((_, latest),) = database.read_now(lambda c: list(load_latest(c)))
    assert latest.id == honest.id


def test_what_is_no_longer_probed_has_no_latest_and_keeps_its_days(database: Database) -> None:
    take(database, seen(NOON, 0.1))
    entries = (Entry(probe="host", device="another box"),)
    received = Received(Report(school="east", observations=(), entries=entries), NOON + timedelta(hours=2))
    kept = database.write_now(lambda connection: keep(connection, received, {HOST_CPU.name}, SHANGHAI))
    assert kept.gone == (("host", "box"),)
    assert database.read_now(lambda c: list(load_latest(c))) == []
    assert [row.count for row in daily(database, HOST_CPU.name)] == [1]


def test_an_agent_that_tells_no_entries_loses_nothing(database: Database) -> None:
    take(database, seen(NOON, 0.1))
    take(database)
    assert len(database.read_now(lambda c: list(load_latest(c)))) == 1


def test_failed_runs_are_counted_as_runs(database: Database) -> None:
    take(database, seen(NOON, 0.1), seen(NOON + timedelta(minutes=1), outcome="timeout"))
    (row,) = daily(database, "probe_success")
    assert (row.count, row.total, row.last) == (2, 1.0, 0.0)


def test_history_keeps_changes_and_not_repeats(database: Database) -> None:
    states = ["unknown", "met", "met", "unmet"]
    made = {
        "unknown": Verdict("x", "unknown", Reason("never_reported")),
        "met": Verdict("x", "met", Reason("not_probed", {"probe": "ports"}), value=1),
        "unmet": Verdict("x", "unmet", Reason("not_probed", {"probe": "ports"}), value=0),
    }
    before: dict[str, Standing] = {}
    for hour, state in enumerate(states):
        now = NOON + timedelta(hours=hour)
        with database.engine.begin() as connection:
            before = save(connection, "east", {"x": made[state]}, before, now)
    changes = database.read_now(lambda c: history(c, "east", "x"))
    assert [change["state"] for change in changes] == ["unknown", "met", "unmet"]
    assert before["x"].since == NOON + timedelta(hours=3)
    assert json.dumps(changes, ensure_ascii=False).count("ports") >= 2


def test_since_survives_a_restart(database: Database) -> None:
    verdict = Verdict("x", "met", Reason("not_probed", {"probe": "ports"}), value=1)
    database.write_now(lambda c: save(c, "east", {"x": verdict}, {}, NOON))
    again = database.write_now(lambda c: save(c, "east", {"x": verdict}, {}, NOON + timedelta(days=2)))
    assert again["x"].since == NOON
