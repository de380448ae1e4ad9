"""What an equity clause does with schools of several stages and with what is only known in part."""

from itertools import product
from math import inf, sqrt
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.roster.model import School, Stage
from collector.targets.district._variation import MAX_ENUMERATED, Share, _of_every_corner, _outer, bounds
from collector.targets.district.base import DistrictFacts
from collector.verdict import Reason, State, Verdict
from tests.collector.district.test_clauses import between, cv, primary, said, verdict

ROOMS = "multimedia_classroom"


def whole(*schools: School, **shares: tuple[State, float, float]) -> DistrictFacts:
    """The least and the most share of classes with a display, by school."""
    verdicts = {
        school: {ROOMS: Verdict(ROOMS, state, Reason("never_reported"), low if state != "unknown" else None,
                                lowest=low, highest=high, attainment=low if state != "unknown" else None)}
        for school, (state, low, high) in shares.items()
    }  # fmt: skip
    return DistrictFacts(schools, verdicts, {})


def test_an_unmet_verdict_leaves_open_by_how_much() -> None:
    """East has between 1 and 9 of its 10 rooms: what is proven of a verdict is its least, not what the school has."""
    facts = whole(primary("east", 100, 10), primary("west", 100, 10), east=("unmet", 0.1, 0.9), west=("met", 1.0, 1.0))
    found = verdict("equity_primary", facts, resources=["multimedia_classrooms"])
    assert found.state == "unknown"
    assert found.lowest == pytest.approx(0.1 / 1.9)
    assert found.highest == pytest.approx(0.9 / 1.1)


def test_what_is_met_in_bounds_is_told_as_at_most() -> None:
    facts = whole(primary("a", 100, 10), primary("b", 100, 10), a=("met", 0.8, 1.0), b=("met", 1.0, 1.0))
    found = verdict("equity_primary", facts, resources=["multimedia_classrooms"])
    assert (found.state, found.reason.code) == ("met", "equity_even_at_most")
    assert found.value == found.highest == pytest.approx(0.2 / 1.8)


def test_one_resource_that_varies_too_much_is_enough_though_nothing_is_known_of_the_other() -> None:
    facts = whole(primary("a", 100, 10), primary("b", 100, 10), a=("met", 1.0, 1.0), b=("unmet", 0.1, 0.1))
    found = verdict("equity_primary", facts)
    assert found.state == "unmet"
    assert [f.values["school"] for f in found.findings if f.code == "equity_school"] == ["b"]


def test_a_resource_that_nobody_has_says_nothing_of_the_other() -> None:
    none = said("student_device_ratio", "unmet")
    facts = whole(primary("a", 100, 10), primary("b", 100, 10), a=("met", 1.0, 1.0), b=("met", 1.0, 1.0))
    for school in ("a", "b"):
        facts.verdicts[school]["student_device_ratio"] = none  # type: ignore[index]
    found = verdict("equity_primary", facts)
    assert (found.state, found.reason.code) == ("unknown", "equity_too_few")


@pytest.mark.parametrize(
    ("stage", "students", "parts", "part", "counts"),
    [
        ("junior", 300, {}, "equity_junior", True),
        ("junior", 300, {}, "equity_primary", False),
        ("senior", 300, {}, "equity_junior", False),
        ("senior", 300, {"junior_students": 100}, "equity_junior", True),
        ("senior", 300, {"primary_students": 100, "junior_students": 100}, "equity_primary", True),
        ("primary", 300, {"junior_students": 100}, "equity_junior", True),
        ("vocational", 300, {"junior_students": 100}, "equity_junior", False),
        ("kindergarten", 300, {"primary_students": 100}, "equity_primary", False),
    ],
)
def test_which_schools_take_part(stage: Stage, students: int, parts: dict[str, int], part: str, counts: bool) -> None:
    other: Stage = "primary" if part == "equity_primary" else "junior"
    facts = DistrictFacts((primary("x", 100, 4, other), primary("y", students, 9, stage, **parts)), {}, {})
    code = verdict(part, facts).reason.code
    assert (code == "equity_open") is counts
    assert (code == "equity_too_few") is not counts


def test_what_a_complete_secondary_school_has_is_split_between_junior_and_senior() -> None:
    """Of 110 juniors and 150 seniors at 1.1 : 1.32, a junior has 1.1 / 319 of the 32 rooms."""
    both = primary("c", 260, 32, "senior", junior_students=110)
    each = 32 * 1.1 / (110 * 1.1 + 150 * 1.32)
    alone = primary("j", 1000, round(each * 1000), "junior")
    facts = whole(both, alone, c=("met", 1.0, 1.0), j=("met", 1.0, 1.0))
    found = verdict("equity_junior", facts, resources=["multimedia_classrooms"])
    assert found.value == pytest.approx(0, abs=0.005)


def test_a_nine_year_school_of_which_a_part_is_empty() -> None:
    new = primary("n", 200, 8, "nine_year", primary_students=200, junior_students=0)
    facts = DistrictFacts((new, primary("j", 100, 4, "junior"), primary("k", 100, 4, "junior")), {}, {})
    assert verdict("equity_junior", facts).reason.values["schools"] == 2


# --- the bounds themselves


@settings(max_examples=100, deadline=None)
@given(st.lists(between(), min_size=2, max_size=4))
def test_the_least_is_as_low_as_a_fine_search_finds_it(shares: list[Share]) -> None:
    found = bounds(shares)
    if found is None:
        return
    top = max(share.most for share in shares)
    tried = (cv([(s.students, min(max(top * n / 400, s.least), s.most)) for s in shares]) for n in range(401))
    assert found[0] == pytest.approx(min(tried), abs=0.02)
    assert found[0] <= min(cv(list(zip((s.students for s in shares), c, strict=True)))
                           for c in product(*((s.least, s.most) for s in shares))) + 1e-9  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(between(), min_size=2, max_size=8))
def test_the_outer_bound_is_never_below_the_exact_one(shares: list[Share]) -> None:
    whole_ = sum(share.students for share in shares)
    weighed = [(share.students / whole_, share.least, share.most) for share in shares]
    if any(low > 0 for _, low, _ in weighed):
        assert _outer(weighed) >= _of_every_corner(weighed) - 1e-9


def test_the_outer_bound_is_close_where_there_are_many_schools() -> None:
    shares = [Share(100 + n, 2.0 + n % 3, 4.0 + n % 5) for n in range(10)]
    whole_ = sum(share.students for share in shares)
    weighed = [(share.students / whole_, share.least, share.most) for share in shares]
    assert _outer(weighed) - _of_every_corner(weighed) < 0.02


def test_a_school_of_which_nothing_is_known_may_have_all_there_is() -> None:
    """With a quarter of the students it would give CV² + 1 = 4."""
    found = bounds([Share(300, 5.0, 5.0), Share(100, 0.0, inf)])
    assert found is not None
    assert found[0] == pytest.approx(0)
    assert found[1] == pytest.approx(sqrt(3))


def test_where_it_may_be_that_nobody_has_anything_nothing_bounds_it() -> None:
    found = bounds([Share(100, 0.0, 5.0), Share(100, 0.0, 5.0)])
    assert found is not None
    assert found[0] == pytest.approx(0)
    assert found[1] == inf


def test_a_district_of_a_thousand_unknown_schools_costs_little() -> None:
    shares = [Share(50 + n, 1.0 + n % 7, 2.0 + n % 11) for n in range(1000)]
    assert len(shares) > MAX_ENUMERATED
    start = perf_counter()
    bounds(shares)
    assert perf_counter() - start < 1
