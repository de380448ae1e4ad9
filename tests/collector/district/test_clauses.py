"""District clauses: met, unmet, each reason for unknown, bounds, and the coefficient against every possible outcome."""

from datetime import timedelta
from itertools import product
from math import inf, isclose, sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.policy import Policy
from collector.required import district_facts
from collector.roster.model import School, Stage
from collector.targets.base import Moment
from collector.targets.district import DISTRICT_TARGETS
from collector.targets.district._variation import MAX_ENUMERATED, Share, bounds
from collector.targets.district.base import DistrictFacts, Interface
from collector.verdict import Reason, State, Verdict
from tests.collector.making import NOW

REASON = Reason("never_reported")


def primary(name: str, students: int = 100, classes: int = 4, stage: Stage = "primary", **more: int) -> School:
    return School(id=name, name=name, stage=stage, students=students, teachers=10, classes=classes, **more)


def said(
    target: str, state: State, value: float | None = None, lowest: float | None = None, highest: float | None = None
) -> Verdict:
    known = None if state == "unknown" else value
    attainment = None if state == "unknown" else 1.0
    return Verdict(target, state, REASON, known, attainment=attainment, lowest=lowest, highest=highest)


def verdict(target: str, facts: DistrictFacts, **policy: object) -> Verdict:
    found = DISTRICT_TARGETS[target]
    return found.evaluate(facts, found.policy.model_validate(policy), Moment(NOW))


# --- smart campuses


def campuses(*states: State) -> DistrictFacts:
    schools = tuple(primary(f"s{number}") for number in range(len(states)))
    verdicts = {
        f"s{n}": {"desktop_100m": said("desktop_100m", "met"), "exam_marking": said("exam_marking", state)}
        for n, state in enumerate(states)
    }
    required = {school.id: frozenset({"desktop_100m", "exam_marking"}) for school in schools}
    return DistrictFacts(schools, verdicts, required)


@pytest.mark.parametrize(
    ("states", "state", "lowest", "highest"),
    [
        (("met", "met", "met", "unmet"), "met", 0.75, 0.75),
        (("met", "met", "met", "unknown"), "met", 0.75, 1.0),
        (("met", "met", "unmet", "unknown"), "unknown", 0.5, 0.75),
        (("met", "unmet", "unmet", "unknown"), "unmet", 0.25, 0.5),
        (("unknown",), "unknown", 0.0, 1.0),
    ],
)
def test_the_share_of_smart_campuses(states: tuple[State, ...], state: State, lowest: float, highest: float) -> None:
    found = verdict("smart_campus_share", campuses(*states))
    assert (found.state, found.lowest, found.highest) == (state, lowest, highest)
    assert f"{len(states)} " in found.reason.text.en
    if state != "unknown":
        assert found.value == lowest


def test_the_school_that_lacks_least_is_named_first_with_what_it_lacks() -> None:
    facts = campuses("unmet", "unknown", "met")
    facts.verdicts["s0"]["desktop_100m"] = said("desktop_100m", "unmet")  # type: ignore[index]
    findings = verdict("smart_campus_share", facts).findings
    assert [finding.values["school"] for finding in findings] == ["s1", "s0"]
    assert "Online marking" in findings[0].text.en or "marking" in findings[0].text.en


def test_a_school_of_which_nothing_is_required_is_no_smart_campus() -> None:
    facts = campuses("met")
    nothing = DistrictFacts(facts.schools, facts.verdicts, {"s0": frozenset()})
    found = verdict("smart_campus_share", nothing)
    assert (found.state, found.lowest, found.highest) == ("unknown", 0.0, 1.0)
    assert found.findings[0].code == "school_without_required"


def test_without_schools_nothing_is_known() -> None:
    for target in DISTRICT_TARGETS:
        assert verdict(target, DistrictFacts((), {}, {})).state == "unknown"


def test_an_exemption_in_force_takes_its_target_out_and_is_told() -> None:
    from collector.corrections import Correction

    facts = campuses("unmet")
    begins, ends = NOW - timedelta(days=1), NOW + timedelta(days=1)
    free = Correction(1, "s0", "exam_marking", "exemption", begins, ends, "王", "幼儿", begins)
    policy = Policy(smart_campus=("desktop_100m", "exam_marking"))
    schools = {school.id: school for school in facts.schools}
    for now, state, told in ((NOW, "met", True), (ends, "unmet", False)):
        found = verdict("smart_campus_share", district_facts(schools, facts.verdicts, policy, [free], now))
        assert found.state == state
        assert ("smart_campus_exemptions" in {finding.code for finding in found.findings}) is told


