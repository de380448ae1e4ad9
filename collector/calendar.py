"""The school calendar: which days are school days, and when school is on.

A day is a school day, off, or unknown. Holidays and make-up workdays are those that the State Council announces, as the
package chinesecalendar carries them; a year that it does not know is not guessed. The district's own days come first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]

DayKind = Literal["school", "off", "unknown"]
_DAY = timedelta(days=1)
_LOOKS_BACK_DAYS = 400
_NEW_YEAR_REACHES_BACK = 29
"""The first day of December that a New Year's holiday has ever moved (2007, 2018): the next year's notice says so."""


def is_working_day(day: date, known_until: int | None = None) -> bool | None:
    """Whether people in China work on that day, make-up workdays included; None where it is not announced yet.

    `known_until` is the last year to be known, for a look at the past; without it, all that the package has is.
    """
    announced = day.year + (day.month == 12 and day.day >= _NEW_YEAR_REACHES_BACK)
    if known_until is not None and announced > known_until:
        return None
    try:
        chinese_calendar.is_workday(date(announced, 1, 1))
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@cache
def announced_until() -> int:
    """The last year whose holidays the package knows."""
    year = 2026
    while is_working_day(date(year + 1, 1, 1)) is not None:
        year += 1
    return year


@dataclass(frozen=True, slots=True)
class Term:
    """A term (学期), from its first to its last day."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson of every school day, by the clock; its end is no longer in it."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class _Hours:
    """School hours of one day, also as Unix time: two aware times of one zone compare by their clocks alone."""

    opens: datetime
    closes: datetime
    begins: float
    ends: float


@dataclass(frozen=True)
class SchoolCalendar:
    """One stage's calendar in the district's zone."""

    zone: str = "Asia/Shanghai"
    opens: time = time(7, 30)
    closes: time = time(17, 30)
    lessons: tuple[Lesson, ...] = ()
    """Without lesson times all school hours are lessons."""
    terms: tuple[Term, ...] = ()
    """Without terms each working day is a school day."""
    days_off: frozenset[date] = frozenset()
    school_days: frozenset[date] = frozenset()
    exam_days: frozenset[date] = frozenset()
    holidays_until: int | None = None
    """The last year whose holidays are known; None for all that the package has."""
    _kinds: dict[date, DayKind] = field(default_factory=dict, init=False, repr=False, compare=False)
    _hours: dict[date, _Hours | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.zone))
        object.__setattr__(self, "terms", tuple(sorted(self.terms, key=lambda term: term.first)))

    def kind(self, day: date) -> DayKind:
        """Whether it is a school day; unknown where nobody has said so yet."""
        try:
            return self._kinds[day]
        except KeyError:
            return self._kinds.setdefault(day, self._reckoned(day))

    def _reckoned(self, day: date) -> DayKind:
        if day in self.days_off:
            return "off"
        if day in self.school_days or day in self.exam_days:
            return "school"
        term = self.term(day)
        if self.terms and term is None and self.terms[0].first < day < self.terms[-1].last:
            return "off"
        works = is_working_day(day, self.holidays_until)
        if works is False:
            return "off"
        return "unknown" if works is None or (self.terms and term is None) else "school"

    def is_exam(self, day: date) -> bool:
        """Whether the district holds exams on that day."""
        return day in self.exam_days

    def term(self, day: date) -> Term | None:
        """The term in which a day lies; None in vacation, outside of the given terms, and where none is given."""
        return next((term for term in self.terms if term.first <= day <= term.last), None)

    def hours(self, day: date) -> tuple[datetime, datetime] | None:
        """When school begins and ends that day; None unless it is a school day."""
        hours = self._of(day)
        return None if hours is None else (hours.opens, hours.closes)

    def is_on(self, at: datetime) -> bool | None:
        """Whether `at` lies in school hours (closing time excluded); None where the day is unknown."""
        day = at.astimezone(self._zone).date()
        if self.kind(day) == "unknown":
            return None
        hours = self._of(day)
        return hours is not None and hours.begins <= at.timestamp() < hours.ends

    def is_lesson(self, at: datetime) -> bool | None:
        """Whether `at` lies in a lesson; None where the day is unknown."""
        on = self.is_on(at)
        if not on or not self.lessons:
            return on
        clock = at.astimezone(self._zone).time()
        return any(lesson.begins <= clock < lesson.ends for lesson in self.lessons)

    def closed_since(self, at: datetime) -> datetime | None:
        """When school last ended, `at` lying outside of school hours; None in them and where the day is unknown.

        Days that are not known to be off count as school days nowhere: of those that follow an unknown day, the first
        one's midnight is given.
        """
        if self.is_on(at) is not False:
            return None
        day = at.astimezone(self._zone).date()
        if (hours := self._of(day)) and hours.ends <= at.timestamp():
            return hours.closes
        for _ in range(_LOOKS_BACK_DAYS):
            before = day - _DAY
            if self.kind(before) == "unknown":
                break
            if hours := self._of(before):
                return hours.closes
            day = before
        return datetime.combine(day, time(), self._zone)

    def seconds_on(self, at: datetime, seconds: float) -> float:
        """How much of the time from `at` on lies in that day's school hours by the clock, on any kind of day."""
        day = at.astimezone(self._zone).date()
        opens, closes = (datetime.combine(day, clock, self._zone).timestamp() for clock in (self.opens, self.closes))
        begins = at.timestamp()
        return max(0.0, min(begins + seconds, closes) - max(begins, opens))

    def school_seconds(self, since: datetime, until: datetime) -> float:
        """Seconds of school hours between two instants, unknown days left out."""
        total = 0.0
        first, last = since.timestamp(), until.timestamp()
        for day in self._days(since, until):
            if hours := self._of(day):
                begins, ends = hours.begins, hours.ends
                total += max(0.0, (ends if ends < last else last) - (begins if begins > first else first))
        return total

    def unknown_days(self, since: datetime, until: datetime) -> list[date]:
        """The days between two instants of which nobody knows whether they are school days."""
        return [day for day in self._days(since, until) if self.kind(day) == "unknown"]

    def school_days_ago(self, now: datetime, count: int) -> datetime:
        """Local midnight at which the `count`-th school day before today began; unknown days count as none.

        Looks back 400 days at most.
        """
        day = now.astimezone(self._zone).date()
        left, looked = count, 0
        while left > 0 and looked < _LOOKS_BACK_DAYS:
            day -= _DAY
            looked += 1
            left -= self.kind(day) == "school"
        return datetime.combine(day, time(), self._zone)

    def _of(self, day: date) -> _Hours | None:
        try:
            return self._hours[day]
        except KeyError:
            return self._hours.setdefault(day, self._made(day))

    def _made(self, day: date) -> _Hours | None:
        if self.kind(day) != "school":
            return None
        opens, closes = (datetime.combine(day, at, self._zone) for at in (self.opens, self.closes))
        return _Hours(opens, closes, opens.timestamp(), closes.timestamp())

    def _days(self, since: datetime, until: datetime) -> Iterator[date]:
        """Each local day of which something lies between the two."""
        day, end = since.astimezone(self._zone).date(), until.astimezone(self._zone)
        last = end.date() - _DAY if end.time() == time() else end.date()
        while day <= last:
            yield day
            day += _DAY


DEFAULT_CALENDAR = SchoolCalendar()
