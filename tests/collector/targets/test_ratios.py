"""student_device_ratio and teacher_device_ratio by table."""

from datetime import timedelta

import pytest

from collector.targets.student_device_ratio import StudentRatioPolicy
from collector.targets.teacher_device_ratio import TeacherRatioPolicy
from tests.collector.equipment import ANY_SCHOOL, MONTH, terminals
from tests.collector.making import NOW, known, school, seen, verdict
from wire.report import Observation


@pytest.mark.parametrize(
    ("observation", "state", "code", "value", "attainment"),
    [
        pytest.param(terminals(100, 100), "met", "terminals_enough", 6, 1, id="just-met"),
        pytest.param(terminals(120, 150), "met", "terminals_enough", 5, 1.2, id="met"),
        pytest.param(terminals(100, 120, watched=60), "met", "terminals_enough", 6, 1, id="met-early"),
        pytest.param(terminals(90, 99), "unmet", "register_too_small", 600 / 99, 0.99, id="register-too-small"),
        pytest.param(terminals(5, 50, watched=60), "unmet", "register_too_small", 12, 0.5, id="too-small-early"),
        pytest.param(terminals(60, 120), "unmet", "register_not_seen", 10, 0.6, id="not-seen"),
        pytest.param(terminals(60, 120, watched=MONTH - 1), "unknown", "terminals_watching", None, None, id="watching"),
        pytest.param(terminals(0, 0), "unmet", "register_too_small", None, 0, id="none"),
        pytest.param(terminals(0, 0, watched=60), "unknown", "terminals_watching", None, None, id="none-yet"),
        pytest.param(terminals(0, 120), "unmet", "register_not_seen", None, 0, id="none-seen"),
        pytest.param(terminals(60, 60, shared=40), "met", "terminals_enough", 6, 1, id="shared-count"),
        pytest.param(
            seen("terminals", "register", ago=3600), "unknown", "terminals_not_counted", None, None, id="no-counts"
        ),
    ],
)
def test_student_ratio(
    observation: Observation, state: str, code: str, value: float | None, attainment: float | None
) -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(observation))
    assert (found.state, found.reason.code) == (state, code)
    assert found.value == (None if value is None else pytest.approx(value))
    assert found.attainment == (None if attainment is None else pytest.approx(attainment))
    assert found.threshold == 6


def test_the_register_says_how_far_the_watch_is() -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(terminals(60, 120, watched=4.5 * 86400)))
    assert "30 天观察期已过 4.5 天" in found.reason.text.zh
    assert (found.lowest, found.highest) == (5, 10)


def test_shared_terminals_count_once_and_for_whom_the_policy_says() -> None:
    by_teachers = known(terminals(30, 30, owner="teacher", shared=10))
    assert verdict("teacher_device_ratio", ANY_SCHOOL, by_teachers).state == "unmet"
    policy = TeacherRatioPolicy(shared_for="teachers")
    assert verdict("teacher_device_ratio", ANY_SCHOOL, by_teachers, policy).state == "met"
    students = known(terminals(95, 95, shared=10))
    assert verdict("student_device_ratio", ANY_SCHOOL, students).state == "met"
    policy_without = StudentRatioPolicy(shared_for="teachers")
    assert verdict("student_device_ratio", ANY_SCHOOL, students, policy_without).state == "unmet"


@pytest.mark.parametrize("target", ["student_device_ratio", "teacher_device_ratio"])
def test_a_ratio_needs_people_in_the_roster(target: str) -> None:
    found = verdict(target, school(students=0, teachers=0), known(terminals(10, 10)))
    assert (found.state, found.reason.code) == ("unknown", "roster_missing")


def test_terminals_may_be_two_days_old() -> None:
    fresh = terminals(100, 100)
    old = fresh.model_copy(update={"started_at": NOW - timedelta(days=2, seconds=1)})
    assert verdict("student_device_ratio", ANY_SCHOOL, known(fresh)).state == "met"
    assert verdict("student_device_ratio", ANY_SCHOOL, known(old)).reason.code == "stale"
