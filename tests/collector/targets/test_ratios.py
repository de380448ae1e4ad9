"""student_device_ratio and teacher_device_ratio by table."""

from datetime import timedelta

import pytest

from collector.roster.model import School, TerminalRegister
from collector.targets.student_device_ratio import StudentRatioPolicy
from collector.targets.teacher_device_ratio import TeacherRatioPolicy
from tests.collector.equipment import ANY_SCHOOL, MONTH, terminals
from tests.collector.making import NOW, codes, known, r, school, seen, verdict
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


def registered(student: int = 0, teacher: int = 0, shared: int = 0) -> School:
    register = TerminalRegister(student=student, teacher=teacher, shared=shared)
    return ANY_SCHOOL.model_copy(update={"terminals": register})


def only_verified(count: int, watched: float = MONTH) -> Observation:
    return seen(
        "terminals", "register",
        r("terminals", count, owner="student", basis="verified"), r("terminals_watched_seconds", watched),
        r("terminals_window_seconds", MONTH), ago=3600,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of", "observation", "state", "code"),
    [
        pytest.param(registered(100), only_verified(100), "met", "terminals_enough", id="enough-are-in-use"),
        pytest.param(registered(99), only_verified(10, 60), "unmet", "register_too_small", id="all-would-not-do"),
        pytest.param(registered(50, shared=50), only_verified(10, 60), "unknown", "terminals_watching", id="watching"),
        pytest.param(registered(100), only_verified(10), "unmet", "register_not_seen", id="not-seen"),
        pytest.param(registered(), only_verified(0), "unmet", "register_too_small", id="an-empty-register"),
        pytest.param(ANY_SCHOOL, only_verified(10, 60), "unknown", "terminals_not_counted", id="no-register-at-all"),
    ],
)
def test_the_rosters_register_counts_where_the_agent_has_none(
    of: School, observation: Observation, state: str, code: str
) -> None:
    found = verdict("student_device_ratio", of, known(observation))
    assert (found.state, found.reason.code) == (state, code)


@pytest.mark.parametrize(("rostered", "differs"), [(100, False), (120, True), (0, True)])
def test_two_registers_that_disagree_are_a_finding_and_the_agents_counts(rostered: int, differs: bool) -> None:
    found = verdict("student_device_ratio", registered(rostered), known(terminals(100, 100)))
    assert found.state == "met"
    assert ("registers_disagree" in codes(found)) == differs
    too_small = verdict("student_device_ratio", registered(200), known(terminals(90, 90)))
    assert (too_small.state, too_small.reason.code) == ("unmet", "register_too_small")


def test_a_register_alone_is_no_verdict_but_a_bound() -> None:
    found = verdict("student_device_ratio", registered(10), known(seen("terminals", "register", outcome="timeout")))
    assert (found.state, found.lowest, found.highest) == ("unknown", 60, None)


def test_numbers_that_cannot_be_counts_are_none() -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(terminals(-5, -5)))
    assert (found.state, found.attainment) == ("unmet", 0)
    huge = r("terminals", 1.7e308, owner="shared", basis="verified")
    many = seen(
        "terminals", "register", *(r(x.measure, x.value, **x.labels) for x in terminals(1, 1).readings), huge, huge
    )
    assert verdict("student_device_ratio", ANY_SCHOOL, known(many)).state == "met"
    no_window = seen("terminals", "register", r("terminals_window_seconds", 0), ago=3600)
    assert verdict("student_device_ratio", ANY_SCHOOL, known(no_window)).reason.code == "terminals_not_counted"


def ranged(
    verified: int = 0,
    inventory: int | None = 0,
    *,
    seen_by_rule: int | None = None,
    made_up: dict[str, int] | None = None,
    watched: float = MONTH,
) -> Observation:
    """What an agent tells that knows owners by rules, and made-up addresses by owner."""
    readings = [r("terminals_watched_seconds", watched), r("terminals_window_seconds", MONTH)]
    if inventory is not None:
        readings += [
            r("terminals", inventory, owner="student", basis="inventory"),
            r("terminals", verified, owner="student", basis="verified"),
        ]
    if seen_by_rule is not None:
        readings.append(r("terminals", seen_by_rule, owner="student", basis="seen"))
    readings += [r("terminals_randomised", count, owner=owner) for owner, count in (made_up or {}).items()]
    return seen("terminals", "register", *readings, ago=3600)


