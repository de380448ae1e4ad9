"""The school calendar: the State Council's days, the district's own, and what nobody knows."""

from datetime import UTC, date, datetime, time, timedelta
from timeit import timeit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.calendar import Lesson, SchoolCalendar, Term, announced_until

SHANGHAI = ZoneInfo("Asia/Shanghai")
AUTUMN = Term("2026 秋", date(2026, 9, 1), date(2027, 1, 22))
SPRING = Term("2026 春", date(2026, 3, 2), date(2026, 7, 3))
PLAIN = SchoolCalendar()
WITH_TERMS = SchoolCalendar(terms=(AUTUMN, SPRING))
HOUR = 3600.0


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-09-30", "school"),
        *((f"2026-10-0{day}", "off") for day in range(1, 8)),  # National Day
        ("2026-10-08", "school"),
        ("2026-10-10", "school"),  # a Saturday, made up for the holiday
        ("2026-10-11", "off"),
        ("2026-09-20", "school"),  # a Sunday, made up
        ("2026-09-25", "off"),  # Mid-autumn, a Friday
        ("2026-02-14", "school"),  # a Saturday before the Spring Festival
        *((f"2026-02-{day}", "off") for day in range(15, 24)),
        ("2026-02-28", "school"),
        ("2026-01-02", "off"),
        ("2026-01-04", "school"),
        ("2025-12-31", "school"),
        ("2004-01-05", "school"),
    ],
)
def test_holidays_and_make_up_workdays(day: str, kind: str) -> None:
    assert PLAIN.kind(date.fromisoformat(day)) == kind


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(2098, 1, 1), date(2098, 1, 2), date(2098, 1, 3)])
def test_a_year_that_nobody_announced_is_unknown_even_at_a_weekend(day: date) -> None:
    assert PLAIN.kind(day) == "unknown"
    assert PLAIN.hours(day) is None
    assert PLAIN.is_on(datetime.combine(day, time(10), SHANGHAI)) is None


def unannounced() -> int:
    """The first year that the package does not know, whichever release is installed."""
    return announced_until() + 1


def test_only_the_package_says_which_years_are_known() -> None:
    known = unannounced() - 1
    assert known >= 2026
    assert PLAIN.kind(date(known, 5, 1)) == "off"
    assert PLAIN.kind(date(known + 1, 5, 1)) == "unknown"


def test_the_next_years_notice_may_move_the_last_days_of_december() -> None:
    assert [PLAIN.kind(date(2018, 12, day)) for day in (28, 29, 30, 31)] == ["school", "school", "off", "off"]
    last = unannounced() - 1
    assert [PLAIN.kind(date(last, 12, day)) for day in (29, 30, 31)] == ["unknown"] * 3
    assert PLAIN.kind(date(last, 12, 28)) != "unknown"


def test_a_look_at_the_past_knows_no_more_than_was_known_then() -> None:
    then = SchoolCalendar(holidays_until=2025, school_days=frozenset({date(2026, 3, 3)}))
    assert [then.kind(date(2025, 12, day)) for day in (26, 28, 29)] == ["school", "off", "unknown"]
    assert then.kind(date(2026, 1, 5)) == "unknown"
    assert then.kind(date(2026, 3, 3)) == "school"
    assert PLAIN.kind(date(2026, 1, 5)) == "school"


def test_the_districts_own_days_come_first() -> None:
    year = unannounced()
    off, extra, exam = date(2026, 11, 5), date(2026, 11, 7), date(2026, 11, 14)
    calendar = SchoolCalendar(
        days_off=frozenset({off, date(year, 3, 3)}),
        school_days=frozenset({extra, date(year, 3, 4)}),
        exam_days=frozenset({exam, date(year, 6, 20)}),
    )
    assert calendar.kind(off) == "off"
    assert calendar.kind(extra) == "school"  # a Saturday
    assert calendar.kind(exam) == "school"  # a Saturday
    assert calendar.is_exam(exam)
    assert not calendar.is_exam(extra)
    assert [calendar.kind(date(year, 3, day)) for day in (2, 3, 4, 5)] == ["unknown", "off", "school", "unknown"]
    assert calendar.kind(date(year, 6, 20)) == "school"


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-03-01", "off"),  # a Sunday, whatever else is not known
        ("2026-02-27", "unknown"),  # a Friday before the first term
        ("2026-03-02", "school"),
        ("2026-07-03", "school"),
        ("2026-07-06", "off"),  # vacation
        ("2026-08-31", "off"),
        ("2026-09-01", "school"),
        ("2026-10-01", "off"),  # a holiday in term
        ("2026-10-10", "school"),  # made up, in term
    ],
)
def test_terms_and_vacations(day: str, kind: str) -> None:
    assert WITH_TERMS.kind(date.fromisoformat(day)) == kind


