"""School-hours roll-ups as intake makes them, for tests of targets that rest on them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collector.calendar import DEFAULT_CALENDAR, SchoolCalendar
from collector.evidence import Daily, Evidence, weight, weighted
from collector.roster.model import School
from collector.targets import TARGETS
from collector.targets.base import Moment, TargetPolicy
from collector.verdict import Verdict
from tests.collector.making import NOW, school

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3600.0
DAY = 10 * HOUR
"""The school hours of a day: 7:30 to 17:30."""


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A local instant."""
    return datetime.combine(day, time(hour, minute), ZONE)


def school_days(last: date = date(2026, 9, 10), days: int = 7) -> list[date]:
    """The school days of the window that ends on `last`, that day included."""
    found = (last - timedelta(days=number) for number in range(days, -1, -1))
    return [day for day in found if DEFAULT_CALENDAR.kind(day) == "school"]


def span(day: date, now: datetime = NOW) -> float:
    """Seconds of the day's school hours until now."""
    return max(0.0, min(DAY, now.timestamp() - at(day, 7, 30).timestamp()))


def hours(
    measure: str,
    day: date,
    mean: float,
    *,
    seconds: float | None = None,
    device: str = "portal",
    probe: str = "service",
    now: datetime = NOW,
    **labels: str,
) -> tuple[Daily, ...]:
    """What a day's school hours say of a measure whose mean was so much over `seconds`, the whole day until now."""
    spoken = span(day, now) if seconds is None else seconds
    if spoken <= 0:
        return ()
    last = min(at(day, 17, 29), now - timedelta(seconds=spoken / 600))
    made_by = f"{probe}/{device}/{day}"

    def row(name: str, total: float) -> Daily:
        return Daily(
            day, probe, device, name, labels, 600, 0.0, total / 300, total, total / 600, last, made_by, last, made_by
        )

    return row(weighted(measure), mean * spoken), row(weight(measure), spoken)


def up(
    system: str,
    day: date,
    good: float | None = None,
    seen: float | None = None,
    *,
    service: str = "main",
    device: str = "portal",
    now: datetime = NOW,
) -> tuple[Daily, ...]:
    """A service that was watched for `seen` seconds of a day's school hours and up for `good` of them: all of it."""
    watched = span(day, now) if seen is None else seen
    share = 1.0 if good is None or not watched else good / watched
    made = hours("service_up", day, share, seconds=watched, device=device, now=now, system=system, service=service)
    if good is None or not made:
        return made
    return replace(made[0], total=good, maximum=min(good, 60.0)), made[1]


def week(system: str, means: Mapping[str, float] | None = None, *, now: datetime = NOW) -> tuple[Daily, ...]:
    """A system that was watched and up in all school hours of the window; `means` adds measures with one mean."""
    days = school_days(now.astimezone(ZONE).date())
    found = [row for day in days for row in up(system, day, now=now)]
    for measure, mean in (means or {}).items():
        found += [row for day in days for row in hours(measure, day, mean, now=now, system=system, service="main")]
    return tuple(found)


def without(rows: Iterable[Daily], day: date, measure: str = "") -> tuple[Daily, ...]:
    """The roll-ups without those of a day, or without its roll-ups of one measure."""
    return tuple(row for row in rows if row.day != day or not row.measure.startswith(measure))


def judged(
    target: str,
    evidence: Evidence,
    *,
    now: datetime = NOW,
    policy: TargetPolicy | None = None,
    of: School | None = None,
    calendar: SchoolCalendar = DEFAULT_CALENDAR,
) -> Verdict:
    """One target's verdict at an instant."""
    found = TARGETS[target]
    moment = Moment(now, calendar=calendar)
    return found.evaluate(of or school("101"), evidence, policy or found.policy(), moment)


def reported(*rows: tuple[Daily, ...], now: datetime = NOW, **given: object) -> Evidence:
    """Evidence of these roll-ups, of an agent that has just reported."""
    daily = tuple(row for part in rows for row in part)
    return replace(Evidence((), daily, now - timedelta(days=60), now - timedelta(seconds=20)), **given)  # type: ignore[arg-type]
