"""The school hours that a verdict looks back on, and what share of them was surely good or surely bad."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import fsum
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from collector.targets.base import Moment, TargetPolicy
from common.faults import fault

_DAY = timedelta(days=1)


class SchoolWindowPolicy(TargetPolicy):
    """For a target that rests on the school hours of the last days."""

    window_days: int = Field(7, ge=1, le=31)
    """The window begins at midnight so many days before today and ends now."""
    min_school_days: int = Field(3, ge=0, le=20)
    """A window with fewer school days before today reaches further back, so that holidays are bridged."""
    reach_back_days: int = Field(45, ge=1, le=92)
    """How far back it reaches at most: over a winter vacation, not over a summer's."""

    @property
    def look_back_days(self) -> int:
        return max(self.window_days, self.reach_back_days)


class ShareWindowPolicy(SchoolWindowPolicy):
    """For a target that asks for a share of the window's school hours."""

    at_least: float = Field(0.99, gt=0, le=1)

    @property
    def required_shares(self) -> dict[str, float]:
        """Each share that is asked for, by its name."""
        return {"at_least": self.at_least}

    @model_validator(mode="after")
    def _can_recover(self) -> Self:
        for name, required in self.required_shares.items():
            if required * (1 + self.recovery_margin) > 1 + 1e-9:
                most = f"{int((1 / required - 1) * 1e6) / 1e6:g}"
                raise fault(
                    f"{name} 为 {required:g} 时，recovery_margin 至多为 {most}，否则未达标之后再也无法恢复达标",
                    f"with {name} {required:g}, a recovery_margin of at most {most} is accepted: with more, what was "
                    "unmet could never be met again",
                )
        return self


@dataclass(frozen=True, slots=True)
class SchoolWindow:
    """The school hours from a day's beginning until now."""

    first: date
    until: datetime
    seconds: Mapping[date, float]
    """Of each school day, up to now; a day without any is left out."""
    unknown: Mapping[date, float]
    """Of each day of which nobody knows whether it is a school day: what it would have."""

    @property
    def known_seconds(self) -> float:
        return fsum(self.seconds.values())

    @property
    def all_seconds(self) -> float:
        return fsum((*self.seconds.values(), *self.unknown.values()))


def today(moment: Moment) -> date:
    """The local day."""
    return moment.now.astimezone(ZoneInfo(moment.zone)).date()


def window_of(policy: SchoolWindowPolicy, moment: Moment) -> SchoolWindow:
    """The window that ends at the moment."""
    zone, last = ZoneInfo(moment.zone), today(moment)
    enough = moment.calendar.school_days_ago(moment.now, policy.min_school_days).astimezone(zone).date()
    first = min(last - timedelta(days=policy.window_days), max(enough, last - timedelta(days=policy.reach_back_days)))
    seconds: dict[date, float] = {}
    unknown: dict[date, float] = {}
    for day in days_from(first, last):
        kind = moment.calendar.kind(day)
        found = 0.0 if kind == "off" else hours_of(day, moment, until=moment.now)
        if found > 0:
            (seconds if kind == "school" else unknown)[day] = found
    return SchoolWindow(first, moment.now, seconds, unknown)


def days_from(first: date, last: date) -> Iterable[date]:
    """Every day from the first to the last."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def hours_of(day: date, moment: Moment, until: datetime | None = None) -> float:
    """Seconds of the day's school hours, as if it were a school day, before an instant where one is given."""
    zone = ZoneInfo(moment.zone)
    opens, closes = (datetime.combine(day, at, zone) for at in (moment.calendar.opens, moment.calendar.closes))
    end = closes.timestamp() if until is None else min(closes.timestamp(), until.timestamp())
    return max(0.0, end - opens.timestamp())


def next_school_day(moment: Moment) -> date | None:
    """The next school day after today that the calendar knows, within a quarter of a year."""
    after = (today(moment) + number * _DAY for number in range(1, 93))
    return next((day for day in after if moment.calendar.kind(day) == "school"), None)


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says of one day's school hours, in seconds: it speaks for `seen`, of which some are surely good
    and some surely bad."""

    day: date
    seen: float
    good: float
    bad: float


@dataclass(frozen=True, slots=True)
class DayShare:
    """Seconds of one school day: how many it has, and how many are surely watched, good and bad."""

    day: date
    seconds: float
    seen: float
    good: float
    bad: float


@dataclass(frozen=True, slots=True)
class Share:
    """What share of a window's school hours was good: at least and at most."""

    lowest: float
    highest: float
    days: tuple[DayShare, ...]

    @property
    def watched(self) -> float:
        return fsum(day.seen for day in self.days)


def share_of(window: SchoolWindow, told: Iterable[Told]) -> Share | None:
    """The bounds of the good share; None when the window has no school hours at all.

    Several sources of a day are alternatives: a second is good when any of them says so. How they overlap is not known,
    so that the good seconds are at least those of the best source, and the bad ones at least those of the worst that
    the others cannot make up for. What nobody watched could be either, and so could every hour of an unknown day.
    """
    whole = window.all_seconds
    if whole <= 0:
        return None
    by_day: dict[date, list[Told]] = {}
    for one in told:
        if one.day in window.seconds and one.seen > 0:
            by_day.setdefault(one.day, []).append(_capped(one, window.seconds[one.day]))
    days = tuple(_of_day(day, seconds, by_day.get(day, [])) for day, seconds in window.seconds.items())
    lowest = fsum(day.good for day in days) / whole
    highest = (whole - fsum(day.bad for day in days)) / whole
    return Share(round(lowest, 9), round(highest, 9), days)  # sums of fractions must not miss a limit by a last digit


def _capped(one: Told, seconds: float) -> Told:
    """Runs that speak for more than the day has, as after a restart, count for less each."""
    if one.seen <= seconds:
        return one
    return Told(one.day, seconds, one.good * seconds / one.seen, one.bad * seconds / one.seen)


def _of_day(day: date, seconds: float, told: list[Told]) -> DayShare:
    if not told:
        return DayShare(day, seconds, 0.0, 0.0, 0.0)
    all_good = fsum(one.good for one in told)
    bad = max(one.bad - (all_good - one.good) for one in told)
    return DayShare(day, seconds, max(one.seen for one in told), max(one.good for one in told), max(0.0, bad))


def earliest_met(
    window: SchoolWindow, share: Share, at_least: float, policy: SchoolWindowPolicy, moment: Moment
) -> date:
    """The first day on which the share can be proven, if all is watched and good from now on."""
    last = today(moment)
    lost = {day.day: day.seconds - day.good for day in share.days}
    for ahead in range(1, policy.window_days + 1):
        day = last + ahead * _DAY
        inside = days_from(day - timedelta(days=policy.window_days), day - _DAY)
        kept = [one for one in inside if one >= window.first and moment.calendar.kind(one) == "school"]
        whole = fsum(hours_of(one, moment) for one in kept)
        if whole > 0 and fsum(lost.get(one, 0.0) for one in kept) <= (1 - at_least) * whole:
            return day
    return last + (policy.window_days + 1) * _DAY
