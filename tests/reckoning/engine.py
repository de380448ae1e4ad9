"""Drives the real collector through the district's days in process: reports, restarts, a roster, late data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from collector.district import District
from collector.policy import Policy
from collector.roster.model import Roster
from collector.store.database import Database
from collector.store.observations import Received, keep
from collector.store.rosters import save_roster
from collector.store.verdicts import DayVerdict, load_days
from tests.reckoning.calendar import DAYS, SCHOOL_DAYS, at
from tests.reckoning.delivery import Delivery
from tests.reckoning.district import CHANGES_ON

CLOSED_AFTER = (6, 19, 33, 47)
"""The days, by their number, after whose end the days so far are judged; the rest is judged when all is over."""
STOPS = (3, 19, 20, 40)
"""The days, by their number, on which the collector is stopped and started again."""


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Engine:
    """A collector that can be stopped and started again on the same store."""

    def __init__(self, folder: Path, policy: Policy, clock: Clock) -> None:
        self._url, self._policy, self._clock = f"sqlite:///{folder / 'store.sqlite3'}", policy, clock
        self._database = Database(self._url)
        self._district = District(self._database, policy, clock)

    async def start(self) -> None:
        await self._district.load()

    async def restart(self) -> None:
        self.stop()
        self._database = Database(self._url)
        self._district = District(self._database, self._policy, self._clock)
        await self._district.load()

    def stop(self) -> None:
        self._database.close()

    def take_roster(self, roster: Roster, valid_from: date) -> None:
        self._database.write_now(lambda connection: save_roster(connection, roster, self._clock(), valid_from))

    def take(self, batch: Sequence[Delivery]) -> None:
        def work(connection: Connection) -> None:
            for one in batch:
                keep(connection, Received(one.report, one.arrives), self._district.rolling)

        self._database.write_now(work)

    async def end_of_day(self) -> None:
        await self._district.refresh()
        await self._district.close_days()

    def days(self) -> list[DayVerdict]:
        return self._database.read_now(load_days)


async def lived(
    engine: Engine, clock: Clock, rosters: tuple[Roster, Roster], arriving: Mapping[date, Sequence[Delivery]]
) -> list[DayVerdict]:
    """The verdicts of every school day once all is over. Days are judged now and then only."""
    before, after = rosters
    clock.now = at(DAYS[0], 6)
    engine.take_roster(before, DAYS[0])
    await engine.start()
    for n, day in enumerate(DAYS):
        clock.now = at(day, 23, 30)
        engine.take(arriving[day])
        if day == CHANGES_ON - timedelta(days=3):
            engine.take_roster(after, CHANGES_ON)
        if n in STOPS:
            await engine.restart()
        if n in CLOSED_AFTER:
            clock.now = at(day + timedelta(days=1), 2)
            await engine.end_of_day()
    clock.now = at(SCHOOL_DAYS[-1] + timedelta(days=1), 6)
    await engine.restart()
    for _ in range(2):  # what a round finds out of schools may open earlier days of the district, for the next round
        await engine.end_of_day()
    return engine.days()
