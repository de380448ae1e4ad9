"""Keeping observations: exactly once by id, the latest of each device, and a roll-up a day and subject."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import zstandard
from sqlalchemy import Connection, Row, delete, select, text

from collector.calendar import DEFAULT_CALENDAR, SchoolCalendar
from collector.evidence import PROBE_SUCCESS, Daily, weight, weighted
from collector.store import statements
from collector.store.instances import Instance, copies, load_instances, saw_instance
from collector.store.schema import AGENTS, DAILY, LATEST, MEASURES
from wire.measures import CATALOGUE
from wire.report import Measure, Observation, Report

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _always(_: str) -> SchoolCalendar:
    return DEFAULT_CALENDAR


@dataclass(frozen=True, slots=True)
class Rolling:
    """What is rolled up at intake: these measures by the district's days, and those by the school hours of each."""

    daily: frozenset[str]
    in_hours: frozenset[str] = frozenset()
    zone: ZoneInfo = SHANGHAI
    calendar_of: Callable[[str], SchoolCalendar] = _always
    """A school's calendar."""


@dataclass(frozen=True, slots=True)
class Received:
    """A report, when it arrived (UTC), and from which address."""

    report: Report
    at: datetime
    address: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one report changed: its new observations, the latest of each device, and what is no longer probed."""

    school: str
    latest: tuple[Observation, ...]
    gone: tuple[tuple[str, str], ...]
    new: tuple[Observation, ...]


def keep(connection: Connection, received: Received, rolling: Rolling) -> Kept:
    """Store one report; a repeated observation changes nothing, and one whose time nobody knew is only counted."""
    report, at = received.report, received.at
    new = [
        _not_from_the_future(observation, at)
        for observation in report.observations
        if connection.execute(
            statements.KNOW, {"id": str(observation.id), "school": report.school, "at": at.timestamp()}
        ).first()
    ]
    dated = [observation for observation in new if observation.is_dated]
    latest = _keep_latest(connection, report.school, dated, rolling.zone)
    rows = _roll_ups(report.school, dated, rolling)
    if rows:
        connection.execute(statements.ROLL_UP, rows)
        connection.execute(statements.OPEN_DAY, {"school": report.school, "day": min(row["day"] for row in rows)})
    offset = (report.sent_at - at).total_seconds() - report.agent.clock_correction_seconds if report.sent_at else None
    connection.execute(
        statements.AGENT,
        {
            "school": report.school,
            "version": report.agent.version,
            "at": at.timestamp(),
            "spooled": report.agent.spooled_reports,
            "dropped": report.agent.dropped_observations,
            "offset": offset,
            "undated": len(new) - len(dated),
        },
    )
    saw_instance(connection, report.school, report.agent.instance, report.agent.host, received.address, at)
    for measure in report.measures:
        if measure.name not in CATALOGUE:
            connection.execute(statements.MEASURE, {"name": measure.name, "body": measure.model_dump_json()})
    return Kept(report.school, latest, _no_longer_probed(connection, report, at), tuple(new))


def _not_from_the_future(observation: Observation, received_at: datetime) -> Observation:
    """An agent whose clock runs ahead would else have the last word until its time has come."""
    if observation.started_at <= received_at:
        return observation
    return observation.model_copy(update={"started_at": received_at})


def _keep_latest(
    connection: Connection, school: str, observations: Sequence[Observation], zone: ZoneInfo
) -> tuple[Observation, ...]:
    """Of each device the latest of all time and of each day; returns those that are the latest of all time."""
    latest: list[Observation] = []
    for observation in observations:
        row = {
            "school": school,
            "day": observation.started_at.astimezone(zone).date().isoformat(),
            "probe": observation.probe,
            "device": observation.device,
            "started_at": observation.started_at.timestamp(),
            "body": zstandard.compress(observation.model_dump_json().encode(), 3),
        }
        if connection.execute(statements.LATEST, row).first() is not None:
            latest.append(observation)
        connection.execute(statements.DAY_LATEST, row)
    return tuple(latest)


def _no_longer_probed(connection: Connection, report: Report, at: datetime) -> tuple[tuple[str, str], ...]:
    """Forget the latest of what the agent no longer has in its configuration; its roll-ups stay.

    While two machines report for a school, neither's configuration is the school's.
    """
    if report.entries is None or copies(load_instances(connection, {report.school}).get(report.school, ()), at):
        return ()
    probed = {(entry.probe, entry.device) for entry in report.entries}
    kept = connection.execute(select(LATEST.c.probe, LATEST.c.device).where(LATEST.c.school == report.school))
    gone = tuple((row.probe, row.device) for row in kept if (row.probe, row.device) not in probed)
    for probe, device in gone:
        connection.execute(
            delete(LATEST).where(LATEST.c.school == report.school, LATEST.c.probe == probe, LATEST.c.device == device)
        )
    return gone


def _roll_ups(school: str, observations: Sequence[Observation], rolling: Rolling) -> list[dict[str, Any]]:
    """One row a day and subject: what a batch adds to the day, so that a backlog costs one update a subject."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    calendar = rolling.calendar_of(school)
    for observation in observations:
        day = observation.started_at.astimezone(rolling.zone).date().isoformat()
        at, made_by = observation.started_at.timestamp(), str(observation.id)
        for measure, labels, value in _counted(observation, rolling, calendar):
            key = (day, measure, observation.probe, observation.device, labels)
            row = rows.get(key)
            if row is None:
                rows[key] = {
                    "school": school, "day": day, "measure": measure, "probe": observation.probe,
                    "device": observation.device, "labels": labels, "count": 1, "minimum": value, "maximum": value,
                    "total": value, "last": value, "last_at": at, "last_id": made_by, "maximum_at": at,
                    "maximum_id": made_by,
                }  # fmt: skip
                continue
            row["count"] += 1
            row["total"] += value
            row["minimum"] = min(row["minimum"], value)
            if value >= row["maximum"]:
                row |= {"maximum": value, "maximum_at": at, "maximum_id": made_by}
            if at >= row["last_at"]:
                row |= {"last": value, "last_at": at, "last_id": made_by}
    return list(rows.values())


