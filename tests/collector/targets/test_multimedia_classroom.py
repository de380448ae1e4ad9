"""multimedia_classroom by table."""

from datetime import date

import pytest

from collector.calendar import SchoolCalendar
from collector.evidence import Evidence
from collector.roster.model import Place, School
from collector.targets import TARGETS
from collector.targets.base import Moment
from collector.targets.multimedia_classroom import MultimediaPolicy
from tests.collector.av import TODAY, YESTERDAY, runs, word
from tests.collector.equipment import HALL, P1, ROOMS, display, ran, was_up
from tests.collector.making import NOW, codes, known, r, school, seen, verdict


@pytest.mark.parametrize(
    ("of", "evidence", "state", "code", "bounds"),
    [
        pytest.param(ROOMS, known(P1, display("p2", 1)), "met", "classes_equipped", (1, 1), id="met"),
        pytest.param(
            school("101", "102"),
            known(display("x", 1, "101"), display("y", 1, "102")),
            "met",
            "classes_equipped",
            (1, 1),
            id="agent-maps",
        ),
        pytest.param(ROOMS, known(P1, display("p2", 0)), "unmet", "classes_not_equipped", (0.5, 0.5), id="fault"),
        pytest.param(ROOMS, known(P1), "unknown", "display_not_probed", (0.5, 1), id="roster-has-one-not-probed"),
        pytest.param(
            school("101", "102", devices=(("multimedia", "p1", "101"),)),
            known(P1),
            "unmet",
            "classes_not_equipped",
            (0.5, 0.5),
            id="a-room-without",
        ),
        pytest.param(
            school("101", "102"),
            known(display("x", 1)),
            "unmet",
            "classes_not_equipped",
            (0, 0.5),
            id="one-for-two-rooms",
        ),
        pytest.param(
            school("101", "102"),
            known(display("x", 1), display("y", 1)),
            "unknown",
            "displays_without_place",
            (0, 1),
            id="no-place",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="refused")),
            "unknown",
            "device_refused",
            (0.5, 1),
            id="password",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="unreachable"), daily=was_up("p2", 12)),
            "met",
            "classes_equipped",
            (1, 1),
            id="off-the-mains-at-night",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="unreachable"), daily=was_up("p2", 12, last=0)),
            "unknown",
            "device_unreachable",
            (0.5, 1),
            id="its-last-word-was-a-fault",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="timeout"), daily=ran("p2", 0.1, 3)),
            "unknown",
            "device_timeout",
            (0.5, 1),
            id="failing-for-minutes",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="timeout"), daily=ran("p2", 0.1, 12)),
            "unmet",
            "classes_not_equipped",
            (0.5, 0.5),
            id="failing-for-an-hour",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="timeout", every=0), daily=ran("p2", 0.1, 12, every=0)),
            "unknown",
            "device_timeout",
            (0.5, 1),
            id="asked-by-hand",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", None, outcome="timeout"), daily=ran("p2", 25, 200, ok=True) + ran("p2", 0.1, 120)),
            "unmet",
            "classes_not_equipped",
            (0.5, 0.5),
            id="down-since-yesterday",
        ),
        pytest.param(
            ROOMS,
            known(P1, display("p2", 1, ago=1000)),
            "unknown",
            "stale",
            (0.5, 1),
            id="stale",
        ),
        pytest.param(
            school("101", "102", classes=3),
            known(display("x", 1, "101"), display("y", 1, "102")),
            "unknown",
            "classrooms_not_listed",
            (2 / 3, 1),
            id="rooms-missing-in-the-roster",
        ),
        pytest.param(
            school("101", "102", "103"),
            known(display("x", 1, "101"), display("y", 1, "102")),
            "unknown",
            "spare_classrooms",
            (0.5, 1),
            id="a-spare-room",
        ),
        pytest.param(
            school("101", "102", "103", "104"),
            known(display("x", 1, "101")),
            "unmet",
            "classes_not_equipped",
            (0, 0.5),
            id="spare-rooms-and-too-few",
        ),
        pytest.param(
            school(Place(id="101", class_name="1(1)"), Place(id="102", class_name="1(2)"), "103"),
            known(display("x", 1, "101"), display("y", 1, "102")),
            "met",
            "classes_equipped",
            (1, 1),
            id="rooms-with-a-class",
        ),
        pytest.param(school("101", classes=0), known(P1), "unknown", "roster_missing", (None, None), id="no-classes"),
        pytest.param(school(HALL), known(P1), "unknown", "roster_missing", (None, None), id="no-classrooms"),
    ],
)
def test_multimedia(
    of: School, evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]
) -> None:
    found = verdict("multimedia_classroom", of, evidence)
    assert (found.state, found.reason.code) == (state, code)
    assert (found.lowest, found.highest) == (bounds[0], bounds[1])


def test_a_broken_display_and_a_bare_room_are_named() -> None:
    found = verdict("multimedia_classroom", ROOMS, known(P1, display("p2", 0)))
    assert [finding.text.en for finding in found.findings] == ["p2 (102) reports a fault; have it repaired"]
    bare = verdict("multimedia_classroom", school("101", "102"), known(display("x", 1, "101")))
    assert [finding.code for finding in bare.findings] == ["classroom_without_display"]