# --- equity


def test_the_official_formula_by_hand() -> None:
    """Three schools of 100, 200 and 700 students with 4, 4 and 14 multimedia classrooms.

    Per 100 students: 4, 2, 2; mean 22 / 10 = 2.2; S² = 0.1·1.8² + 0.2·0.2² + 0.7·0.2² = 0.36; CV = 0.6 / 2.2.
    """
    schools = (primary("a", 100, 4), primary("b", 200, 4), primary("c", 700, 14))
    verdicts = {s.id: {"multimedia_classroom": said("multimedia_classroom", "met", 1.0)} for s in schools}
    facts = DistrictFacts(schools, verdicts, {})
    found = verdict("equity_primary", facts, resources=["multimedia_classrooms"])
    assert found.state == "met"
    assert found.value == pytest.approx(0.6 / 2.2)
    assert found.attainment == pytest.approx(0.6 / (0.6 / 2.2))


def test_the_worked_example_of_the_supervision() -> None:
    """Books of five primary schools as the published explanation of the method reckons them: CV 0.52."""
    students, books = (45, 37, 89, 76, 55), (279, 137, 935, 160, 402)
    shares = [Share(p, b / p, b / p) for p, b in zip(students, books, strict=True)]
    least, most = bounds(shares) or (0.0, 0.0)
    assert least == most == pytest.approx(0.515, abs=0.002)


def test_a_nine_year_schools_resources_are_split_by_the_official_ratio() -> None:
    """210 primary and 100 junior students share 32 rooms: 32 / (210 + 110) = 0.1 a primary one, 0.11 a junior one."""
    parts = primary("n", 310, 32, "nine_year", primary_students=210, junior_students=100)
    schools = (primary("p", 100, 10), primary("j", 100, 11, "junior"), parts)
    verdicts = {s.id: {"multimedia_classroom": said("multimedia_classroom", "met", 1.0)} for s in schools}
    for target in ("equity_primary", "equity_junior"):
        found = verdict(target, DistrictFacts(schools, verdicts, {}), resources=["multimedia_classrooms"])
        assert found.state == "met"
        assert found.value == pytest.approx(0, abs=1e-9)


def uneven(rich: float, poor: float) -> DistrictFacts:
    schools = (primary("a", 100, 10), primary("b", 100, 10))
    verdicts = {
        "a": {"multimedia_classroom": said("multimedia_classroom", "met", rich)},
        "b": {"multimedia_classroom": said("multimedia_classroom", "unmet", poor)},
    }
    return DistrictFacts(schools, verdicts, {})


@pytest.mark.parametrize(("poor", "state"), [(0.26, "met"), (0.25, "unmet"), (0.2, "unmet")])
def test_the_limit_itself_is_not_below_it(poor: float, state: State) -> None:
    found = verdict("equity_primary", uneven(1.0, poor), below=0.6, resources=["multimedia_classrooms"])
    assert found.state == state, found.reason.text.en


def test_where_the_limit_itself_is_good_enough() -> None:
    even = verdict("equity_primary", uneven(1.0, 0.25), below=0.6, inclusive=True, resources=["multimedia_classrooms"])
    assert even.state == "met"


def test_what_a_school_has_between_bounds_leaves_the_coefficient_open_only_where_it_matters() -> None:
    facts = uneven(1.0, 0.9)
    for low, state in ((0.3, "met"), (0.1, "unknown")):
        facts.verdicts["b"]["multimedia_classroom"] = said(  # type: ignore[index]
            "multimedia_classroom", "unknown", lowest=low, highest=0.9
        )
        found = verdict("equity_primary", facts, resources=["multimedia_classrooms"])
        assert found.state == state
    assert found.reason.code == "equity_open"
    assert "b" in str(found.reason.values["names"])


