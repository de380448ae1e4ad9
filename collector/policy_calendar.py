"""The calendar part of a policy: school hours, terms, and the days that the district adds to the State Council's."""

import re
from collections.abc import Callable
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from collector.calendar import Lesson, SchoolCalendar, Term
from common.faults import fault

_HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _only(pattern: str, kind: type, zh: str, en: str) -> Callable[[Any], Any]:
    """Text of one form alone: pydantic would also take a bare number, as seconds."""

    def check(value: Any) -> Any:
        if type(value) is kind or (isinstance(value, str) and re.match(pattern, value, re.ASCII)):
            return value
        raise fault(zh, en)

    return check


Clock = Annotated[
    time,
    BeforeValidator(_only(_HOUR, time, "应为 24 小时制时刻，如 07:30", "a time of day is accepted, such as 07:30")),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _HOUR}),
]
Day = Annotated[
    date, BeforeValidator(_only(_DAY, date, "应为日期，如 2026-09-01", "a date is accepted, such as 2026-09-01"))
]
Days = Annotated[tuple[Day, ...], Field(max_length=1000), AfterValidator(lambda days: tuple(sorted({*days})))]
"""Their order and repetitions say nothing."""


class TermPolicy(BaseModel):
    """One term (学期)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=60)
    first: Day
    """The first day of lessons."""
    last: Day
    """The last day of lessons."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise fault("学期的最后一天早于第一天", "the term's last day is before its first")
        return self


class LessonPolicy(BaseModel):
    """One lesson (节次), at the same time on every school day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: Clock
    ends: Clock

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.begins:
            raise fault("下课时刻 ends 应晚于上课时刻 begins", "ends must be later than begins")
        return self


def _by_clock(lessons: tuple[LessonPolicy, ...]) -> tuple[LessonPolicy, ...]:
    return tuple(sorted(lessons, key=lambda lesson: lesson.begins))


def _by_date(terms: tuple[TermPolicy, ...]) -> tuple[TermPolicy, ...]:
    return tuple(sorted(terms, key=lambda term: term.first))


class CalendarPolicy(BaseModel):
    """What a district may set of its school days. Without terms, each working day is a school day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: Clock = Field(time(7, 30), json_schema_extra={"default": "07:30"})
    """When school begins."""
    closes: Clock = Field(time(17, 30), json_schema_extra={"default": "17:30"})
    """When school ends."""
    lessons: Annotated[tuple[LessonPolicy, ...], Field(max_length=30), AfterValidator(_by_clock)] = ()
    """The lessons of a school day. Without any, all school hours count as lessons."""
    terms: Annotated[tuple[TermPolicy, ...], Field(max_length=100), AfterValidator(_by_date)] = ()
    """The terms. A day between two of them is vacation; before the first and after the last nothing is known."""
    days_off: Days = ()
    """The district's own days off: sports days, typhoons."""
    school_days: Days = ()
    """School days that the State Council's calendar has as free."""
    exam_days: Days = ()
    """Days of exams, which are school days whatever else the calendar says."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.closes <= self.opens:
            raise fault("放学时刻 closes 应晚于上学时刻 opens", "closes must be later than opens")
        for lesson, after in pairwise(self.lessons):
            if after.begins < lesson.ends:
                raise fault(
                    f"{after.begins:%H:%M} 开始的课与前一节重叠",
                    f"the lesson at {after.begins:%H:%M} overlaps the one before",
                )
        for lesson in self.lessons:
            if lesson.begins < self.opens or lesson.ends > self.closes:
                begins = f"{lesson.begins:%H:%M}"
                raise fault(
                    f"{begins} 开始的课不在上学与放学之间", f"the lesson at {begins} is not between opens and closes"
                )
        for one, other in pairwise(self.terms):
            if other.first <= one.last:
                raise fault(
                    f"学期“{one.name}”与“{other.name}”重叠", f"the terms '{one.name}' and '{other.name}' overlap"
                )
        if both := sorted({*self.days_off} & {*self.school_days, *self.exam_days}):
            days = ", ".join(map(str, both))
            raise fault(
                f"{days} 既写为休息又写为上课或考试", f"{days}: both a day off and a school or exam day; keep one"
            )
        return self

    def calendar(self, zone: str, holidays_until: int) -> SchoolCalendar:
        """The calendar that these settings make in a time zone, with the holidays announced up to a year."""
        return SchoolCalendar(
            zone=zone,
            opens=self.opens,
            closes=self.closes,
            lessons=tuple(Lesson(lesson.begins, lesson.ends) for lesson in self.lessons),
            terms=tuple(Term(term.name, term.first, term.last) for term in self.terms),
            days_off=frozenset(self.days_off),
            school_days=frozenset(self.school_days),
            exam_days=frozenset(self.exam_days),
            holidays_until=holidays_until,
        )
