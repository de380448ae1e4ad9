"""The store: schema, exactly once, roll-ups, verdict history."""

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from collector.evidence import Daily, Evidence
from collector.policy import Policy
from collector.replay import replay
from collector.roster.model import Roster, School
from collector.store import observations as store
from collector.store.corrections import add_correction, load_corrections, withdraw_correction
from collector.store.database import Database, StoreUnusable, migrations
from collector.store.observations import Received, Rolling, keep, load_agents, load_daily, load_latest
from collector.store.policies import load_policies, record_policy
from collector.store.rosters import load_roster, roster_versions, save_roster, version_on
from collector.store.schema import METADATA
from collector.store.verdicts import Change, Versions, followed, history, load_kept, save_changes
from collector.store.verdicts import Kept as KeptVerdict
from collector.verdict import Reason, Verdict
from tests.collector.made import box_seen
from wire.measures import HOST_CPU
from wire.report import Entry, Observation, Report, Stamp

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Database(f"sqlite:///{tmp_path / 'campus.sqlite'}")
    yield opened
    opened.close()


def take(database: Database, *observations: Observation, at: datetime = NOON + timedelta(hours=1)) -> store.Kept:
    received = Received(Report(school="east", observations=observations), at)
    return database.write_now(lambda connection: keep(connection, received, Rolling(frozenset({HOST_CPU.name}))))


def daily(database: Database, *measures: str) -> list[Daily]:
    return list(database.read_now(lambda c: load_daily(c, "east", dict.fromkeys(measures, date(2026, 1, 1)))))


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
    one = box_seen(NOON, 0.5)
    assert [len(take(database, one).new) for _ in range(3)] == [1, 0, 0]
    assert [(row.count, row.total) for row in daily(database, HOST_CPU.name)] == [(1, 0.5)]
    assert [row.count for row in daily(database, "probe_success")] == [1]


def test_the_roll_up_does_not_hang_on_the_order_of_arrival(tmp_path: Path) -> None:
    made = [box_seen(NOON + timedelta(minutes=n), value) for n, value in enumerate((0.2, 0.9, 0.4))]
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
        box_seen(datetime(2026, 9, 1, 15, 59, tzinfo=UTC), 0.1),
        box_seen(datetime(2026, 9, 1, 16, 0, tzinfo=UTC), 0.2),
    )
    assert [row.day for row in daily(database, HOST_CPU.name)] == [date(2026, 9, 1)]
    take(database, box_seen(datetime(2026, 9, 1, 16, 1, tzinfo=UTC), 0.3), at=datetime(2026, 9, 2, tzinfo=UTC))
    assert [row.day for row in daily(database, HOST_CPU.name)] == [date(2026, 9, 1), date(2026, 9, 2)]


def test_what_has_no_time_is_counted_once_and_counts_for_nothing(database: Database) -> None:
    stamp = Stamp(machine_at=NOON, known=False, boot="b", uptime_seconds=7)
    undated, dated = box_seen(NOON, 0.9, clock=stamp), box_seen(NOON, 0.2)
    assert [len(take(database, undated).new) for _ in range(2)] == [1, 0]
    assert database.read_now(lambda c: list(load_latest(c))) == []
    take(database, dated)
    assert [(row.count, row.maximum) for row in daily(database, HOST_CPU.name)] == [(1, 0.2)]
    (agent,) = database.read_now(load_agents).values()
    assert agent.undated_observations == 1


def test_a_time_that_was_learnt_counts(database: Database) -> None:
    stamp = Stamp(machine_at=NOON - timedelta(days=4000), known=True, boot="b", uptime_seconds=7)
    take(database, box_seen(NOON, 0.9, clock=stamp))
    assert [row.day for row in daily(database, HOST_CPU.name)] == [date(2026, 9, 1)]


def test_a_clock_ahead_does_not_have_the_last_word(database: Database) -> None:
    ahead, honest = box_seen(NOON + timedelta(days=3), 0.1), box_seen(NOON + timedelta(hours=2), 0.2)
    take(database, ahead)
    take(database, honest, at=NOON + timedelta(hours=2))
    ((_, latest),) = database.read_now(lambda c: list(load_latest(c)))
    assert latest.id == honest.id


