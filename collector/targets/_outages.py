"""How long a device has failed in school hours, and since when a good word of it still counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import ceil
from zoneinfo import ZoneInfo

from collector.evidence import PROBE_SUCCESS, Daily, Evidence, weight
from collector.targets.base import Moment
from collector.verdict import Reason
from wire.report import Observation

Device = tuple[str, str]
"""(probe, device)"""
MIN_FAILED_RUNS = 2
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outage:
    """What is sure of a device's failing since it last answered."""

    answered: datetime | None
    """When a run last ended ok, as far as is looked back."""
    lasted: bool
    """Whether it failed for long enough, run after run, in school hours."""
    by_calendar: tuple[date, ...] = ()
    """Days of which nobody knows whether they are school days, where it would have lasted if they were."""


@dataclass(frozen=True)
class Runs:
    """The roll-ups of runs that tell how long devices have failed."""

    evidence: Evidence
    since: date
    moment: Moment

    @cached_property
    def _outcomes(self) -> dict[Device, list[Daily]]:
        return _by_device(self.evidence.rolled(PROBE_SUCCESS, self.since))

    @cached_property
    def _in_hours(self) -> dict[Device, list[Daily]]:
        """Each row's `total` is the seconds of school hours that the day's runs speak for, `count` is those runs."""
        rows = self.evidence.rolled(weight(PROBE_SUCCESS), self.since)
        return _by_device(row for row in rows if self.moment.calendar.kind(row.day) == "school")

    def outage(self, observation: Observation, down_after_seconds: float) -> Outage:
        """What is sure of the outage that an observation is the latest run of.

        A gap in the agent's running proves nothing, so that only runs count, each for the seconds until the next is
        due. Of the day on which it last answered a roll-up does not tell which runs came after: as many seconds as
        can have been before are taken off.
        """
        key = observation.probe, observation.device
        outcomes = self._outcomes.get(key, [])
        answered = max((max(_successes(row)) for row in outcomes if row.maximum == 1), default=None)
        seconds, runs = 0.0, 0
        for row in self._in_hours.get(key, []):
            failed = self._failed_seconds(row, answered, observation)
            if failed > 0:
                seconds += failed
                every = observation.every_seconds
                after = answered is None or row.day > self._local(answered)
                runs += row.count if after else ceil(failed / every) if every else 0
        if _is_long(seconds, runs, down_after_seconds):
            return Outage(answered, True)
        unknown = self._failed_on_unknown_days(outcomes, answered)
        runs += sum(count for _, count in unknown)
        seconds += sum(min(count * observation.every_seconds, self._whole_day) for _, count in unknown)
        days = tuple(sorted(day for day, _ in unknown)) if _is_long(seconds, runs, down_after_seconds) else ()
        return Outage(answered, False, days)

    def _failed_seconds(self, row: Daily, answered: datetime | None, observation: Observation) -> float:
        """Seconds of one day's school hours that surely failed after the last answer."""
        calendar, begins = self.moment.calendar, datetime.combine(row.day, time(), ZoneInfo(self.moment.zone))
        first = begins if answered is None else max(begins, answered)
        elapsed = calendar.school_seconds(first, min(begins + _DAY, observation.started_at))
        if answered is None or row.day > self._local(answered):
            return min(row.total, elapsed)
        if row.day < self._local(answered):
            return 0.0
        before = calendar.school_seconds(begins, answered)
        its_own = min(observation.every_seconds, calendar.school_seconds(answered, begins + _DAY))
        if calendar.is_on(answered) is not True:
            its_own = 0.0
        return min(row.total - before - its_own, elapsed)

    def _failed_on_unknown_days(self, outcomes: list[Daily], answered: datetime | None) -> list[tuple[date, int]]:
        after = (row for row in outcomes if answered is None or row.day >= self._local(answered))
        failed = ((row.day, round(row.count - row.total)) for row in after)
        return [(day, count) for day, count in failed if count > 0 and self.moment.calendar.kind(day) == "unknown"]

    @property
    def _whole_day(self) -> float:
        calendar = self.moment.calendar
        opens, closes = (datetime.combine(self.since, at) for at in (calendar.opens, calendar.closes))
        return (closes - opens).total_seconds()

    def _local(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.moment.zone)).date()


def _is_long(seconds: float, runs: int, down_after_seconds: float) -> bool:
    return runs >= MIN_FAILED_RUNS and seconds >= down_after_seconds


def _successes(row: Daily) -> tuple[datetime, ...]:
    """Instants at which a run of this day is known to have ended ok; `maximum_at` may be an earlier one's."""
    return (row.maximum_at, row.last_at) if row.last == 1 else (row.maximum_at,)


def _by_device(rows: Iterable[Daily]) -> dict[Device, list[Daily]]:
    found: dict[Device, list[Daily]] = {}
    for row in rows:
        found.setdefault((row.probe, row.device), []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Since:
    """From when on a good word still counts: surely from `surely` on, and before `perhaps` surely not.

    They differ where the calendar does not know whether days in between are school days.
    """

    surely: datetime
    perhaps: datetime
    unknown: tuple[date, ...] = ()


def counts_since(school_days: int, reach_back_days: int, moment: Moment) -> Since:
    """The midnight so many school days before today, at most `reach_back_days` back."""
    zone = ZoneInfo(moment.zone)
    today = moment.now.astimezone(zone).date()
    surely, perhaps, unknown = None, None, []
    days_surely = days_perhaps = 0
    day = today
    for _ in range(reach_back_days):
        if days_surely >= school_days and surely is None:
            surely = day
        if days_perhaps >= school_days and perhaps is None:
            perhaps = day
            break
        day -= _DAY
        kind = moment.calendar.kind(day)
        days_surely += kind != "off"
        days_perhaps += kind == "school"
        if kind == "unknown":
            unknown.append(day)
    perhaps = perhaps or day
    surely = surely or perhaps
    midnights = [datetime.combine(found, time(), zone) for found in (surely, perhaps)]
    return Since(midnights[0], midnights[1], tuple(sorted(unknown)) if surely != perhaps else ())


def calendar_unknown(days: Iterable[date]) -> Reason:
    """That the verdict would depend on days that the calendar does not know; `days` is not empty."""
    found = sorted(days)
    year = found[0].year
    return Reason("calendar_unknown", {"year": year, "days": sum(day.year == year for day in found)})
