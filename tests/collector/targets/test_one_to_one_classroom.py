"""one_to_one_classroom by table: peaks of student terminals, and how far they are certain."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from collector.calendar import SchoolCalendar
from collector.evidence import Daily
from collector.roster.model import Place, School
from collector.targets import TARGETS
from collector.targets.base import Moment, TargetPolicy
from collector.targets.one_to_one_classroom import OneToOnePolicy
from collector.verdict import Verdict
from tests.collector.av import TODAY
from tests.collector.hours import at, school_days
from tests.collector.making import NOW, known, r, school, seen, verdict

ID = "one_to_one_classroom"
LAB = Place(id="机房", kind="computer_room", seats=40)
ROOM = Place(id="101", seats=50)
OF = school(LAB, ROOM)
DAYS = school_days(TODAY - timedelta(days=1), 29)
MIDDLE = DAYS[len(DAYS) // 2]
CONTROLLER = seen("wireless", "ac1", r("place_wireless_terminals", 0, place="机房", owner="student"))


def peak(day: date, count: float, owner: str = "student", place: str = "机房", run: str = "") -> Daily:
    """A day's peak of an owner's terminals at a place, told by a run of its own unless `run` names it."""
    made = run or f"{owner}/{place}/{day}"
    labels = {"place": place, "owner": owner}
    last = f"last {made}"
    return Daily(
        day, "wireless", "ac1", "place_wireless_terminals", labels, 9, 0, count, count, 0,
        at(day, 17), last, at(day), made,
    )  # fmt: skip


def stations(day: date, count: float, place: str = "机房", ap: str = "ap1", device: str = "ac1") -> Daily:
    labels = {"ap": ap, "ap_id": f"id-{ap}", "place": place}
    made = f"{ap}/{device}/{day}"
    return Daily(
        day, "wireless", device, "wireless_access_point_clients", labels, 9, 0, count, count, 0,
        at(day, 17), made, at(day), made,
    )  # fmt: skip


QUIET = tuple(peak(day, 12) for day in DAYS)
OTHERS = tuple(row for row in QUIET if row.day != MIDDLE)
"""Every day but the one that a test fills."""


def found_by(*daily: Daily, of: School = OF, policy: TargetPolicy | None = None) -> Verdict:
    return verdict(ID, of, known(CONTROLLER, daily=daily), policy)


@pytest.mark.parametrize(
    ("daily", "state", "code", "bounds"),
    [
        pytest.param((*OTHERS, peak(MIDDLE, 40)), "met", "seats_filled", (1, 1), id="met"),
        pytest.param((peak(MIDDLE, 40),), "met", "seats_filled", (1, 2), id="met-however-little-was-watched"),
        pytest.param((*OTHERS, peak(MIDDLE, 39)), "unmet", "seats_not_filled", (0, 0), id="one-seat-short"),
        pytest.param(QUIET[1:], "unknown", "seats_half_watched", (0, 2), id="a-school-day-without-data"),
        pytest.param(
            (*OTHERS, peak(MIDDLE, 25, run="a"), peak(MIDDLE, 20, "shared", run="b")),
            "unknown",
            "seats_peak_uncertain",
            (0, 1),
            id="shared-and-own-need-not-be-at-once",
        ),
        pytest.param(
            (*OTHERS, peak(MIDDLE, 25, run="a"), peak(MIDDLE, 15, "shared", run="a")),
            "met",
            "seats_filled",
            (1, 1),
            id="the-same-run-told-both",
        ),
        pytest.param(
            (*OTHERS, peak(MIDDLE, 30), peak(MIDDLE, 10, "unregistered")),
            "unknown",
            "seats_peak_uncertain",
            (0, 1),
            id="the-unregistered-may-be-students",
        ),
        pytest.param(
            (*OTHERS, peak(MIDDLE, 30), peak(MIDDLE, 40, "teacher")),
            "unmet",
            "seats_not_filled",
            (0, 0),
            id="teachers-do-not-count",
        ),
        pytest.param(
            (*QUIET, peak(MIDDLE, 45, place="")),
            "unknown",
            "seats_peak_uncertain",
            (0, 1),
            id="terminals-without-a-place-may-have-been-there",
        ),
        pytest.param(
            tuple(stations(day, 45) for day in DAYS),
            "unknown",
            "seats_stations_unowned",
            (0, 1),
            id="stations-of-anybody",
        ),
        pytest.param(
            tuple(stations(day, 39) for day in DAYS), "unmet", "seats_not_filled", (0, 0), id="too-few-of-anybody"
        ),
        pytest.param(
            (*(stations(day, 20) for day in DAYS), *(stations(day, 20, ap="ap2") for day in DAYS)),
            "unknown",
            "seats_stations_unowned",
            (0, 1),
            id="access-points-add-up",
        ),
        pytest.param(
            (*(stations(day, 30) for day in DAYS), *(stations(day, 30, device="ac2") for day in DAYS)),
            "unmet",
            "seats_not_filled",
            (0, 0),
            id="one-access-point-on-two-controllers",
        ),
        pytest.param(
            (*QUIET, peak(TODAY - timedelta(days=31), 40)), "unmet", "seats_not_filled", (0, 0), id="before-the-window"
        ),
        pytest.param(
            (*QUIET, peak(TODAY - timedelta(days=30), 40)), "met", "seats_filled", (1, 1), id="the-window's-first-day"
        ),
    ],
)
def test_one_to_one(daily: tuple[Daily, ...], state: str, code: str, bounds: tuple[float, float]) -> None:
    found = found_by(*daily)
    assert (found.state, found.reason.code) == (state, code)
    assert (found.lowest, found.highest) == bounds


def test_the_value_is_a_number_of_places() -> None:
    met, unmet = found_by(*OTHERS, peak(MIDDLE, 40)), found_by(*QUIET)
    assert (met.value, met.threshold, met.attainment) == (1, 1, 1)
    assert (unmet.value, unmet.threshold, unmet.attainment) == (0, 1, 0)
    assert {finding.code for finding in unmet.findings} == {"seats_not_filled", "seats_place_short"}


@pytest.mark.parametrize(("required", "state"), [(1, "met"), (2, "unmet"), (3, "unmet")])
def test_how_many_places_are_required(required: int, state: str) -> None:
    found = found_by(*OTHERS, peak(MIDDLE, 40), policy=OneToOnePolicy(places_required=required))
    assert found.state == state
    assert (found.reason.code == "seats_too_few_places") == (required == 3)


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(school("101", "102"), id="no-seats"),
        pytest.param(school(Place(id="机房", kind="hall", seats=40)), id="a-hall"),
        pytest.param(school(Place(id="机房", seats=40, teaching=False)), id="nobody-teaches-there"),
    ],
)
def test_without_seats_nobody_can_say(of: School) -> None:
    found = found_by(*OTHERS, peak(MIDDLE, 40), of=of)
    assert (found.state, found.reason.code) == ("unknown", "roster_missing")


def test_shared_terminals_may_be_the_teachers() -> None:
    daily = (*OTHERS, peak(MIDDLE, 25, run="a"), peak(MIDDLE, 15, "shared", run="a"))
    assert found_by(*daily, policy=OneToOnePolicy(shared_for="teachers")).state == "unmet"


def test_an_access_point_stands_where_the_roster_has_it() -> None:
    of = school(LAB, ROOM, devices=(("wireless", "id-ap1", "机房"),))
    daily = tuple(stations(day, 45, place="") for day in DAYS)
    assert found_by(*daily, of=of).highest == 1
    assert found_by(*(stations(day, 60, place="") for day in DAYS)).highest == 2


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (known(reported=None), "never_reported"),
        (known(), "not_probed"),
        (known(seen("wireless", "ac1", ago=4000)), "stale"),
        (known(seen("wireless", "ac1", ago=4000), reported=4000), "agent_silent"),
        (known(seen("wireless", "ac1", outcome="timeout", detail="x")), "device_timeout"),
        (known(seen("wireless", "ac1")), "stations_not_counted"),
    ],
)
def test_without_any_number_it_says_why(evidence: object, code: str) -> None:
    found = verdict(ID, OF, evidence)  # type: ignore[arg-type]
    assert (found.state, found.reason.code) == ("unknown", code)


def test_a_controller_that_answered_watched_although_nobody_was_there() -> None:
    ran = replace(peak(DAYS[0], 1), measure="probe_success", labels={})
    assert found_by(*QUIET[1:], ran).state == "unmet"
    failed = replace(ran, maximum=0)
    assert found_by(*QUIET[1:], failed).state == "unknown"


def test_each_controller_must_have_watched() -> None:
    second = seen("wireless", "ac2", r("wireless_access_point_clients", 0, ap="x", ap_id="x", place="101"))
    found = verdict(ID, OF, known(CONTROLLER, second, daily=QUIET))
    assert (found.state, found.reason.code) == ("unknown", "seats_half_watched")


@pytest.mark.parametrize(
    ("calendar", "daily", "code"),
    [
        (SchoolCalendar(holidays_until=2025), QUIET[1:], "calendar_unknown"),
        (SchoolCalendar(days_off=frozenset(DAYS)), QUIET, "seats_no_school_days"),
    ],
)
def test_the_calendar_decides_which_days_must_be_watched(
    calendar: SchoolCalendar, daily: tuple[Daily, ...], code: str
) -> None:
    target = TARGETS[ID]
    moment = Moment(NOW, calendar=calendar)
    found = target.evaluate(OF, known(CONTROLLER, daily=daily), target.policy(), moment)
    assert (found.state, found.reason.code) == ("unknown", code)
    full = target.evaluate(
        OF,
        known(CONTROLLER, daily=(*(row for row in daily if row.day != MIDDLE), peak(MIDDLE, 40))),
        target.policy(),
        moment,
    )
    assert full.state == "met"
