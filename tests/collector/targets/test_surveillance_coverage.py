"""surveillance_coverage by table: cameras, and recorders that tell of them."""

from datetime import date

import pytest

from collector.calendar import SchoolCalendar
from collector.evidence import Evidence
from collector.roster.model import Place, School
from collector.targets import TARGETS
from collector.targets.base import Moment
from tests.collector.av import TODAY, YESTERDAY, device, reporter, runs, word
from tests.collector.equipment import HALL
from tests.collector.making import NOW, codes, known, school, verdict
from wire.report import Observation, Outcome

ID = "surveillance_coverage"
ROOM = Place(id="机房", kind="office", teaching=False)
CAMERAS = school("101", "102", devices=(("surveillance", "c1", "101"), ("surveillance", "c2", "102")))


def camera(name: str, value: float | None, place: str = "", outcome: Outcome = "ok", ago: float = 30) -> Observation:
    return device("surveillance", name, value, place, outcome=outcome, ago=ago)


def recorder(**places: float) -> Observation:
    return reporter(
        "surveillance", "nvr-1", {name.strip("_"): value for name, value in places.items()}, probe="recorder"
    )


C1, C2 = camera("c1", 1), camera("c2", 1)


@pytest.mark.parametrize(
    ("of", "evidence", "state", "code", "bounds"),
    [
        pytest.param(CAMERAS, known(C1, C2), "met", "places_served", (1, 1), id="met"),
        pytest.param(CAMERAS, known(recorder(_101=1, _102=1)), "met", "places_served", (1, 1), id="by-the-recorder"),
        pytest.param(CAMERAS, known(C1, camera("c2", 0)), "unmet", "places_not_served", (0.5, 0.5), id="fault"),
        pytest.param(
            CAMERAS, known(recorder(_101=1, _102=0)), "unmet", "places_not_served", (0.5, 0.5), id="recorder-says-lost"
        ),
        pytest.param(CAMERAS, known(C1), "unknown", "equipment_not_probed", (0.5, 1), id="not-probed"),
        pytest.param(
            CAMERAS, known(C1, C2, recorder(_101=1, _102=0)), "unknown", "sources_disagree", (0.5, 1), id="disagree"
        ),
        pytest.param(
            CAMERAS,
            known(C1, camera("c2", 0), recorder(_101=1, _102=1)),
            "unknown",
            "sources_disagree",
            (0.5, 1),
            id="disagree-the-other-way",
        ),
        pytest.param(
            school("101", devices=(("surveillance", "c1", "101"), ("surveillance", "c2", "101"))),
            known(C1, camera("c2", 0)),
            "met",
            "places_served",
            (1, 1),
            id="two-cameras-one-broken",
        ),
        pytest.param(
            school("101"), known(camera("a", 1, "101"), camera("b", 0, "101")), "met", "places_served", (1, 1), id="two"
        ),
        pytest.param(
            school("101", HALL),
            known(camera("a", 1, "101"), camera("b", 0, "走廊")),
            "met",
            "places_served",
            (1, 1),
            id="a-corridor-camera-is-no-head-end",
        ),
        pytest.param(CAMERAS, known(C1, camera("c2", 1, ago=901)), "unknown", "stale", (0.5, 1), id="stale"),
        pytest.param(
            CAMERAS, known(C1, camera("c2", None, "", "refused")), "unknown", "device_refused", (0.5, 1), id="password"
        ),
        pytest.param(
            CAMERAS,
            known(
                C1,
                camera("c2", None, "", "timeout"),
                daily=(word("surveillance", "c2", YESTERDAY), *runs("surveillance", "c2", TODAY, 29)),
            ),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="a-camera-stays-on-so-that-silence-is-a-fault",
        ),
        pytest.param(
            CAMERAS,
            known(
                C1,
                camera("c2", None, "", "timeout"),
                daily=(word("surveillance", "c2", YESTERDAY), *runs("surveillance", "c2", TODAY, 3, from_hour=9.5)),
            ),
            "met",
            "places_served",
            (1, 1),
            id="gone-for-minutes",
        ),
        pytest.param(
            CAMERAS,
            known(
                C1,
                camera("c2", None, "", "timeout"),
                daily=(word("surveillance", "c2", YESTERDAY), *runs("surveillance", "c2", date(2026, 9, 5), 99)),
            ),
            "met",
            "places_served",
            (1, 1),
            id="failing-at-the-weekend",
        ),
        pytest.param(
            CAMERAS,
            known(C1, camera("c2", None, "", "timeout"), daily=runs("surveillance", "c2", TODAY, 3, from_hour=9.5)),
            "unknown",
            "device_timeout",
            (0.5, 1),
            id="never-up-and-not-down-for-long",
        ),
        pytest.param(
            school("101", "102"),
            known(camera("a", 1, "101"), camera("b", 1, "nowhere")),
            "unknown",
            "devices_without_place",
            (0.5, 1),
            id="a-place-that-the-roster-lacks",
        ),
        pytest.param(school(HALL), known(C1), "unknown", "roster_missing", (None, None), id="no-teaching-places"),
        pytest.param(CAMERAS, known(), "unknown", "not_probed", (None, None), id="nothing-probed"),
        pytest.param(CAMERAS, known(reported=None), "unknown", "never_reported", (None, None), id="never-reported"),
    ],
)
def test_surveillance(
    of: School, evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]
) -> None:
    found = verdict(ID, of, evidence)
    assert (found.state, found.reason.code) == (state, code)
    assert (found.lowest, found.highest) == bounds


def test_both_sources_are_shown_when_they_disagree() -> None:
    found = verdict(ID, CAMERAS, known(C1, C2, recorder(_101=1, _102=0)))
    assert "c2" in found.reason.text.zh
    assert "nvr-1" in found.reason.text.en
    assert {item.device for item in found.evidence} == {"c1", "c2", "nvr-1"}


def test_a_recorder_of_one_camera_that_stands_elsewhere_is_another_source() -> None:
    of = school("301", ROOM, devices=(("surveillance", "c1", "301"), ("surveillance", "nvr-1", "机房")))
    evidence = known(camera("c1", 1), camera("nvr-1", 0, "301"))
    assert verdict(ID, of, evidence).reason.code == "sources_disagree"


def test_a_bad_word_of_a_recorder_is_not_the_last_word_on_two_cameras() -> None:
    of = school("101", devices=(("surveillance", "c1", "101"), ("surveillance", "c2", "101")))
    found = verdict(ID, of, known(recorder(_101=0, _102=1)))
    assert (found.state, found.reason.code) == ("unknown", "equipment_not_probed")


def test_a_place_unknown_to_the_roster_is_named() -> None:
    found = verdict(ID, school("101", "102"), known(camera("a", 1, "101"), camera("b", 1, "nowhere")))
    assert {"place_not_in_roster", "equipment_without_place"} <= codes(found)


def test_a_silence_that_hangs_on_the_calendar_is_unknown() -> None:
    daily = (word("surveillance", "c2", YESTERDAY), *runs("surveillance", "c2", TODAY, 29))
    evidence = known(C1, camera("c2", None, "", "timeout"), daily=daily)
    target = TARGETS[ID]
    found = target.evaluate(
        CAMERAS, evidence, target.policy(), Moment(NOW, calendar=SchoolCalendar(holidays_until=2025))
    )
    assert (found.state, found.reason.code) == ("unknown", "calendar_unknown")
