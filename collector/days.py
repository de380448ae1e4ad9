"""How each school day ended: judged once the day is over, and again when data of it, or of a day before, comes late.

A day's verdict depends on what was measured up to that day and not on when it arrived: the roll-ups up to the day, and
of each device the last observation of the last day on which the school's agent measured anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import zstandard
from sqlalchemy import Connection, func, select

from collector.corrections import Correction
from collector.evidence import Evidence
from collector.judge import judge, needed, settled
from collector.policy import Policy
from collector.required import district_facts
from collector.roster.model import School
from collector.store import statements
from collector.store.observations import KEEP_DAY_LATEST_DAYS, load_daily
from collector.store.schema import DAY_LATEST, DAYS_OPEN
from collector.store.verdicts import (
    DISTRICT,
    DayVerdict,
    Versions,
    decided_before,
    load_days,
)
from collector.targets.base import Moment
from collector.targets.district import DISTRICT_TARGETS
from collector.verdict import State, Verdict
from wire.report import Observation


@dataclass(frozen=True, slots=True)
class Era:
    """What holds on a day: the policy, the schools, and the store's numbers of both."""

    policy: Policy
    schools: Mapping[str, School]
    versions: Versions


EraOf = Callable[[date], Era]


@dataclass(frozen=True, slots=True)
class OpenDays:
    """A school (or DISTRICT) and the first day of it that is not final."""

    school: str
    first: date


def open_days(connection: Connection, today: date) -> list[OpenDays]:
    """Who has days before today that are not final; the district comes last, as it rests on the schools."""
    rows = connection.execute(select(DAYS_OPEN).where(DAYS_OPEN.c.day < today.isoformat()).order_by(DAYS_OPEN.c.school))
    found = [OpenDays(row.school, date.fromisoformat(row.day)) for row in rows]
    return sorted(found, key=lambda one: one.school == DISTRICT)


def open_from(connection: Connection, schools: list[str], day: date) -> None:
    """Let the days of these schools be judged from a day on, unless they already are from an earlier one."""
    for school in (*schools, DISTRICT):
        connection.execute(statements.OPEN_DAY, {"school": school, "day": day.isoformat()})


def close_until(connection: Connection, one: OpenDays, today: date) -> None:
    """The days before today are final, unless something came for an earlier one meanwhile."""
    connection.execute(
        statements.CLOSE_DAYS,
        {"school": one.school, "since": one.first.isoformat(), "until": today.isoformat()},
    )


def _days(first: date, until: date) -> Iterator[date]:
    first = max(first, until - timedelta(days=KEEP_DAY_LATEST_DAYS))
    return (first + timedelta(days=n) for n in range((until - first).days))


def judged_days(connection: Connection, one: OpenDays, today: date, era_of: EraOf) -> list[DayVerdict]:
    """The verdicts of a school's open school days before today, oldest first."""
    decided: dict[str, State] = decided_before(connection, one.school, one.first)
    found: list[DayVerdict] = []
    for day in _days(one.first, today):
        era = era_of(day)
        school = era.schools.get(one.school)
        if school is None or era.policy.calendar_for(school.stage).kind(day) == "off":
            continue
        zone = ZoneInfo(era.policy.zone)
        latest, first_at = _latest_on(connection, school.id, day)
        spoke = max((observation.started_at for observation in latest), default=None)
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        now = spoke if spoke is not None and spoke.astimezone(zone).date() == day else end
        rolled = needed(era.policy)
        daily = load_daily(connection, school.id, rolled.since(era.policy.enabled_for(school.stage), day), day)
        evidence = Evidence(latest, daily, first_at, spoke)
        verdicts = judge(school, evidence, era.policy, now, decided)
        decided |= {target: verdict.state for target, verdict in verdicts.items() if verdict.state != "unknown"}
        found += [DayVerdict(school.id, day, verdict, now, era.versions) for verdict in verdicts.values()]
    return found


def _latest_on(connection: Connection, school: str, day: date) -> tuple[tuple[Observation, ...], datetime | None]:
    """Each device's last observation of the last day, up to this one, on which anything was measured; and since when
    the school is known to measure."""
    of_school = DAY_LATEST.c.school == school
    last, first = connection.execute(
        select(func.max(DAY_LATEST.c.day), func.min(DAY_LATEST.c.started_at)).where(
            of_school, DAY_LATEST.c.day <= day.isoformat()
        )
    ).one()
    if last is None:
        return (), None
    bodies = connection.execute(select(DAY_LATEST.c.body).where(of_school, DAY_LATEST.c.day == last)).scalars()
    latest = tuple(Observation.model_validate_json(zstandard.decompress(body)) for body in bodies)
    return latest, datetime.fromtimestamp(first, UTC)


def judged_district_days(
    connection: Connection, one: OpenDays, today: date, era_of: EraOf, corrections: tuple[Correction, ...]
) -> list[DayVerdict]:
    """The verdicts of the district's open days before today on which any school was judged, oldest first."""
    decided: dict[str, State] = decided_before(connection, DISTRICT, one.first)
    found: list[DayVerdict] = []
    for day in _days(one.first, today):
        era = era_of(day)
        verdicts: dict[str, dict[str, Verdict]] = {}
        for row in load_days(connection, since=day, until=day):
            if row.school in era.schools:
                verdicts.setdefault(row.school, {})[row.verdict.target] = row.verdict
        if not verdicts:
            continue
        end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(era.policy.zone)).astimezone(UTC)
        facts = district_facts(era.schools, verdicts, era.policy, corrections, end)
        moment = Moment(end, era.policy.zone, era.policy.agent_silent_after_seconds)
        for name in era.policy.enabled_district:
            target = DISTRICT_TARGETS[name]
            if not target.by_day:
                continue
            part = era.policy.of_district(name)
            verdict = settled(target.evaluate(facts, part, moment), decided.get(name), part)
            if verdict.state != "unknown":
                decided[name] = verdict.state
            found.append(DayVerdict(DISTRICT, day, verdict, end, era.versions))
    return found
