"""wireless_coverage by table."""

import pytest

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._coverage import CoveragePolicy
from tests.collector.equipment import HALL, TWO, ap, controller, standby
from tests.collector.making import codes, known, r, school, verdict


@pytest.mark.parametrize(
    ("of", "evidence", "state", "code", "bounds"),
    [
        pytest.param(
            TWO, known(controller(ap("a", 1, "101"), ap("ap-2", 1))), "met", "places_served", (1, 1), id="roster-maps"
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, " １０１ "), ap("ap-2", 1, "102"))),
            "met",
            "places_served",
            (1, 1),
            id="full-width-place",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), ap("ap-2", 0))),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="ap-down",
        ),
        pytest.param(TWO, known(controller(ap("a", 1, "101"))), "unmet", "places_not_served", (0.5, 0.5), id="ap-gone"),
        pytest.param(TWO, known(controller()), "unmet", "places_not_served", (0, 0), id="all-gone"),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), ap("x", 1))),
            "unknown",
            "access_points_without_place",
            (0.5, 1),
            id="unmapped",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), ap("x", 1, "1O2"))),
            "unknown",
            "access_points_without_place",
            (0.5, 1),
            id="place-not-in-roster",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), standby("ap-2"))),
            "unknown",
            "access_point_state_unknown",
            (0.5, 1),
            id="standby",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), standby("x"))),
            "unknown",
            "access_points_without_place",
            (0.5, 1),
            id="standby-somewhere",
        ),
        pytest.param(
            TWO,
            known(
                controller(ap("a", 1, "101"), standby("ap-2", "7")), controller(ap("ap-2", 1, "", "7"), device="ac2")
            ),
            "met",
            "places_served",
            (1, 1),
            id="standby-on-the-backup",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), ap("x", 0))),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="unmapped-and-down",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), ap("x", 1, "走廊"))),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="in-the-corridor",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101")), controller(device="ac2", outcome="timeout")),
            "unknown",
            "device_timeout",
            (0.5, 1),
            id="another-controller-silent",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), ap("b", 1, "102")), controller(device="ac2", ago=3600)),
            "met",
            "places_served",
            (1, 1),
            id="enough-without-the-other",
        ),
        pytest.param(
            TWO,
            known(controller(ap("a", 1, "101"), r("rows_seen", 1, table="ap"), r("rows_expected", 3, table="ap"))),
            "unknown",
            "table_incomplete",
            (0.5, 1),
            id="rows-missing",
        ),
        pytest.param(
            TWO,
            known(
                controller(ap("old", 0, "101", "aa"), ap("ap-2", 1)),
                controller(ap("new", 1, "101", "AA"), device="ac2"),
            ),
            "met",
            "places_served",
            (1, 1),
            id="up-on-one-of-two-controllers",
        ),
        pytest.param(school("101"), known(controller()), "unknown", "no_access_points", (0, 1), id="an-empty-table"),
        pytest.param(
            school(HALL),
            known(controller(ap("a", 1, "101"))),
            "unknown",
            "roster_missing",
            (None, None),
            id="no-places",
        ),
    ],
)
def test_wireless(
    of: School, evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]
) -> None:
    found = verdict("wireless_coverage", of, evidence)
    assert (found.state, found.reason.code, (found.lowest, found.highest)) == (state, code, bounds)


def test_what_is_down_or_gone_and_where_is_named() -> None:
    down = verdict("wireless_coverage", TWO, known(controller(ap("a", 1, "101"), ap("ap-2", 0))))
    assert [finding.text.en for finding in down.findings] == [
        "access point ap-2 (102) is down",
        "no working access point is known at 102",
    ]
    gone = verdict("wireless_coverage", TWO, known(controller(ap("a", 1, "101"))))
    assert codes(gone) == {"access_point_gone", "place_without_wireless"}
    hidden = verdict(
        "wireless_coverage", TWO, known(controller(ap("a", 1, "101")), controller(device="b", outcome="timeout"))
    )
    assert "access_point_gone" not in codes(hidden)


def test_a_share_that_the_policy_allows() -> None:
    found = verdict("wireless_coverage", TWO, known(controller(ap("a", 1, "101"))), CoveragePolicy(at_least=0.5))
    assert (found.state, found.reason.code, found.attainment) == ("met", "places_mostly_served", 1)