def _counted(observation: Observation, rolling: Rolling, calendar: SchoolCalendar) -> Iterator[tuple[str, str, float]]:
    """Measure, labels and value of everything that one observation adds to its day."""
    success = float(observation.outcome == "ok")
    seconds = _seconds_in_hours(observation, calendar)
    yield PROBE_SUCCESS, "{}", success
    if seconds and PROBE_SUCCESS in rolling.in_hours:
        yield weighted(PROBE_SUCCESS), "{}", success * seconds
        yield weight(PROBE_SUCCESS), "{}", seconds
    for reading in observation.readings:
        if reading.measure in rolling.daily:
            yield reading.measure, _label_text(reading.labels), reading.value
        if seconds and reading.measure in rolling.in_hours:
            labels = _label_text(reading.labels)
            yield weighted(reading.measure), labels, reading.value * seconds
            yield weight(reading.measure), labels, seconds


def _seconds_in_hours(observation: Observation, calendar: SchoolCalendar) -> float:
    """For how much of its day's school hours a run speaks: from its start until the next one is due.

    By the clock and on every kind of day, since the district may yet call it a school day; who reads it asks the
    calendar of the day.
    """
    return calendar.seconds_on(observation.started_at, observation.every_seconds)


def _label_text(labels: Mapping[str, str]) -> str:
    return json.dumps(labels, ensure_ascii=False, sort_keys=True)


def load_latest(connection: Connection) -> Iterator[tuple[str, Observation]]:
    """Every device's latest observation, with its school."""
    for school, body in connection.execute(select(LATEST.c.school, LATEST.c.body)):
        yield school, Observation.model_validate_json(zstandard.decompress(body))


def load_latest_of(connection: Connection, school: str) -> tuple[Observation, ...]:
    """The latest observation of each of one school's devices."""
    bodies = connection.execute(select(LATEST.c.body).where(LATEST.c.school == school)).scalars()
    return tuple(Observation.model_validate_json(zstandard.decompress(body)) for body in bodies)