def test_a_nine_year_school_counts_with_the_students_of_each_part() -> None:
    whole = primary("n", 300, 9, "nine_year")
    facts = DistrictFacts((primary("a"), whole), {}, {})
    assert verdict("equity_primary", facts).reason.code == "part_students_missing"
    parts = primary("n", 300, 9, "nine_year", primary_students=200, junior_students=100)
    assert verdict("equity_primary", DistrictFacts((primary("a"), parts), {}, {})).reason.code == "equity_open"
    alone = verdict("equity_junior", DistrictFacts((primary("a"), parts), {}, {}))
    assert alone.reason.code == "equity_too_few"


def cv(points: list[tuple[int, float]]) -> float:
    whole = sum(students for students, _ in points)
    mean = sum(students * value for students, value in points) / whole
    if mean == 0:
        return inf
    return sqrt(sum(students / whole * (value - mean) ** 2 for students, value in points)) / mean


@st.composite
def between(draw: st.DrawFn) -> Share:
    ends = sorted((draw(st.integers(0, 8)), draw(st.integers(0, 8))))
    return Share(draw(st.integers(1, 500)), float(ends[0]), float(ends[1]))


@settings(max_examples=200, deadline=None)
@given(st.lists(between(), min_size=2, max_size=5))
def test_no_outcome_is_outside_of_the_bounds_and_the_extremes_are_reached(shares: list[Share]) -> None:
    found = bounds(shares)
    steps = [[s.least + (s.most - s.least) * n / 4 for n in range(5)] for s in shares]
    outcomes = [cv(list(zip((s.students for s in shares), values, strict=True))) for values in product(*steps)]
    if found is None:
        assert all(outcome == inf for outcome in outcomes)
        return
    least, most = found
    assert all(least - 1e-9 <= outcome <= most + 1e-9 for outcome in outcomes)
    assert most == inf or isclose(most, max(outcomes), abs_tol=1e-9)
    assert least >= 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.large_base_example])
@given(st.lists(between(), min_size=MAX_ENUMERATED + 1, max_size=20), st.randoms())
def test_the_bound_for_many_unknown_schools_is_sound(shares: list[Share], random) -> None:  # type: ignore[no-untyped-def]
    found = bounds(shares)
    for _ in range(50):
        values = [random.choice((s.least, s.most, random.uniform(s.least, s.most))) for s in shares]
        outcome = cv(list(zip((s.students for s in shares), values, strict=True)))
        if found is not None and outcome < inf:
            assert found[0] - 1e-9 <= outcome <= found[1] + 1e-6


@settings(max_examples=50, deadline=None)
@given(st.lists(between(), min_size=2, max_size=6), st.randoms())
def test_the_order_of_schools_does_not_matter(shares: list[Share], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(shares)
    random.shuffle(shuffled)
    assert bounds(shuffled) == pytest.approx(bounds(shares))


# --- the MAN and open data


def test_the_man_over_all_schools() -> None:
    schools = tuple(primary(f"s{number}") for number in range(20))
    verdicts = {s.id: {"man_performance": said("man_performance", "met", 1.0)} for s in schools}
    assert verdict("man_performance", DistrictFacts(schools, verdicts, {})).state == "met"
    verdicts["s0"]["man_performance"] = said("man_performance", "unmet", 0.5)
    found = verdict("man_performance", DistrictFacts(schools, verdicts, {}))
    assert (found.state, found.value) == ("met", 0.95)
    verdicts["s1"]["man_performance"] = said("man_performance", "unknown")
    assert verdict("man_performance", DistrictFacts(schools, verdicts, {})).state == "unknown"
    verdicts["s2"]["man_performance"] = said("man_performance", "unmet", 0.5)
    assert verdict("man_performance", DistrictFacts(schools, verdicts, {})).state == "unmet"


def interfaces(*ok: bool, ago: float = 60) -> DistrictFacts:
    at = NOW - timedelta(seconds=ago)
    found = tuple(Interface(f"i{n}", good, at, "" if good else "HTTP 500") for n, good in enumerate(ok))
    return DistrictFacts((), {}, {}, interfaces=found)


def test_open_data_rests_on_interfaces_that_were_tried_lately() -> None:
    assert verdict("open_data", interfaces(True, True)).state == "met"
    broken = verdict("open_data", interfaces(True, False))
    assert (broken.state, broken.value, broken.reason.code) == ("unmet", 1, "interface_broken")
    assert verdict("open_data", interfaces(True, True, ago=10_000)).reason.code == "interfaces_not_tried"
