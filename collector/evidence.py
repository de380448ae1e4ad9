"""What a target may look at: the latest observations of one school and its daily roll-ups. Plain data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from wire.report import Observation, Reading

PROBE_SUCCESS = "probe_success"
"""Rolled up for every probe and device: 1 for a run with outcome ok, 0 for any other."""


@dataclass(frozen=True, slots=True)
class Daily:
    """One day's roll-up of one measure of one subject (its labels) on one device.

    `probe_success` is rolled up too, for every probe and device: 1 for each run with outcome ok, 0 for any other, so
    that `count` is the runs, `total` the successes, and `last` is the last run's.
    """

    day: date
    probe: str
    device: str
    measure: str
    labels: Mapping[str, str]
    count: int
    minimum: float
    maximum: float
    total: float
    last: float
    last_at: datetime
    last_id: str
    """The observation that gave `last`."""
    maximum_at: datetime
    maximum_id: str
    """The observation that gave `maximum`, for verdicts that rest on the best of a window."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known of one school's devices at a moment."""

    latest: tuple[Observation, ...] = ()
    daily: tuple[Daily, ...] = ()
    first_report_at: datetime | None = None
    last_report_at: datetime | None = None
    _by_probe: dict[str, tuple[Observation, ...]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, probe: str) -> tuple[Observation, ...]:
        """The latest observation of each device by this probe, ordered by device."""
        if probe not in self._by_probe:
            found = [observation for observation in self.latest if observation.probe == probe]
            self._by_probe[probe] = tuple(sorted(found, key=lambda observation: observation.device))
        return self._by_probe[probe]

    def rolled(self, measure: str, since: date) -> Iterator[Daily]:
        """Roll-ups of one measure from `since` on."""
        return (daily for daily in self.daily if daily.measure == measure and daily.day >= since)

    def in_hours(self, measure: str, since: date, now: datetime) -> Iterator["Hours"]:
        """What the school hours of each day from `since` on, and up to now, say of one measure, by device and labels.

        A roll-up counts the last run until the next one is due, which may lie ahead: nobody has watched that yet.
        """
        good = {_subject(row): row for row in self.rolled(weighted(measure), since)}
        for row in self.rolled(weight(measure), since):
            counted = good.get(_subject(row))
            total, last = (counted.total, counted.last) if counted else (0.0, 0.0)
            ahead = min(max(0.0, (row.last_at - now).total_seconds() + row.last), row.last)
            if ahead > 0:
                total -= last * ahead / row.last
            yield Hours(
                row.day, row.probe, row.device, row.labels, row.total - ahead, total, row.last_at, row.last_id
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hours:
    """One measure of one subject in one day's school hours. A run speaks for the seconds until the next one is due.

    `seconds` is for how long the runs speak; `total` is the sum of value x seconds, so that for a measure of 0 or 1 it
    is the seconds that were good. What the school hours have beyond `seconds` nobody measured: it bounds the share.
    """

    day: date
    probe: str
    device: str
    labels: Mapping[str, str]
    seconds: float
    total: float
    last_at: datetime
    last_id: str


def weighted(measure: str) -> str:
    """The name of the roll-up in school hours whose values are value x seconds."""
    return f"{measure}@school"


def weight(measure: str) -> str:
    """The name of the roll-up in school hours whose values are the seconds that each run speaks for."""
    return f"{measure}@school_seconds"


def _subject(row: Daily) -> tuple[date, str, str, tuple[tuple[str, str], ...]]:
    return row.day, row.probe, row.device, tuple(sorted(row.labels.items()))


def readings(observation: Observation, measure: str) -> Iterator[Reading]:
    """One measure's readings of an observation."""
    return (reading for reading in observation.readings if reading.measure == measure)


def is_fresh(observation: Observation, now: datetime, fresh_for: timedelta) -> bool:
    """Whether it is young enough to be believed. One from the future (a wrong clock) is not older than now."""
    return now - observation.started_at <= fresh_for
