"""Short ways to make a school and what is known of it, for tests of targets."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from collector.evidence import Daily, Evidence
from collector.roster.model import ExpectedDevice, Place, School, System
from collector.targets import TARGETS
from collector.targets.base import Moment, TargetPolicy
from collector.verdict import Verdict
from wire.report import Observation, Outcome, Reading

NOW = datetime(2026, 9, 10, 2, 0, tzinfo=UTC)  # a Thursday, 10:00 in Shanghai
GIGABIT = 125_000_000.0
BY_DEFAULT = datetime(2026, 9, 1, tzinfo=UTC)

R = tuple[str, float, Mapping[str, str]]


def r(measure: str, value: float, **labels: str) -> R:
    return measure, value, labels


def seen(
    probe: str,
    device: str,
    *readings: R,
    ago: float = 30,
    outcome: Outcome = "ok",
    detail: str = "",
    every: float = 60,
) -> Observation:
    """One observation, `ago` seconds before NOW."""
    return Observation(
        id=uuid5(NAMESPACE_OID, f"{probe}/{device}/{ago}/{outcome}"),
        probe=probe,
        device=device,
        started_at=NOW - timedelta(seconds=ago),
        duration_seconds=0.1,
        every_seconds=every,
        outcome=outcome,
        detail=detail,
        readings=tuple(Reading(measure=name, value=value, labels=dict(labels)) for name, value, labels in readings),
    )


def rolled(
    probe: str,
    device: str,
    reading: R,
    *,
    hours_ago: float,
    count: int = 1,
    last: float | None = None,
    minimum: float | None = None,
    made_by: str = "",
    day_hours_ago: float | None = None,
) -> Daily:
    """A day's roll-up whose highest (and last, unless told) reading was taken `hours_ago`."""
    measure, value, labels = reading
    at = NOW - timedelta(hours=hours_ago)
    end = value if last is None else last
    low = min(value, end) if minimum is None else minimum
    day = NOW - timedelta(hours=hours_ago if day_hours_ago is None else day_hours_ago)
    total = value + low * (count - 1)
    local = (day + timedelta(hours=8)).date()
    name = made_by or f"{probe}/{device}/{hours_ago}"
    return Daily(local, probe, device, measure, dict(labels), count, low, value, total, end, at, name, at, name)


def known(*latest: Observation, daily: tuple[Daily, ...] = (), reported: float | None = 20) -> Evidence:
    """Evidence of a school whose agent reported `reported` seconds ago, or never."""
    last = None if reported is None else NOW - timedelta(seconds=reported)
    return Evidence(latest, daily, None if reported is None else BY_DEFAULT, last)


def school(
    *places: str | Place,
    devices: tuple[tuple[System, str, str], ...] = (),
    students: int = 600,
    teachers: int = 40,
    classes: int = 2,
) -> School:
    """A school; devices are (system, id, place)."""
    return School(
        id="s1",
        name="第一小学",
        stage="primary",
        students=students,
        teachers=teachers,
        classes=classes,
        places=tuple(Place(id=place) if isinstance(place, str) else place for place in places),
        devices=tuple(ExpectedDevice(system=system, id=name, place=place) for system, name, place in devices),
    )


def verdict(target: str, of: School, evidence: Evidence, policy: TargetPolicy | None = None) -> Verdict:
    found = TARGETS[target]
    return found.evaluate(of, evidence, policy or found.policy(), Moment(NOW))


def codes(found: Verdict) -> set[str]:
    return {finding.code for finding in found.findings}
