"""The school days of the reckoning, written out by hand from the State Council's notice on the holidays of 2026.

Mid-Autumn is 25 to 27 September, National Day 1 to 7 October; the Sunday 20 September and the Saturday 10 October are
made up for. Nothing here asks a calendar package: the collector does, and the two must agree.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone

LOCAL = timezone(timedelta(hours=8))
OPENS, CLOSES = time(8), time(16)

_WEEKS = """
2026-08-31 2026-09-01 2026-09-02 2026-09-03 2026-09-04
2026-09-07 2026-09-08 2026-09-09 2026-09-10 2026-09-11
2026-09-14 2026-09-15 2026-09-16 2026-09-17 2026-09-18 2026-09-20
2026-09-21 2026-09-22 2026-09-23 2026-09-24
2026-09-28 2026-09-29 2026-09-30
2026-10-08 2026-10-09 2026-10-10
2026-10-12 2026-10-13 2026-10-14 2026-10-15 2026-10-16
2026-10-19 2026-10-20 2026-10-21 2026-10-22 2026-10-23
2026-10-26 2026-10-27 2026-10-28 2026-10-29
"""
SCHOOL_DAYS = tuple(date.fromisoformat(day) for day in _WEEKS.split())
FIRST, LAST = SCHOOL_DAYS[0], SCHOOL_DAYS[-1]
DAYS = tuple(FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
"""Every day, those without school included."""


def at(day: date, hour: int, minute: int = 0, second: float = 0) -> datetime:
    """A local time of a day, as UTC."""
    local = datetime.combine(day, time(hour, minute), LOCAL) + timedelta(seconds=second)
    return local.astimezone(UTC)


def midnight_after(day: date) -> datetime:
    """The end of a local day."""
    return at(day + timedelta(days=1), 0)
