"""School hours and lessons in /metrics, of each school by its stage."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from collector.district import District
from collector.metrics_calendar import calendar_families
from collector.policy import Policy
from collector.store.database import Database
from tests.collector.hours import ZONE
from tests.collector.making import school

POLICY = Policy.model_validate(
    {
        "calendar": {"lessons": [{"begins": "08:00", "ends": "08:40"}]},
        "stages": {"senior": {"calendar": {"closes": "21:30", "lessons": []}}},
    }
)


@pytest.mark.parametrize(
    ("at", "primary", "senior"),
    [
        ("2026-09-10T08:10", [1, 1], [1, 1]),
        ("2026-09-10T10:00", [1, 0], [1, 1]),
        ("2026-09-10T20:00", [0, 0], [1, 1]),
        ("2026-09-12T10:00", [0, 0], [0, 0]),
        ("2098-03-03T10:00", [], []),
    ],
)
def test_each_school_by_its_stage(at: str, primary: list[int], senior: list[int], tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    try:
        snapshot = District(database, POLICY).snapshot()
    finally:
        database.close()
    of = school("101")
    schools = {"a": of.model_copy(update={"id": "a"}), "b": of.model_copy(update={"id": "b", "stage": "senior"})}
    now = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    told: dict[str, list[float]] = {"a": [], "b": []}
    for family in calendar_families(replace(snapshot, schools=schools), now):
        for sample in family.samples:
            told[sample.labels["school"]].append(sample.value)
    assert told == {"a": primary, "b": senior}
