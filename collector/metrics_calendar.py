"""The calendar in /metrics, so that alerts go by each school's own hours."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily

from collector.district import Snapshot
from collector.roster.model import Stage


def calendar_families(district: Snapshot, now: datetime) -> Iterator[Metric]:
    """Whether school is on at each school, and a lesson; absent on a day that the calendar does not know."""
    hours = GaugeMetricFamily(
        "campus_school_in_session",
        "1 in school hours, 0 outside; absent on a day that the calendar does not know.",
        labels=("school",),
    )
    lesson = GaugeMetricFamily(
        "campus_school_in_lesson",
        "1 in a lesson, 0 outside; without lesson times all school hours are lessons.",
        labels=("school",),
    )
    told: dict[Stage, tuple[bool | None, bool | None]] = {}
    for school in district.schools.values():
        if school.stage not in told:
            calendar = district.policy.calendar_for(school.stage)
            told[school.stage] = calendar.is_on(now), calendar.is_lesson(now)
        for family, value in zip((hours, lesson), told[school.stage], strict=True):
            if value is not None:
                family.add_metric((school.id,), float(value))
    yield from (hours, lesson)
