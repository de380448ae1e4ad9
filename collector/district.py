"""The district as the collector sees it now: roster, policy, latest observations, agents and verdicts."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from collector.evidence import Evidence
from collector.judge import judge, needed_daily
from collector.policy import Policy
from collector.roster.model import Roster, School
from collector.store import observations as kept_observations
from collector.store.database import Database
from collector.store.observations import AgentRow, Kept
from collector.store.rosters import load_roster, newest_version
from collector.store.verdicts import Standing, save
from wire.report import Measure, Observation

log = structlog.get_logger(__name__)

Device = tuple[str, str]
"""(probe, device)"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The district at one moment, for whoever reads it in another thread; nothing in it changes any more."""

    policy: Policy
    schools: dict[str, School]
    latest: dict[str, tuple[Observation, ...]]
    agents: dict[str, AgentRow]
    measures: dict[str, Measure]
    verdicts: dict[str, dict[str, Standing]]
    evaluated_at: datetime | None
    evaluation_seconds: float


class District:
    """Holds what pages, metrics and targets read; every change reaches the store before it is seen here."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self.database = database
        self.policy = policy
        self.zone = ZoneInfo(policy.zone)
        self.rolled, self.window_days = needed_daily(policy)
        self.roster_version = 0
        self.schools: dict[str, School] = {}
        self.latest: dict[str, dict[Device, Observation]] = {}
        self.agents: dict[str, AgentRow] = {}
        self.measures: dict[str, Measure] = {}
        self.verdicts: dict[str, dict[str, Standing]] = {}
        self.evaluated_at: datetime | None = None
        self.evaluation_seconds = 0.0
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()

    def snapshot(self) -> Snapshot:
        """The present state. Copies the tables, not what lies in them, which is never changed in place."""
        return Snapshot(
            self.policy,
            dict(self.schools),
            {school: tuple(devices.values()) for school, devices in self.latest.items()},
            dict(self.agents),
            dict(self.measures),
            dict(self.verdicts),
            self.evaluated_at,
            self.evaluation_seconds,
        )

    async def load(self) -> None:
        """Read everything that was kept, then judge every school once."""
        await self.database.write(lambda connection: kept_observations.prune(connection, datetime.now(UTC)))
        self.agents = await self.database.read(kept_observations.load_agents)
        self.measures = await self.database.read(kept_observations.load_measures)
        for school, observation in await self.database.read(lambda c: list(kept_observations.load_latest(c))):
            self.latest.setdefault(school, {})[observation.probe, observation.device] = observation
        await self.refresh_roster()

    async def refresh_roster(self) -> None:
        """Take a newer roster from the store, where `roster import` put one."""
        version = await self.database.read(newest_version)
        if version == self.roster_version:
            return
        roster: Roster = await self.database.read(lambda connection: load_roster(connection, version))
        self.schools = {school.id: school for school in roster.schools}
        self.verdicts = {school: found for school, found in self.verdicts.items() if school in self.schools}
        self.roster_version = version
        log.info("roster in force", version=version, schools=len(self.schools))
        self._mark(self.schools)

    def took(self, kept: Iterable[Kept], agents: dict[str, AgentRow], measures: dict[str, Measure]) -> None:
        """What a committed batch changed."""
        self.agents |= agents
        self.measures |= measures
        changed: set[str] = set()
        for part in kept:
            devices = self.latest.setdefault(part.school, {})
            for observation in part.latest:
                devices[observation.probe, observation.device] = observation
            for device in part.gone:
                devices.pop(device, None)
            changed.add(part.school)
        self._mark(changed)

    def _mark(self, schools: Iterable[str]) -> None:
        self._dirty.update(schools)
        self._wake.set()

    async def keep_judging(self, every_seconds: float) -> None:
        """Judge a school when something new arrived, and all of them now and then, since data grows old."""
        last_round = monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, last_round + every_seconds - monotonic())):
                    await self._wake.wait()
            self._wake.clear()
            if monotonic() - last_round >= every_seconds:
                last_round = monotonic()
                try:
                    await self.refresh_roster()
                except Exception:
                    log.exception("the roster could not be looked at; the one in force stays")
                self._dirty.update(self.schools)
            await self.judge_dirty()

    async def judge_dirty(self) -> None:
        """Judge each school that something changed for. One that fails is logged and tried again in the next round."""
        start = monotonic()
        dirty, self._dirty = self._dirty, set()
        for name in dirty:
            school = self.schools.get(name)
            if school is None:
                continue
            try:
                await self._judge(school)
            except Exception:
                log.exception("a school could not be judged", school=name)
        self.evaluated_at = datetime.now(UTC)
        self.evaluation_seconds = monotonic() - start

    async def _judge(self, school: School) -> None:
        now = datetime.now(UTC)
        since = now.astimezone(self.zone).date() - timedelta(days=self.window_days)
        latest = tuple(self.latest.get(school.id, {}).values())
        agent = self.agents.get(school.id)
        before = self.verdicts.get(school.id, {})

        def work(connection: Connection) -> dict[str, Standing]:
            daily = kept_observations.load_daily(connection, school.id, self.rolled, since)
            evidence = Evidence(
                latest,
                daily,
                agent.first_report_at if agent else None,
                agent.last_report_at if agent else None,
            )
            return save(connection, school.id, judge(school, evidence, self.policy, now), before, now)

        self.verdicts[school.id] = await self.database.write(work)
