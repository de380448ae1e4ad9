"""School days made final: judged once they are over, again when data comes late, whatever the order."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from tests.collector.engine import MONDAY, Engine, access_points, facts

TARGET = "wireless_coverage"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    started = await Engine(tmp_path).start(facts())
    yield started
    started.database.close()


async def test_a_day_is_judged_when_it_is_over_by_what_was_measured_on_it(engine: Engine) -> None:
    await engine.report("east", [access_points(MONDAY, True, False)])
    await engine.district.close_days()
    assert engine.days(TARGET) == {}
    engine.wait(days=1)
    await engine.report("east", [access_points(engine.clock.now, True, True)])
    await engine.district.close_days()
    (monday,) = engine.days(TARGET).values()
    assert (monday.day.isoformat(), monday.verdict.state, monday.verdict.value) == ("2026-09-07", "unmet", 0.5)
    assert monday.at == MONDAY


async def test_free_days_have_no_verdict_and_silent_school_days_are_unknown(engine: Engine) -> None:
    await engine.report("east", [access_points(MONDAY, True, True)])
    engine.wait(days=9)
    await engine.district.close_days()
    days = engine.days(TARGET)
    assert [(day, one.verdict.state) for day, one in days.items()] == [
        ("2026-09-07", "met"),
        *((f"2026-09-{day:02}", "unknown") for day in (8, 9, 10, 11, 14, 15)),
    ]
    assert days["2026-09-08"].verdict.reason.code == "agent_silent"
    assert set(engine.days("smart_campus_share", "*")) <= set(days)


async def test_late_data_recomputes_its_day_and_raises_nothing(engine: Engine) -> None:
    await engine.report("east", [access_points(MONDAY, True, True)])
    engine.wait(days=3)
    now = engine.clock.now
    await engine.report("east", [access_points(now, True, True)])
    await engine.district.close_days()
    before = engine.days(TARGET)
    assert [one.verdict.state for one in before.values()] == ["met", "unknown", "unknown"]
    standing = engine.district.verdicts["east"][TARGET]
    changes = engine.database.read_now(_changes)

    late = [access_points(MONDAY + timedelta(days=1, minutes=m), True, m != 30) for m in (0, 30)]
    await engine.report("east", late)
    await engine.district.close_days()
    after = engine.days(TARGET)
    assert [(one.verdict.state, one.changes) for one in after.values()] == [("met", 0), ("unmet", 1), ("unknown", 0)]
    assert engine.district.verdicts["east"][TARGET].verdict == standing.verdict
    assert engine.database.read_now(_changes) == changes


def _changes(connection):  # type: ignore[no-untyped-def]
    return connection.exec_driver_sql("SELECT count(*) FROM verdict_changes").scalar()


async def test_the_verdict_of_a_day_does_not_hang_on_the_order_of_arrival_nor_on_restarts(tmp_path: Path) -> None:
    made = [
        access_points(MONDAY, True, True),
        access_points(MONDAY + timedelta(hours=9), True, False),
        access_points(MONDAY + timedelta(days=1), False, False),
        access_points(MONDAY + timedelta(days=1, hours=1), True, True),
    ]
    found = set()
    for number, order in enumerate(permutations(made)):
        if number % 5:
            continue
        folder = tmp_path / str(number)
        engine = await Engine(folder).start(facts())
        engine.wait(days=2)
        for step, observation in enumerate(order):
            await engine.report("east", [observation])
            if step == 1:
                await engine.restart()
            if step % 2 == number % 2:
                await engine.district.close_days()
        await engine.district.close_days()
        found.add(tuple((d, o.verdict.state, o.verdict.value, o.at) for d, o in engine.days(TARGET).items()))
        engine.database.close()
    (days,) = found
    assert [day[:3] for day in days] == [("2026-09-07", "unmet", 0.5), ("2026-09-08", "met", 1.0)]


async def test_a_day_uses_the_roster_and_the_policy_of_its_day(engine: Engine) -> None:
    from collector.policy import Policy
    from collector.roster.model import Roster
    from collector.store.rosters import save_roster

    await engine.report("east", [access_points(MONDAY, True, True)])
    tuesday = MONDAY + timedelta(days=1)
    grown = Roster(schools=(facts(places=4),))
    engine.database.write_now(lambda c: save_roster(c, grown, MONDAY, tuesday.date()))
    engine.clock.now = tuesday
    await engine.report("east", [access_points(tuesday, True, True)])
    engine.wait(days=1)
    await engine.restart(Policy.model_validate({"targets": {TARGET: {"at_least": 0.5}}}))
    await engine.report("east", [access_points(engine.clock.now, True, True)])
    engine.wait(days=1)
    await engine.district.refresh()
    await engine.district.close_days()
    days = engine.days(TARGET)
    assert [(o.verdict.state, o.verdict.value, o.verdict.threshold) for o in days.values()] == [
        ("met", 1.0, 1.0),
        ("unmet", 0.5, 1.0),
        ("met", 0.5, 0.5),
    ]
    assert [(o.versions.policy, o.versions.roster) for o in days.values()] == [(1, 1), (1, 2), (2, 2)]


async def test_a_clock_that_is_ahead_opens_no_day_of_the_future(engine: Engine) -> None:
    await engine.report("east", [access_points(datetime(2027, 1, 1, tzinfo=MONDAY.tzinfo), True, True)])
    engine.wait(days=1)
    await engine.district.close_days()
    assert [(day, one.verdict.state) for day, one in engine.days(TARGET).items()] == [("2026-09-07", "met")]
