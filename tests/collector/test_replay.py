"""Stored verdicts made again: the same, unless something was changed since."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Connection, text

from collector.inputs import Inputs, pack, unpack
from collector.policy import Policy
from collector.replay import replay
from collector.roster.model import Roster
from collector.store.rosters import save_roster
from tests.collector.engine import MONDAY, Engine, access_points, facts
from tests.collector.making import NOW, known, r, rolled, seen
from wire.measures import AP_UP


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """Two schools over three days: access points that fail, an agent that falls silent, a new roster and policy."""
    running = await Engine(tmp_path).start(facts(), facts("west"))
    for hour, up in enumerate(((True, True), (True, False), (True, True), (False, False))):
        running.clock.now = MONDAY + timedelta(hours=hour)
        await running.report("east", [access_points(running.clock.now, *up)])
    running.clock.now = MONDAY + timedelta(days=1)
    grown = Roster(schools=(facts(places=4), facts("west")))
    running.database.write_now(lambda c: save_roster(c, grown, running.clock.now))
    await running.district.refresh()
    await running.report("east", [access_points(running.clock.now, True, True)])
    await running.restart(Policy.model_validate({"targets": {"wireless_coverage": {"at_least": 0.5}}}))
    running.clock.now = MONDAY + timedelta(days=2)
    await running.report("east", [access_points(running.clock.now, True, True)])
    yield running
    running.database.close()


def test_every_change_comes_out_the_same(engine: Engine) -> None:
    found = replay(engine.database)
    rows = engine.database.read_now(lambda c: c.execute(text("SELECT count(*) FROM verdict_changes")).scalar())
    assert found.changes == rows
    assert found.changes == found.same > 40
    states = engine.database.read_now(
        lambda c: list(
            c.execute(
                text("SELECT state FROM verdict_changes WHERE school='east' AND target='wireless_coverage' ORDER BY id")
            ).scalars()
        )
    )
    assert states == ["unknown", "met", "unmet", "met", "unmet", "met"]


def test_several_processes_come_to_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.replay.CHUNK", 20)
    assert replay(engine.database, workers=2) == replay(engine.database)


def test_one_school_and_one_target_can_be_asked_for(engine: Engine) -> None:
    one = replay(engine.database, school="east", target="wireless_coverage")
    assert 0 < one.changes < replay(engine.database, school="east").changes < replay(engine.database).changes
    assert replay(engine.database, since=MONDAY + timedelta(days=30)).changes == 0


def test_a_changed_number_is_found_out(engine: Engine) -> None:
    def forge(connection: Connection) -> None:
        row = connection.execute(
            text("SELECT id, body FROM verdict_changes WHERE target='wireless_coverage' AND state='unmet' LIMIT 1")
        ).one()
        body = {**json.loads(row.body), "state": "met", "value": 1.0}
        connection.execute(text("UPDATE verdict_changes SET body=:b WHERE id=:i"), {"b": json.dumps(body), "i": row.id})

    engine.database.write_now(forge)
    found = replay(engine.database)
    assert found.changes - found.same == 1
    (difference,) = found.differing
    assert (difference.school, difference.target, difference.parts) == ("east", "wireless_coverage", ("state", "value"))


def test_changed_evidence_is_found_out(engine: Engine) -> None:
    def forge(connection: Connection) -> None:
        row = connection.execute(
            text("SELECT id, inputs FROM verdict_changes WHERE target='wireless_coverage' AND state='met' LIMIT 1")
        ).one()
        content = json.loads(zstandard.decompress(row.inputs))
        content["latest"][0]["readings"][0]["value"] = 0
        packed = zstandard.compress(json.dumps(content).encode())
        connection.execute(text("UPDATE verdict_changes SET inputs=:b WHERE id=:i"), {"b": packed, "i": row.id})

    engine.database.write_now(forge)
    (difference,) = replay(engine.database).differing
    assert "state" in difference.parts


def test_inputs_come_back_as_they_were() -> None:
    evidence = known(
        seen("wireless", "控制器", r(AP_UP.name, 1, ap="a", ap_id="1", place="一年级"), ago=1 / 3),
        daily=(rolled("wireless", "ac", r(AP_UP.name, 0.1, ap="a"), hours_ago=30.1, count=7),),
    )
    inputs = Inputs(NOW + timedelta(microseconds=7), "unmet", evidence)
    assert unpack(pack(inputs)) == inputs
