"""broadcast_coverage by table: terminals, and the server that they hang on."""

import pytest

from collector.evidence import Evidence
from collector.roster.model import Place, School
from collector.targets.broadcast_coverage import BroadcastPolicy
from tests.collector.av import TODAY, YESTERDAY, device, reporter, runs, word
from tests.collector.equipment import HALL
from tests.collector.making import codes, known, school, verdict
from wire.report import Observation, Outcome

ID = "broadcast_coverage"
ROOM = Place(id="广播室", kind="office", teaching=False)
TERMINALS = school(
    "101",
    "操场",
    ROOM,
    devices=(("broadcast", "b1", "101"), ("broadcast", "b2", "操场"), ("broadcast", "srv", "广播室")),
)


def box(name: str, value: float | None, place: str = "", outcome: Outcome = "ok", ago: float = 30) -> Observation:
    return device("broadcast", name, value, place, outcome=outcome, ago=ago)


B1, B2, SERVER = box("b1", 1), box("b2", 1), box("srv", 1)


@pytest.mark.parametrize(
    ("of", "evidence", "state", "code", "bounds"),
    [
        pytest.param(TERMINALS, known(B1, B2, SERVER), "met", "places_served", (1, 1), id="met"),
        pytest.param(
            TERMINALS,
            known(reporter("broadcast", "srv", {"101": 1, "操场": 1, "广播室": 1})),
            "met",
            "places_served",
            (1, 1),
            id="the-server-tells-of-its-terminals",
        ),
        pytest.param(
            TERMINALS,
            known(reporter("broadcast", "srv", {"101": 1, "操场": 0, "广播室": 1})),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="a-terminal-is-off",
        ),
        pytest.param(
            TERMINALS,
            known(reporter("broadcast", "srv", {"101": 1, "操场": 1, "广播室": 0})),
            "unmet",
            "head_end_down",
            (0, 0),
            id="the-server-is-alive-and-not-serving",
        ),
        pytest.param(TERMINALS, known(B1, B2, box("srv", 0)), "unmet", "head_end_down", (0, 0), id="server-broken"),
        pytest.param(
            TERMINALS,
            known(
                B1,
                B2,
                box("srv", None, "", "unreachable"),
                daily=(word("broadcast", "srv", YESTERDAY), *runs("broadcast", "srv", TODAY, 29)),
            ),
            "unmet",
            "head_end_down",
            (0, 0),
            id="server-silent-all-morning",
        ),
        pytest.param(
            TERMINALS,
            known(B1, B2, box("srv", None, "", "refused")),
            "unknown",
            "head_end_unknown",
            (0, 1),
            id="server-refuses",
        ),
        pytest.param(TERMINALS, known(B1, B2), "unknown", "head_end_unknown", (0, 1), id="server-not-probed"),
        pytest.param(
            TERMINALS, known(B1, SERVER), "unknown", "equipment_not_probed", (0.5, 1), id="terminal-not-probed"
        ),
        pytest.param(TERMINALS, known(B1, SERVER, box("b2", 1, ago=901)), "unknown", "stale", (0.5, 1), id="stale"),
        pytest.param(
            school("101"), known(box("b", 1)), "unknown", "devices_without_place", (0, 1), id="a-place-nobody-knows"
        ),
        pytest.param(
            school("101", "102"), known(box("b", 1, "１０１")), "unmet", "places_not_served", (0.5, 0.5), id="bare"
        ),
        pytest.param(school(HALL), known(B1), "unknown", "roster_missing", (None, None), id="no-teaching-places"),
        pytest.param(TERMINALS, known(), "unknown", "not_probed", (None, None), id="nothing-probed"),
        pytest.param(
            TERMINALS, known(box("b1", None, "", "timeout")), "unknown", "device_timeout", (None, None), id="all-mute"
        ),
    ],
)
def test_broadcast(
    of: School, evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]
) -> None:
    found = verdict(ID, of, evidence)
    assert (found.state, found.reason.code) == (state, code)
    assert (found.lowest, found.highest) == bounds


def test_most_places_are_enough_where_the_policy_says_so() -> None:
    evidence = known(B1, box("b2", 0), SERVER)
    assert verdict(ID, TERMINALS, evidence, BroadcastPolicy(at_least=0.5)).reason.code == "places_mostly_served"
    assert codes(verdict(ID, TERMINALS, evidence)) == {"equipment_fault", "place_without_broadcast"}
