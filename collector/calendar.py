"""The school calendar: which days are school days, and when school is on.

A day is a school day, off, or unknown: the State Council's holidays and make-up workdays are known for the years that
the package knows, and no other year is guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

DayKind = Literal["school", "off", "unknown"]


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """One stage's calendar in the district's zone."""

    zone: str = "Asia/Shanghai"
    opens: time = time(7, 30)
    closes: time = time(17, 30)

    def kind(self, day: date) -> DayKind:
        """Whether it is a school day; unknown where nobody has said so yet."""
        return "off" if day.weekday() >= 5 else "school"

    def hours(self, day: date) -> tuple[datetime, datetime] | None:
        """When school begins and ends that day; None unless it is a school day."""
        if self.kind(day) != "school":
            return None
        zone = ZoneInfo(self.zone)
        return datetime.combine(day, self.opens, zone), datetime.combine(day, self.closes, zone)

    def is_on(self, at: datetime) -> bool | None:
        """Whether `at` lies in school hours (closing time excluded); None where the day is unknown."""
        day = at.astimezone(ZoneInfo(self.zone)).date()
        if self.kind(day) == "unknown":
            return None
        hours = self.hours(day)
        return hours is not None and hours[0] <= at < hours[1]

    def school_seconds(self, since: datetime, until: datetime) -> float:
        """Seconds of school hours between two instants, unknown days left out."""
        total = 0.0
        for day in self._days(since, until):
            if hours := self.hours(day):
                total += max(0.0, (min(hours[1], until) - max(hours[0], since)).total_seconds())
        return total

    def unknown_days(self, since: datetime, until: datetime) -> list[date]:
        """The days between two instants of which nobody knows whether they are school days."""
        return [day for day in self._days(since, until) if self.kind(day) == "unknown"]

    def school_days_ago(self, now: datetime, count: int) -> datetime:
        """Local midnight at which the `count`-th school day before today began; unknown days count as none."""
        day = now.astimezone(ZoneInfo(self.zone)).date()
        left, looked = count, 0
        while left > 0 and looked < 400:
            day -= timedelta(days=1)
            looked += 1
            left -= self.kind(day) == "school"
        return datetime.combine(day, time(), ZoneInfo(self.zone))

    def _days(self, since: datetime, until: datetime) -> Iterator[date]:
        zone = ZoneInfo(self.zone)
        day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        while day <= last:
            yield day
            day += timedelta(days=1)


DEFAULT_CALENDAR = SchoolCalendar()