def test_the_days_after_the_last_term_are_unknown_until_the_next_is_given() -> None:
    last = SchoolCalendar(terms=(SPRING,))
    assert [last.kind(date(2026, 7, day)) for day in (3, 4, 5, 6)] == ["school", "off", "off", "unknown"]
    assert WITH_TERMS.kind(date(2026, 7, 6)) == "off"


def test_a_term_in_a_year_that_nobody_announced_still_leaves_its_days_unknown_and_its_vacation_known() -> None:
    year = unannounced()
    terms = (Term("1", date(year, 3, 1), date(year, 7, 1)), Term("2", date(year, 9, 1), date(year + 1, 1, 20)))
    calendar = SchoolCalendar(terms=terms)
    assert calendar.kind(date(year, 3, 2)) == "unknown"
    assert calendar.kind(date(year, 8, 1)) == "off"
    assert calendar.kind(date(year, 2, 1)) == "unknown"


def test_term_of_a_day() -> None:
    assert WITH_TERMS.term(date(2026, 9, 1)) == AUTUMN
    assert WITH_TERMS.term(date(2026, 7, 3)) == SPRING
    assert WITH_TERMS.term(date(2026, 8, 1)) is None
    assert PLAIN.term(date(2026, 9, 1)) is None


def test_hours_begin_and_end_in_the_districts_zone() -> None:
    hours = PLAIN.hours(date(2026, 9, 10))
    assert hours == (local("2026-09-10T07:30"), local("2026-09-10T17:30"))
    assert hours[0].astimezone(UTC) == datetime(2026, 9, 9, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-09-10T07:29:59", False),
        ("2026-09-10T07:30:00", True),
        ("2026-09-10T17:29:59", True),
        ("2026-09-10T17:30:00", False),
        ("2026-09-12T10:00:00", False),
        ("2026-09-20T10:00:00", True),
    ],
)
def test_school_is_on_from_opening_until_closing(at: str, on: bool) -> None:
    assert PLAIN.is_on(local(at)) is on
    assert PLAIN.is_on(local(at).astimezone(UTC)) is on


def test_how_much_of_a_time_lies_in_school_hours_by_the_clock() -> None:
    assert PLAIN.seconds_on(local("2026-09-10T10:00"), 600) == 600
    assert PLAIN.seconds_on(local("2026-09-12T10:00"), 600) == 600  # a Saturday: its kind may change
    assert PLAIN.seconds_on(local("2026-09-10T07:25"), 600) == 300
    assert PLAIN.seconds_on(local("2026-09-10T17:25"), 600) == 300
    assert PLAIN.seconds_on(local("2026-09-10T17:30"), 600) == 0
    assert PLAIN.seconds_on(local("2026-09-10T07:19"), 600) == 0
    assert PLAIN.seconds_on(local("2026-09-10T10:00"), 0) == 0


def test_school_seconds() -> None:
    assert PLAIN.school_seconds(local("2026-09-07T00:00"), local("2026-09-14T00:00")) == 50 * HOUR
    assert PLAIN.school_seconds(local("2026-09-10T10:00"), local("2026-09-10T11:00")) == HOUR
    assert PLAIN.school_seconds(local("2026-09-10T16:30"), local("2026-09-11T08:30")) == 2 * HOUR
    assert PLAIN.school_seconds(local("2026-10-01T00:00"), local("2026-10-11T00:00")) == 30 * HOUR
    assert PLAIN.school_seconds(local("2026-09-10T10:00"), local("2026-09-10T10:00")) == 0
    assert PLAIN.school_seconds(local("2026-09-10T11:00"), local("2026-09-10T10:00")) == 0


def test_unknown_days_are_named_and_hold_no_school_hours() -> None:
    year = unannounced()
    since, until = local(f"{year - 1}-12-31T12:00"), local(f"{year}-01-02T00:00")
    assert PLAIN.unknown_days(since, until) == [
        date(year - 1, 12, 31),
        date(year, 1, 1),
    ]  # nothing of the second has passed
    assert PLAIN.school_seconds(local(f"{year}-01-01T00:00"), until) == 0


def test_school_days_ago() -> None:
    now = local("2026-10-09T10:00")
    assert PLAIN.school_days_ago(now, 0) == local("2026-10-09T00:00")
    assert PLAIN.school_days_ago(now, 1) == local("2026-10-08T00:00")
    assert PLAIN.school_days_ago(now, 2) == local("2026-09-30T00:00")  # over the holiday
    year = unannounced()
    assert PLAIN.school_days_ago(local(f"{year}-01-04T10:00"), 1).date().year == year - 1


