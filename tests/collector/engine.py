"""The collector's engine in process, over a real store, with a clock that the test turns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from collector.district import District
from collector.policy import Policy
from collector.roster.model import Place, Roster, School
from collector.store.database import Database
from collector.store.observations import Received, keep, load_agents
from collector.store.rosters import save_roster
from collector.store.verdicts import DayVerdict, load_days
from wire.measures import AP_UP
from wire.report import Observation, Outcome, Reading, Report

MONDAY = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


def facts(name: str = "east", places: int = 2) -> School:
    """A primary school with some classrooms."""
    rooms = tuple(Place(id=f"10{number}") for number in range(1, places + 1))
    return School(id=name, name=name, stage="primary", students=100, teachers=10, classes=places, places=rooms)


def access_points(at: datetime, *up: bool, outcome: Outcome = "ok", every: float = 300) -> Observation:
    """A controller's table: one access point in each classroom, up or not."""
    readings = tuple(
        Reading(measure=AP_UP.name, value=float(state), labels={"ap": f"ap{n}", "ap_id": f"id{n}", "place": f"10{n}"})
        for n, state in enumerate(up, start=1)
    )
    return Observation(
        id=uuid4(), probe="wireless", device="ac", started_at=at, duration_seconds=1, every_seconds=every,
        outcome=outcome, readings=readings,
    )  # fmt: skip


@dataclass
class Clock:
    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Engine:
    """A district that can be restarted over its store."""

    folder: Path
    policy: Policy = field(default_factory=Policy)
    clock: Clock = field(default_factory=Clock)
    database: Database = field(init=False)
    district: District = field(init=False)

    async def start(self, *schools: School) -> "Engine":
        self.database = Database(f"sqlite:///{self.folder / 'campus.sqlite'}")
        if schools:
            self.database.write_now(lambda c: save_roster(c, Roster(schools=schools), self.clock.now))
        self.district = District(self.database, self.policy, self.clock)
        await self.district.load()
        await self.district.judge_dirty()
        return self

    async def restart(self, policy: Policy | None = None) -> "Engine":
        self.database.close()
        self.policy = policy or self.policy
        return await self.start()

    async def report(self, school: str, observations: Sequence[Observation], arrived: datetime | None = None) -> None:
        """Take a report as the intake does, and judge what it changed."""
        received = Received(Report(school=school, observations=tuple(observations)), arrived or self.clock.now)
        kept = self.database.write_now(lambda c: keep(c, received, self.district.rolling))
        agents = self.database.read_now(lambda c: load_agents(c, {school}))
        self.district.took([kept], agents, {})
        await self.district.judge_dirty()

    def wait(self, **time: float) -> None:
        self.clock.now += timedelta(**time)

    def days(self, target: str, school: str = "east") -> dict[str, DayVerdict]:
        """A target's verdicts by day."""
        rows = self.database.read_now(lambda c: load_days(c, school=school, target=target))
        return {row.day.isoformat(): row for row in rows}
