"""The district in memory: who is judged when."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.district import District
from collector.policy import Policy
from collector.roster.model import Roster, School
from collector.store.database import Database
from collector.store.observations import Kept
from collector.store.rosters import save_roster
from tests.collector.engine import Engine


def school(name: str) -> School:
    return School(id=name, name=name, stage="primary", students=1, teachers=1, classes=1)


@pytest.fixture
async def district(tmp_path: Path) -> AsyncIterator[District]:
    database = Database(f"sqlite:///{tmp_path / 'campus.sqlite'}")
    database.write_now(lambda c: save_roster(c, Roster(schools=(school("busy"), school("quiet"))), datetime.now(UTC)))
    opened = District(database, Policy())
    await opened.load()
    yield opened
    database.close()


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_quiet_school_is_looked_at_again_however_busy_another_is(tmp_path: Path) -> None:
    engine = await Engine(tmp_path).start(school("busy"), school("quiet"))
    district = engine.district
    judging = asyncio.create_task(district.keep_judging(0.02))
    await until(lambda: len(district.verdicts) == 2)
    first = district.verdicts["quiet"]["desktop_100m"].at
    engine.wait(minutes=16)

    def later() -> bool:
        district.took([Kept("busy", (), (), ())], {}, {})
        return district.verdicts["quiet"]["desktop_100m"].at > first

    await until(later)
    judging.cancel()
    await asyncio.gather(judging, return_exceptions=True)
    engine.database.close()


async def test_a_school_that_cannot_be_judged_costs_no_other_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await Engine(tmp_path).start(school("broken"), school("fine"))
    district = engine.district
    district.verdicts.clear()
    judge = district._judge
    failed: list[str] = []

    async def fail_once(of: School, targets: Collection[str]) -> bool:
        if of.id == "broken" and not failed:
            failed.append(of.id)
            raise ArithmeticError(of.id)
        return await judge(of, targets)

    monkeypatch.setattr(district, "_judge", fail_once)
    for name in ("broken", "fine"):
        district.mark_all(name)
    judging = asyncio.create_task(district.keep_judging(0.02))
    await until(lambda: failed and "fine" in district.verdicts)
    assert "broken" not in district.verdicts
    engine.wait(minutes=2)
    await until(lambda: "broken" in district.verdicts)
    judging.cancel()
    await asyncio.gather(judging, return_exceptions=True)
    engine.database.close()


async def test_a_new_roster_comes_into_force_and_a_school_that_left_is_no_longer_shown(district: District) -> None:
    judging = asyncio.create_task(district.keep_judging(0.05))
    await until(lambda: len(district.verdicts) == 2)
    roster = Roster(schools=(school("quiet"), school("new")))
    await district.database.write(lambda connection: save_roster(connection, roster, datetime.now(UTC)))
    await until(lambda: district.verdicts.keys() == {"quiet", "new"})
    assert district.snapshot().schools.keys() == {"quiet", "new"}
    judging.cancel()
    await asyncio.gather(judging, return_exceptions=True)


async def test_a_store_that_fails_for_a_moment_does_not_end_the_judging(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[bool] = []
    load = district.refresh

    async def fail_once() -> None:
        if not failed:
            failed.append(True)
            raise OSError("disk")
        await load()

    monkeypatch.setattr(district, "refresh", fail_once)
    judging = asyncio.create_task(district.keep_judging(0.02))
    await until(lambda: failed and len(district.verdicts) == 2)
    assert not judging.done()
    judging.cancel()
    await asyncio.gather(judging, return_exceptions=True)