def test_a_zone_with_summer_time() -> None:
    """School hours keep their length on the days before and after the clocks change, and across midnight of UTC."""
    zone = ZoneInfo("America/New_York")
    calendar = SchoolCalendar(zone="America/New_York", opens=time(1), closes=time(12), school_days=SPRING_FORWARD)
    short = datetime(2026, 3, 8, tzinfo=zone), datetime(2026, 3, 9, tzinfo=zone)
    assert calendar.school_seconds(*short) == 10 * HOUR  # two o'clock did not happen
    long = datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 11, 2, tzinfo=zone)
    assert calendar.school_seconds(*long) == 12 * HOUR
    assert calendar.is_on(datetime(2026, 11, 1, 4, 59, tzinfo=UTC)) is False
    assert calendar.is_on(datetime(2026, 11, 1, 5, 0, tzinfo=UTC)) is True  # one o'clock of summer time
    assert calendar.is_on(datetime(2026, 11, 1, 17, 0, tzinfo=UTC)) is False


SPRING_FORWARD = frozenset({date(2026, 3, 8), date(2026, 11, 1)})
MOMENTS = st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, MOMENTS, MOMENTS)
def test_school_seconds_add_up_and_never_exceed_the_time(one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    for calendar in (PLAIN, WITH_TERMS):
        halves = calendar.school_seconds(first, middle) + calendar.school_seconds(middle, last)
        assert halves == pytest.approx(calendar.school_seconds(first, last), abs=1e-3)
        assert 0 <= halves <= (last - first).total_seconds() + 1e-3


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_a_day_has_hours_exactly_when_it_is_a_school_day(day: date) -> None:
    for calendar in (PLAIN, WITH_TERMS):
        assert (calendar.hours(day) is not None) == (calendar.kind(day) == "school")
        noon = datetime.combine(day, time(12), SHANGHAI)
        assert calendar.is_on(noon) == {"school": True, "off": False, "unknown": None}[calendar.kind(day)]


LESSONS = (Lesson(time(8), time(8, 40)), Lesson(time(8, 50), time(9, 30)))


@pytest.mark.parametrize(
    ("at", "with_lessons", "without"),
    [
        ("2026-09-10T07:59", False, True),
        ("2026-09-10T08:00", True, True),
        ("2026-09-10T08:39", True, True),
        ("2026-09-10T08:40", False, True),  # a break
        ("2026-09-10T08:50", True, True),
        ("2026-09-10T17:30", False, False),
        ("2026-09-12T08:10", False, False),  # a Saturday
        ("2098-03-03T08:10", None, None),
    ],
)
def test_lessons(at: str, with_lessons: bool | None, without: bool | None) -> None:
    assert SchoolCalendar(lessons=LESSONS).is_lesson(local(at)) is with_lessons
    assert PLAIN.is_lesson(local(at)) is without


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        ("2026-09-10T17:29", None),
        ("2026-09-10T17:30", "2026-09-10T17:30"),
        ("2026-09-11T07:29", "2026-09-10T17:30"),
        ("2026-09-13T12:00", "2026-09-11T17:30"),  # a Sunday
        ("2026-10-07T12:00", "2026-09-30T17:30"),  # National Day
        ("2098-03-03T22:00", None),
    ],
)
def test_when_school_last_ended(at: str, closed: str | None) -> None:
    assert PLAIN.closed_since(local(at)) == (None if closed is None else local(closed))


def test_what_comes_before_an_unknown_day_is_not_known_to_have_closed() -> None:
    only = SchoolCalendar(terms=(SPRING,))
    assert only.closed_since(local("2026-07-04T12:00")) == local("2026-07-03T17:30")  # a Saturday
    assert only.closed_since(local("2026-07-11T12:00")) == local("2026-07-11T00:00")  # after an unknown Friday


def test_calendars_of_the_same_days_are_equal_whatever_they_were_asked() -> None:
    one, other = SchoolCalendar(terms=(AUTUMN, SPRING)), SchoolCalendar(terms=(SPRING, AUTUMN))
    one.kind(date(2026, 9, 1))
    assert one == other
    assert hash(one) == hash(other)


def test_looking_a_day_up_is_cheap() -> None:
    """Verdicts ask 100 000s of times; the bounds are ten times what a slow machine needs."""
    day, now = date(2026, 9, 10), local("2026-09-10T10:00")
    since = now - timedelta(days=30)
    PLAIN.school_seconds(since, now)
    assert timeit(lambda: PLAIN.kind(day), number=10_000) / 10_000 < 5e-6
    assert timeit(lambda: PLAIN.school_seconds(since, now), number=1_000) / 1_000 < 250e-6
