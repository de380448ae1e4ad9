"""The district as the collector sees it now: roster, policy, latest observations, agents and verdicts."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from collector.calendar import SchoolCalendar
from collector.corrections import Correction
from collector.days import OpenDays, close_until, judged_days, judged_district_days, open_days, open_from
from collector.eras import Eras
from collector.evidence import Evidence
from collector.inputs import DistrictInputs, Inputs, pack, pack_district
from collector.judge import Device, decide, moment_of, needed, next_look, own_roll_ups, reaches, reaching, settled
from collector.policy import Policy
from collector.required import district_facts
from collector.roster.model import School
from collector.roster.names import same_device
from collector.store import observations as kept_observations
from collector.store.corrections import load_corrections
from collector.store.database import Database
from collector.store.observations import AgentRow, Kept, Rolling, load_daily
from collector.store.policies import record_policy
from collector.store.verdicts import (
    DISTRICT,
    Change,
    DayVerdict,
    Standing,
    Versions,
    followed,
    load_kept,
    save_changes,
    save_days,
)
from collector.store.verdicts import Kept as KeptVerdict
from collector.targets import TARGETS
from collector.targets.base import Moment
from collector.targets.district import DISTRICT_TARGETS
from collector.targets.district.base import Interface
from collector.verdict import Verdict
from wire.report import Measure, Observation

log = structlog.get_logger(__name__)

DAYS_PASS_SECONDS = 1.0
"""How long days may be made final before the present is looked at again."""

DISTRICT_LOOK_AGAIN = timedelta(minutes=5)
TRY_AGAIN = timedelta(minutes=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The district at one moment, for whoever reads it in another thread; nothing in it changes any more."""

    policy: Policy
    versions: Versions
    schools: dict[str, School]
    latest: dict[str, tuple[Observation, ...]]
    agents: dict[str, AgentRow]
    measures: dict[str, Measure]
    verdicts: dict[str, dict[str, Standing]]
    district_verdicts: dict[str, Standing]
    corrections: tuple[Correction, ...]
    """Those in force."""
    evaluated_at: datetime | None
    evaluation_seconds: float
    evaluations: dict[str, int]
    """target -> how often it was evaluated since start."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """One target's new verdict and what it was made from."""

    verdict: Verdict
    inputs: Inputs
    look_again_at: datetime