def test_what_is_no_longer_probed_has_no_latest_and_keeps_its_days(database: Database) -> None:
    take(database, box_seen(NOON, 0.1))
    entries = (Entry(probe="host", device="another box"),)
    received = Received(Report(school="east", observations=(), entries=entries), NOON + timedelta(hours=2))
    kept = database.write_now(lambda connection: keep(connection, received, Rolling(frozenset({HOST_CPU.name}))))
    assert kept.gone == (("host", "box"),)
    assert database.read_now(lambda c: list(load_latest(c))) == []
    assert [row.count for row in daily(database, HOST_CPU.name)] == [1]


def test_an_agent_that_tells_no_entries_loses_nothing(database: Database) -> None:
    take(database, box_seen(NOON, 0.1))
    take(database)
    assert len(database.read_now(lambda c: list(load_latest(c)))) == 1


def test_failed_runs_are_counted_as_runs(database: Database) -> None:
    take(database, box_seen(NOON, 0.1), box_seen(NOON + timedelta(minutes=1), outcome="timeout"))
    (row,) = daily(database, "probe_success")
    assert (row.count, row.total, row.last) == (2, 1.0, 0.0)


def test_what_a_change_was_is_kept_with_its_versions_and_inputs(database: Database) -> None:
    made = [
        Verdict("x", "unknown", Reason("never_reported")),
        Verdict("x", "met", Reason("not_probed", {"probe": "ports"}), value=1),
        Verdict("x", "unmet", Reason("not_probed", {"probe": "ports"}), value=0),
    ]
    kept: KeptVerdict | None = None
    for hour, verdict in enumerate(made):
        now = NOON + timedelta(hours=hour)
        kept = followed(kept, verdict, now)
        change = Change("east", verdict, kept.since, kept.decided, Versions(2, 3), b"inputs")
        database.write_now(lambda c, change=change, now=now: save_changes(c, [change], now))  # type: ignore[misc]
    changes = database.read_now(lambda c: history(c, "east", "x"))
    assert [change["state"] for change in changes] == ["unknown", "met", "unmet"]
    assert {(change["policy_version"], change["roster_version"]) for change in changes} == {(2, 3)}
    assert json.dumps(changes, ensure_ascii=False).count("ports") >= 2
    assert database.read_now(load_kept) == {
        "east": {"x": KeptVerdict("unmet", "not_probed", NOON + timedelta(hours=2), "unmet")}
    }


def test_since_holds_while_the_state_does_and_decided_outlives_unknown() -> None:
    met = Verdict("x", "met", Reason("not_probed", {"probe": "ports"}), value=1)
    dark = Verdict("x", "unknown", Reason("never_reported"))
    first = followed(None, met, NOON)
    again = followed(first, met, NOON + timedelta(days=2))
    assert (again.since, again.decided) == (NOON, "met")
    lost = followed(again, dark, NOON + timedelta(days=3))
    assert (lost.state, lost.since, lost.decided) == ("unknown", NOON + timedelta(days=3), "met")


def test_school_hours_are_weighed_by_the_time_until_the_next_run(database: Database) -> None:
    def at(hour: int, minute: int, value: float, every: float) -> Observation:
        begun = datetime(2026, 9, 1, hour, minute, tzinfo=SHANGHAI)
        return box_seen(begun, value, every_seconds=every)

    rolling = Rolling(frozenset(), frozenset({HOST_CPU.name}), SHANGHAI)
    runs = (
        at(7, 19, 9, 600),
        at(7, 29, 2, 120),
        at(8, 0, 1, 600),
        at(9, 0, 0, 300),
        at(17, 25, 1, 600),
        at(17, 30, 9, 600),
    )
    received = Received(Report(school="east", observations=runs), NOON + timedelta(hours=9))
    database.write_now(lambda connection: keep(connection, received, rolling))
    evidence = Evidence(daily=tuple(daily(database, f"{HOST_CPU.name}@school", f"{HOST_CPU.name}@school_seconds")))
    (hours,) = evidence.in_hours(HOST_CPU.name, date(2026, 9, 1), NOON + timedelta(hours=9))
    assert (hours.day, hours.seconds, hours.total) == (date(2026, 9, 1), 60 + 600 + 300 + 300, 120 + 600 + 300)


