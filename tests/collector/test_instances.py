"""Two machines with one credential are noticed, named, and take nothing from each other."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.store.database import Database
from collector.store.instances import REMEMBERED, Instance, copies
from collector.store.observations import Kept, Received, Rolling, keep, load_agents, load_latest
from tests.collector.made import box_seen
from wire.report import AgentState, Entry, Report

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'campus.sqlite'}")
    yield opened
    opened.close()


def report(database: Database, instance: str, minute: float, device: str = "box") -> Kept:
    """What one run of an agent's program sends, with the only device that it knows."""
    at = NOON + minute * MINUTE
    agent = AgentState(version="1", instance=instance, host=f"host-{instance}")
    entries = (Entry(probe="host", device=device),)
    made = Report(school="east", agent=agent, entries=entries, observations=(box_seen(at, 0.5, device=device),))
    received = Received(made, at, f"192.0.2.{len(instance)}")
    return database.write_now(lambda connection: keep(connection, received, Rolling(frozenset())))


def known(database: Database) -> tuple[Instance, ...]:
    return database.read_now(load_agents)["east"].instances


def hosts(database: Database, minute: float) -> list[str]:
    return [one.host for one in copies(known(database), NOON + minute * MINUTE)]


def test_one_agent_that_is_started_anew_is_one(database: Database) -> None:
    for number, instance in enumerate(("a", "bb", "ccc")):
        for minute in range(number * 10, number * 10 + 10):
            report(database, instance, minute)
            assert hosts(database, minute) == []


def test_a_report_that_was_on_its_way_is_no_second_machine(database: Database) -> None:
    report(database, "a", 0)
    report(database, "bb", 1)
    report(database, "a", 1.5)
    assert hosts(database, 2) == []


def test_two_at_once_are_named_until_one_is_gone_for_an_hour(database: Database) -> None:
    for minute in range(10):
        report(database, "a", minute)
        report(database, "bb", minute + 0.5)
    assert hosts(database, 10) == ["host-a", "host-bb"]
    assert [one.address for one in known(database)] == ["192.0.2.1", "192.0.2.2"]
    for minute in range(10, 80):
        report(database, "a", minute)
    assert hosts(database, 60) == ["host-a", "host-bb"]
    assert hosts(database, 80) == []


def test_neither_forgets_what_the_other_probes(database: Database) -> None:
    for minute in range(10):
        report(database, "a", minute, device="switch")
        report(database, "bb", minute + 0.5, device="projector")
    latest = {observation.device for _, observation in database.read_now(lambda c: list(load_latest(c)))}
    assert latest == {"switch", "projector"}
    for minute in range(10, 90):
        kept = report(database, "a", minute, device="switch")
    assert kept.gone == ()
    latest = {observation.device for _, observation in database.read_now(lambda c: list(load_latest(c)))}
    assert latest == {"switch"}, "once one machine is left, its configuration is the school's again"


def test_an_agent_that_starts_again_and_again_fills_nothing(database: Database) -> None:
    for number in range(REMEMBERED * 3):
        report(database, f"run{number:02}", number * 5)
    assert len(known(database)) == REMEMBERED
    assert known(database)[-1].host == f"host-run{REMEMBERED * 3 - 1:02}"


def test_an_agent_of_before_is_not_counted(database: Database) -> None:
    report(database, "", 0)
    assert known(database) == ()