@pytest.mark.parametrize(
    ("observation", "state", "code", "bounds"),
    [
        pytest.param(
            ranged(60, 120, made_up={"unregistered": 40}), "unknown", "terminals_randomised", (6, 10), id="just-perhaps"
        ),
        pytest.param(
            ranged(60, 120, made_up={"unregistered": 39}), "unmet", "register_not_seen", (600 / 99, 10), id="too-few"
        ),
        pytest.param(
            ranged(60, 99, made_up={"unregistered": 900}), "unmet", "register_too_small", (600 / 99, 10), id="strangers"
        ),
        pytest.param(
            ranged(60, 120, made_up={"visitor": 900, "teacher": 900}), "unmet", "register_not_seen", (10, 10),
            id="of-others",
        ),
        pytest.param(
            ranged(100, 100, made_up={"unregistered": 900}), "met", "terminals_enough", (6, 6), id="enough-anyway"
        ),
        pytest.param(
            ranged(60, 120, made_up={"student": 39}), "unmet", "register_not_seen", (600 / 99, 10), id="own-too-few"
        ),
        pytest.param(
            ranged(60, 60, made_up={"student": 40}), "unknown", "terminals_randomised", (6, 10), id="own-made-up"
        ),
        pytest.param(
            ranged(60, 60, made_up={"student": 20, "shared": 20}), "unknown", "terminals_randomised", (6, 10),
            id="shared-made-up",
        ),
        pytest.param(
            ranged(60, 120, made_up={"unregistered": 1}, watched=60), "unknown", "terminals_watching", (5, 10),
            id="watching",
        ),
        pytest.param(ranged(60, 60, seen_by_rule=100), "met", "terminals_enough", (6, 6), id="by-rule"),
        pytest.param(
            ranged(60, 60, seen_by_rule=90, watched=60), "unknown", "terminals_watching", (600 / 90, 600 / 90),
            id="by-rule-more-may-come",
        ),
        pytest.param(
            ranged(60, 60, seen_by_rule=90), "unmet", "terminals_too_few", (600 / 90, 600 / 90), id="by-rule-too-few"
        ),
        pytest.param(
            ranged(inventory=None, seen_by_rule=100), "met", "terminals_enough", (6, 6), id="no-register-met"
        ),
        pytest.param(
            ranged(inventory=None, seen_by_rule=50, made_up={"student": 60}), "unknown", "terminals_randomised",
            (600 / 110, 12), id="no-register-perhaps",
        ),
        pytest.param(
            ranged(inventory=None, seen_by_rule=50), "unmet", "terminals_too_few", (12, 12), id="no-register-unmet"
        ),
    ],
)  # fmt: skip
def test_made_up_addresses_make_a_range(
    observation: Observation, state: str, code: str, bounds: tuple[float, float]
) -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(observation))
    assert (found.state, found.reason.code) == (state, code)
    assert found.lowest == pytest.approx(bounds[0])
    assert found.highest == pytest.approx(bounds[1])
    if found.value is not None:
        assert bounds[0] <= found.value + 1e-9
        assert found.value <= bounds[1] + 1e-9


def test_the_range_is_said_in_both_languages() -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(ranged(60, 120, made_up={"unregistered": 60})))
    assert "总数在 60 与 120 台之间" in found.reason.text.zh
    assert "between 60 and 120" in found.reason.text.en


def test_an_agent_that_does_not_tell_whose_made_up_addresses_are() -> None:
    plain = ranged(60, 120)
    readings = [r(x.measure, x.value, **x.labels) for x in plain.readings]
    old = seen("terminals", "register", *readings, r("terminals_randomised", 60), ago=3600)
    assert verdict("student_device_ratio", ANY_SCHOOL, known(old)).state == "unknown"