def load_daily(
    connection: Connection, school: str, since: Mapping[str, date], until: date = date.max
) -> tuple[Daily, ...]:
    """One school's roll-ups up to a day, of each measure from the day on that `since` gives it, oldest first."""
    if not since:
        return ()
    rows = connection.execute(
        select(DAILY)
        .where(
            DAILY.c.school == school,
            DAILY.c.day >= min(since.values()).isoformat(),
            DAILY.c.day <= until.isoformat(),
            DAILY.c.measure.in_(sorted(since)),
        )
        .order_by(DAILY.c.day)
    )
    first = {measure: day.isoformat() for measure, day in since.items()}
    return tuple(_daily(row) for row in rows if row.day >= first[row.measure])


def _daily(row: Row[Any]) -> Daily:
    return Daily(
        day=date.fromisoformat(row.day),
        probe=row.probe,
        device=row.device,
        measure=row.measure,
        labels=json.loads(row.labels),
        count=row._mapping["count"],
        minimum=row.minimum,
        maximum=row.maximum,
        total=row.total,
        last=row.last,
        last_at=datetime.fromtimestamp(row.last_at, UTC),
        last_id=row.last_id,
        maximum_at=datetime.fromtimestamp(row.maximum_at, UTC),
        maximum_id=row.maximum_id,
    )


@dataclass(frozen=True, slots=True)
class AgentRow:
    """What the collector knows of one school's agent."""

    school: str
    version: str
    first_report_at: datetime
    last_report_at: datetime
    spooled_reports: int
    dropped_observations: int
    clock_offset: float | None
    undated_observations: int = 0
    """Stored without a time, since the agent's machine knew none: they count for nothing."""
    instances: tuple[Instance, ...] = ()


def load_agents(connection: Connection, schools: Collection[str] | None = None) -> dict[str, AgentRow]:
    """The agents of these schools, or of all."""
    instances = load_instances(connection, schools)
    wanted = select(AGENTS) if schools is None else select(AGENTS).where(AGENTS.c.school.in_(sorted(schools)))
    return {
        row.school: AgentRow(
            row.school,
            row.version,
            datetime.fromtimestamp(row.first_report_at, UTC),
            datetime.fromtimestamp(row.last_report_at, UTC),
            row.spooled_reports,
            row.dropped_observations,
            row.clock_offset,
            row.undated_observations,
            instances.get(row.school, ()),
        )
        for row in connection.execute(wanted)
    }


def load_measures(connection: Connection) -> dict[str, Measure]:
    """Every measure that may occur: the catalogue's, and those that agents declared."""
    rows = connection.execute(select(MEASURES.c.body))
    declared = (Measure.model_validate_json(row.body) for row in rows)
    return {**{measure.name: measure for measure in declared}, **CATALOGUE}


KEEP_IDS_DAYS = 180
"""Longer than any agent keeps what it could not send, so that a repeat is known as one."""
KEEP_DAILY_DAYS = 3 * 366
KEEP_DAY_LATEST_DAYS = 60
"""How late data may be and still change its day's verdicts."""
KEEP_CHANGES_DAYS = 3 * 366 + 31
"""The plan's three years, and a month to report on them."""


def prune(connection: Connection, now: datetime) -> None:
    """Forget what no window looks back on any more, and what is older than the plan, but not what still stands."""

    def before(days: int) -> str:
        return (now.date() - timedelta(days=days)).isoformat()

    connection.execute(
        text("DELETE FROM observation_ids WHERE received_at < :at"), {"at": now.timestamp() - KEEP_IDS_DAYS * 86400}
    )
    connection.execute(text("DELETE FROM daily WHERE day < :day"), {"day": before(KEEP_DAILY_DAYS)})
    connection.execute(text("DELETE FROM day_latest WHERE day < :day"), {"day": before(KEEP_DAY_LATEST_DAYS)})
    connection.execute(text("DELETE FROM verdict_days WHERE day < :day"), {"day": before(KEEP_CHANGES_DAYS)})
    connection.execute(
        text("""DELETE FROM verdict_changes WHERE at < :at AND id NOT IN
                (SELECT max(id) FROM verdict_changes GROUP BY school, target)"""),
        {"at": now.timestamp() - KEEP_CHANGES_DAYS * 86400},
    )