def test_a_dead_display_keeps_the_place_that_its_run_told() -> None:
    state = r("av_device_state", 1, system="multimedia", place="102", state="unreachable")
    dead = seen("display", "y", state, outcome="unreachable", every=300)
    found = verdict(
        "multimedia_classroom", school("101", "102"), known(display("x", 1, "101"), dead, daily=ran("y", 0.1, 50))
    )
    assert found.state == "unmet"
    assert codes(found) == {"display_never_up"}


def test_a_fault_told_before_the_run_failed_is_a_fault() -> None:
    broken = display("p2", 0, "102", outcome="malformed")
    assert verdict("multimedia_classroom", ROOMS, known(P1, broken)).state == "unmet"


@pytest.mark.parametrize(
    ("day", "school_days", "state"),
    [
        (date(2026, 9, 8), 2, "met"),
        (date(2026, 9, 7), 2, "unknown"),
        (date(2026, 9, 7), 3, "met"),
        (date(2026, 9, 5), 4, "met"),
        (YESTERDAY, 0, "unknown"),
        (TODAY, 0, "met"),
    ],
)
def test_a_good_word_counts_for_school_days(day: date, school_days: int, state: str) -> None:
    """2026-09-05 is the Saturday before Monday the 7th."""
    evidence = known(
        P1, display("p2", None, outcome="unreachable"), daily=(word("multimedia", "p2", day, probe="display"),)
    )
    policy = MultimediaPolicy(seen_within_school_days=school_days)
    assert verdict("multimedia_classroom", ROOMS, evidence, policy).state == state


def test_holidays_do_not_count_against_a_display() -> None:
    """The National Day holiday of 2026 is 1 to 7 October; nobody needs a projector then."""
    now = NOW.replace(month=10, day=8)
    evidence = known(
        P1.model_copy(update={"started_at": now}),
        display("p2", None, outcome="unreachable").model_copy(update={"started_at": now}),
        daily=(word("multimedia", "p2", date(2026, 9, 29), probe="display"),),
    )
    target = TARGETS["multimedia_classroom"]
    assert target.evaluate(ROOMS, evidence, MultimediaPolicy(), Moment(now)).state == "met"


def test_nights_and_weekends_without_an_answer_are_not_an_outage() -> None:
    night = runs("display", "p2", YESTERDAY, 72, 100, in_hours=False)
    evidence = known(P1, display("p2", None, outcome="timeout"), daily=night)
    found = verdict("multimedia_classroom", ROOMS, evidence)
    assert (found.state, found.reason.code) == ("unknown", "device_timeout")
    saturday = runs("display", "p2", date(2026, 9, 5), 100)
    assert (
        verdict("multimedia_classroom", ROOMS, known(P1, display("p2", None, outcome="timeout"), daily=saturday)).state
        == "unknown"
    )


@pytest.mark.parametrize(("failed", "state"), [(11, "unknown"), (12, "unmet")])
def test_of_the_day_that_it_last_answered_only_what_came_after_counts(failed: int, state: str) -> None:
    """Twelve failed runs of five minutes are an hour; the good runs before them are none of it."""
    day = runs("display", "p2", TODAY, failed, 12)
    late = display("p2", None, outcome="timeout")
    assert verdict("multimedia_classroom", ROOMS, known(P1, late, daily=day)).state == state


def test_what_hangs_on_a_day_that_the_calendar_does_not_know_is_unknown() -> None:
    calendar = SchoolCalendar(holidays_until=2025)
    target = TARGETS["multimedia_classroom"]
    for daily in ((word("multimedia", "p2", date(2026, 9, 7), probe="display"),), runs("display", "p2", TODAY, 20)):
        evidence = known(P1, display("p2", None, outcome="timeout"), daily=daily)
        found = target.evaluate(ROOMS, evidence, MultimediaPolicy(), Moment(NOW, calendar=calendar))
        assert (found.state, found.reason.code) == ("unknown", "calendar_unknown")
    certain = known(
        P1, display("p2", None, outcome="timeout"), daily=(word("multimedia", "p2", YESTERDAY, probe="display"),)
    )
    assert target.evaluate(ROOMS, certain, MultimediaPolicy(), Moment(NOW, calendar=calendar)).state == "met"


def test_a_single_failed_run_is_no_outage_however_long_it_speaks() -> None:
    once = runs("display", "p2", YESTERDAY, 1, every=14_400)
    evidence = known(P1, display("p2", None, outcome="timeout", every=14_400), daily=once)
    assert verdict("multimedia_classroom", ROOMS, evidence).state == "unknown"
    twice = runs("display", "p2", YESTERDAY, 2, every=14_400)
    evidence = known(P1, display("p2", None, outcome="timeout", every=14_400), daily=twice)
    assert verdict("multimedia_classroom", ROOMS, evidence).state == "unmet"