def test_what_the_last_run_speaks_for_ahead_of_now_is_not_watched_yet(database: Database) -> None:
    """Two runs an hour apart, ten minutes after the second: 70 minutes are watched, the first 60 of them good."""
    nine = datetime(2026, 9, 1, 9, 0, tzinfo=SHANGHAI)
    runs = tuple(
        box_seen(nine + timedelta(hours=hour), value, every_seconds=3600)
        for hour, value in enumerate((1, 0))
    )  # fmt: skip
    received = Received(Report(school="east", observations=runs), nine + timedelta(minutes=70))
    rolling = Rolling(frozenset(), frozenset({HOST_CPU.name}), SHANGHAI)
    database.write_now(lambda connection: keep(connection, received, rolling))
    evidence = Evidence(daily=tuple(daily(database, f"{HOST_CPU.name}@school", f"{HOST_CPU.name}@school_seconds")))
    (hours,) = evidence.in_hours(HOST_CPU.name, date(2026, 9, 1), nine + timedelta(minutes=70))
    assert (hours.seconds, hours.total) == (4200, 3600)
    (first,) = evidence.in_hours(HOST_CPU.name, date(2026, 9, 1), nine + timedelta(hours=2))
    assert (first.seconds, first.total) == (7200, 3600)


def test_a_roster_holds_from_its_day_on_and_a_later_import_corrects_it(database: Database) -> None:
    def roster(students: int) -> Roster:
        facts = School(id="east", name="东", stage="primary", students=students, teachers=1, classes=1)
        return Roster(schools=(facts,))

    def students_on(day: date) -> int:
        version = version_on(database.read_now(roster_versions), day)
        return database.read_now(lambda c: load_roster(c, version)).schools[0].students

    for students, first in ((100, date(2026, 9, 1)), (120, date(2027, 2, 20)), (101, date(2026, 9, 1))):
        database.write_now(lambda c, s=students, d=first: save_roster(c, roster(s), NOON, d))  # type: ignore[misc]
    assert students_on(date(2026, 8, 1)) == 101
    assert students_on(date(2027, 2, 19)) == 101
    assert students_on(date(2027, 2, 20)) == 120


def test_a_policy_is_recorded_once_for_each_change_of_it(database: Database) -> None:
    first, other = Policy(), Policy(agent_silent_after_seconds=600)
    numbers = [
        database.write_now(lambda c, p=policy: record_policy(c, p, NOON))  # type: ignore[misc]
        for policy in (first, first, other, first)
    ]
    assert numbers == [1, 1, 2, 3]
    assert [row.policy for row in database.read_now(load_policies)] == [first, other, first]


def test_a_correction_is_withdrawn_once_and_never_deleted(database: Database) -> None:
    until = NOON + timedelta(days=1)
    added = database.write_now(
        lambda c: add_correction(
            c, school="east", target="", kind="planned_outage", begins_at=NOON, ends_at=until, name="王", reason="维护",
            now=NOON,
        )
    )  # fmt: skip
    assert [added.is_in_force(at) for at in (NOON - timedelta(seconds=1), NOON, until)] == [False, True, False]
    later = NOON + timedelta(hours=1)
    gone = database.write_now(lambda c: withdraw_correction(c, added.id, name="李", why="改期", now=later))
    assert gone is not None
    assert (gone.is_in_force(NOON), gone.is_in_force(later)) == (True, False)
    assert database.write_now(lambda c: withdraw_correction(c, added.id, name="李", why="改期", now=later)) is None
    assert database.read_now(load_corrections) == (gone,)


def test_a_store_of_the_first_release_is_brought_up_with_what_it_held(tmp_path: Path) -> None:
    path = tmp_path / "campus.sqlite"
    config = migrations()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO rosters (imported_at, document) VALUES (1788235200, :d)"), {"d": ROSTER})
        for table, columns in (("verdicts", "since, at"), ("verdict_changes", "at")):
            values = "1788235200, 1788235200" if table == "verdicts" else "1788235200"
            connection.execute(
                text(f"INSERT INTO {table} (school, target, state, body, {columns})"  # noqa: S608
                     f" VALUES ('east', 'desktop_100m', 'met', :body, {values})"),
                {"body": json.dumps({"reason": {"code": "ports_fast"}})},
            )  # fmt: skip
    engine.dispose()
    database = Database(f"sqlite:///{path}")
    (version,) = database.read_now(roster_versions)
    assert (version.version, version.valid_from) == (1, date(2026, 9, 1))
    assert database.read_now(load_kept)["east"]["desktop_100m"].decided == "met"
    (change,) = database.read_now(lambda c: history(c, "east", "desktop_100m"))
    assert change["policy_version"] == 0
    assert replay(database).without_inputs == 1
    database.close()


ROSTER = Roster(
    schools=(School(id="east", name="东", stage="primary", students=1, teachers=1, classes=1),)
).model_dump_json(exclude_defaults=True)