class District:
    """Holds what pages, metrics and targets read; every change reaches the store before it is seen here."""

    def __init__(self, database: Database, policy: Policy, clock: Callable[[], datetime] = utc_now) -> None:
        self.database = database
        self.policy = policy
        self.zone = ZoneInfo(policy.zone)
        self.rolled = needed(policy)
        self.rolling = Rolling(self.rolled.daily, self.rolled.in_hours, self.zone, self._calendar_of)
        self.versions = Versions()
        self.schools: dict[str, School] = {}
        self.latest: dict[str, dict[Device, Observation]] = {}
        self.agents: dict[str, AgentRow] = {}
        self.measures: dict[str, Measure] = {}
        self.verdicts: dict[str, dict[str, Standing]] = {}
        self.district_verdicts: dict[str, Standing] = {}
        self.corrections: tuple[Correction, ...] = ()
        self.interfaces: tuple[Interface, ...] = ()
        self.evaluated_at: datetime | None = None
        self.evaluation_seconds = 0.0
        self.evaluations: Counter[str] = Counter()
        self._clock = clock
        self.eras = Eras(database, policy)
        self._kept: dict[str, dict[str, KeptVerdict]] = {}
        self._dirty: dict[str, set[str]] = {}
        self._due: dict[tuple[str, str], datetime] = {}
        self._reached: dict[str, dict[Device, set[str]]] = {}
        """The targets that each device of a school ever reached, so that they hear of its failures too."""
        self._district_due = datetime.min.replace(tzinfo=UTC)
        self._wake = asyncio.Event()

    def snapshot(self) -> Snapshot:
        """The present state. Copies the tables, not what lies in them, which is never changed in place."""
        now = self._clock()
        in_force = tuple(correction for correction in self.corrections if correction.is_in_force(now))
        return Snapshot(
            self.policy,
            self.versions,
            dict(self.schools),
            {school: tuple(devices.values()) for school, devices in self.latest.items()},
            dict(self.agents),
            dict(self.measures),
            _with_corrections(self.verdicts, in_force),
            dict(self.district_verdicts),
            in_force,
            self.evaluated_at,
            self.evaluation_seconds,
            dict(self.evaluations),
        )

    async def load(self) -> None:
        """Read everything that was kept, then judge every school once."""
        now = self._clock()
        await self.database.write(lambda connection: kept_observations.prune(connection, now))
        policy_version = await self.database.write(lambda connection: record_policy(connection, self.policy, now))
        self.versions = Versions(policy_version, 0)
        self.agents = await self.database.read(kept_observations.load_agents)
        self.measures = await self.database.read(kept_observations.load_measures)
        self._kept = await self.database.read(load_kept)
        for school, observation in await self.database.read(lambda c: list(kept_observations.load_latest(c))):
            self.latest.setdefault(school, {})[observation.probe, observation.device] = observation
        await self.refresh()

    async def refresh(self) -> None:
        """Take what other commands put into the store: a roster, one that begins today, corrections."""
        now = self._clock()
        self.corrections = await self.database.read(load_corrections)
        await self.database.read(self.eras.refresh)
        today = now.astimezone(self.zone).date()
        version = self.eras.roster_version(today)
        if version == self.versions.roster or version == 0:
            return
        self.schools = dict(await self.database.read(lambda connection: self.eras.schools(connection, version)))
        self.verdicts = {school: found for school, found in self.verdicts.items() if school in self.schools}
        self.versions = Versions(self.versions.policy, version)
        await self.database.write(lambda connection: open_from(connection, list(self.schools), today))
        log.info("roster in force", version=version, schools=len(self.schools))
        for school in self.schools:
            self.mark_all(school)

    def mark_all(self, school: str) -> None:
        """Let every target of a school be judged anew."""
        self._mark(school, self.policy.enabled_for(self.schools[school].stage))

    def took(self, kept: Iterable[Kept], agents: dict[str, AgentRow], measures: dict[str, Measure]) -> None:
        """What a committed batch changed."""
        self.measures |= measures
        for part in kept:
            before, after = self.agents.get(part.school), agents.get(part.school)
            devices = self.latest.setdefault(part.school, {})
            reached = {target for observation in part.new for target in self._reached_by(part.school, observation)}
            for observation in part.latest:
                devices[observation.probe, observation.device] = observation
            for device in part.gone:
                devices.pop(device, None)
                reached |= self._reached.get(part.school, {}).pop(device, set())
            if before is None or (after is not None and self._was_silent(before, after)):
                reached |= set(TARGETS)  # its return is news to all of them
            self._mark(part.school, reached)
        self.agents |= agents

    def _was_silent(self, before: AgentRow, after: AgentRow) -> bool:
        silence = (after.last_report_at - before.last_report_at).total_seconds()
        return silence > self.policy.agent_silent_after_seconds

    def _reached_by(self, school: str, observation: Observation) -> set[str]:
        """The targets that an observation is news to, and those that its device reached before."""
        known = self._reached.setdefault(school, {}).setdefault((observation.probe, observation.device), set())
        facts = self.schools.get(school)
        name = same_device(observation.device)
        systems = {d.system for d in facts.devices if same_device(d.id) == name} if facts is not None else set()
        for target in TARGETS.values():
            if target.id not in known and (
                reaches(target, observation, ())
                or not systems.isdisjoint(target.systems)
                or any(reading.measure in own_roll_ups(target) for reading in observation.readings)
            ):
                known.add(target.id)
        return known

    def interfaces_tried(self, found: tuple[Interface, ...]) -> None:
        """What the collector found of its own interfaces."""
        self.interfaces = found
        self._district_due = self._clock()
        self._wake.set()

    def _mark(self, school: str, targets: Iterable[str]) -> None:
        self._dirty.setdefault(school, set()).update(targets)
        self._wake.set()

    async def keep_judging(self, every_seconds: float) -> None:
        """Judge what something new arrived for, and what grew old; make days final once they are over."""
        last_round = monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, last_round + every_seconds - monotonic())):
                    await self._wake.wait()
            self._wake.clear()
            if monotonic() - last_round >= every_seconds:
                last_round = monotonic()
                try:
                    await self.refresh()
                    await self.close_days(DAYS_PASS_SECONDS)
                except Exception:
                    log.exception("roster, corrections or days could not be looked at; tried again in the next round")
                self._mark_due()
            await self.judge_dirty()

    def _mark_due(self) -> None:
        now = self._clock()
        for (school, target), at in self._due.items():
            if at <= now:
                self._dirty.setdefault(school, set()).add(target)

    async def judge_dirty(self) -> None:
        """Judge what changed. A school that fails is logged and tried again soon; it costs no other school anything."""
        start = monotonic()
        dirty, self._dirty = self._dirty, {}
        changed = False
        for name, targets in dirty.items():
            school = self.schools.get(name)
            if school is None:
                continue
            try:
                changed |= await self._judge(school, targets)
            except Exception:
                log.exception("a school could not be judged; tried again soon", school=name)
                self._due |= {(name, target): self._clock() + TRY_AGAIN for target in targets}
        if changed or self._clock() >= self._district_due:
            try:
                await self._judge_district()
            except Exception:
                log.exception("the district's clauses could not be judged")
        self.evaluated_at = self._clock()
        self.evaluation_seconds = monotonic() - start

    async def _judge(self, school: School, targets: Collection[str]) -> bool:
        """Judge some targets of a school; returns whether any verdict is another than before."""
        now = self._clock()
        wanted = [name for name in self.policy.enabled_for(school.stage) if name in targets]
        if not wanted:
            return False
        latest = tuple(self.latest.get(school.id, {}).values())
        agent, kept = self.agents.get(school.id), self._kept.setdefault(school.id, {})

        def work(connection: Connection) -> list[_Judged]:
            daily = load_daily(connection, school.id, self.rolled.since(wanted, now.astimezone(self.zone).date()))
            evidence = Evidence(
                latest, daily, agent.first_report_at if agent else None, agent.last_report_at if agent else None
            )
            return [self._evaluate(school, name, evidence, now, kept.get(name)) for name in wanted]

        judged = await self.database.read(work)
        self.evaluations.update(one.verdict.target for one in judged)
        changes: list[Change] = []
        for one in judged:
            standing = followed(kept.get(one.verdict.target), one.verdict, now)
            if _is_change(kept.get(one.verdict.target), standing):
                since, decided = standing.since, standing.decided
                changes.append(Change(school.id, one.verdict, since, decided, self.versions, pack(one.inputs)))
        if changes:
            await self.database.write(lambda connection: save_changes(connection, changes, now))
        before = self.verdicts.get(school.id, {})
        after = dict(before)
        for one in judged:
            name = one.verdict.target
            kept[name] = followed(kept.get(name), one.verdict, now)
            after[name] = Standing(one.verdict, kept[name].since, now, self.versions)
            self._due[school.id, name] = one.look_again_at
        order = self.policy.enabled_for(school.stage)
        self.verdicts[school.id] = {name: after[name] for name in order if name in after}
        return any(name not in before or _differs(before[name].verdict, after[name].verdict) for name in after)

    def _evaluate(
        self, school: School, name: str, evidence: Evidence, now: datetime, kept: KeptVerdict | None
    ) -> _Judged:
        target, moment = TARGETS[name], moment_of(school, self.policy, now)
        seen = reaching(target, school, evidence, moment.calendar)
        decided = kept.decided if kept is not None else None
        verdict = decide(target, school, seen, self.policy, moment, decided)
        again = next_look(target, seen, self.policy.of(name, school.stage), moment)
        return _Judged(verdict, Inputs(now, decided, seen), again)

    async def _judge_district(self) -> None:
        now = self._clock()
        verdicts = {school: {t: s.verdict for t, s in found.items()} for school, found in self.verdicts.items()}
        facts = district_facts(self.schools, verdicts, self.policy, self.corrections, now, self.interfaces)
        moment = Moment(now, self.policy.zone, self.policy.agent_silent_after_seconds)
        kept = self._kept.setdefault(DISTRICT, {})
        changes: list[Change] = []
        standings: dict[str, Standing] = {}
        for name in self.policy.enabled_district:
            part, before = self.policy.of_district(name), kept.get(name)
            decided = before.decided if before is not None else None
            found = await asyncio.to_thread(DISTRICT_TARGETS[name].evaluate, facts, part, moment)
            verdict = settled(found, decided, part)
            self.evaluations[name] += 1
            standing = followed(before, verdict, now)
            if _is_change(before, standing):
                packed = pack_district(DistrictInputs(now, decided, facts))
                changes.append(Change(DISTRICT, verdict, standing.since, standing.decided, self.versions, packed))
            standings[name] = Standing(verdict, standing.since, now, self.versions)
        if changes:
            await self.database.write(lambda connection: save_changes(connection, changes, now))
        for name, standing_now in standings.items():
            kept[name] = followed(kept.get(name), standing_now.verdict, now)
        self.district_verdicts = standings
        self._district_due = now + DISTRICT_LOOK_AGAIN

    async def close_days(self, for_seconds: float = float("inf")) -> bool:
        """Judge the days that are over, school by school; returns whether all of them are final."""
        start = monotonic()
        today = self._clock().astimezone(self.zone).date()
        for one in await self.database.read(lambda connection: open_days(connection, today)):
            if monotonic() - start > for_seconds:
                return False
            await self._close(one, today)
        return True

    async def _close(self, one: OpenDays, today: date) -> None:
        eras = self.eras

        def work(connection: Connection) -> list[DayVerdict]:
            if one.school == DISTRICT:
                return judged_district_days(connection, one, today, eras.at(connection), self.corrections)
            return judged_days(connection, one, today, eras.at(connection))

        days = await self.database.read(work)
        now = self._clock()

        def save(connection: Connection) -> None:
            save_days(connection, days, now)
            close_until(connection, one, today)
            if one.school != DISTRICT and days:
                open_from(connection, [], min(day.day for day in days))

        await self.database.write(save)

    def _calendar_of(self, school: str) -> SchoolCalendar:
        facts = self.schools.get(school)
        return self.policy.calendar_for(facts.stage if facts is not None else None)


def _is_change(before: KeptVerdict | None, after: KeptVerdict) -> bool:
    return before is None or (before.state, before.code) != (after.state, after.code)


def _differs(before: Verdict, after: Verdict) -> bool:
    """Whether a district target could tell the two apart."""
    told = ("state", "value", "attainment", "lowest", "highest")
    return any(getattr(before, name) != getattr(after, name) for name in told) or before.reason != after.reason


def _with_corrections(
    verdicts: dict[str, dict[str, Standing]], in_force: tuple[Correction, ...]
) -> dict[str, dict[str, Standing]]:
    shown = dict(verdicts)
    for school in {correction.school for correction in in_force} & verdicts.keys():
        shown[school] = {
            name: replace(standing, corrections=tuple(c for c in in_force if c.is_about(school, name)))
            for name, standing in verdicts[school].items()
        }
    return shown
