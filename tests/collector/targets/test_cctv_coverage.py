"""cctv_coverage by table: receivers, and the head-end that they hang on."""

import pytest

from collector.evidence import Evidence
from collector.roster.model import Place, School
from collector.targets._av_coverage import ReceiverPolicy
from tests.collector.av import TODAY, YESTERDAY, device, reporter, runs, word
from tests.collector.equipment import HALL
from tests.collector.making import codes, known, school, verdict
from wire.report import Observation, Outcome

ID = "cctv_coverage"
STUDIO = Place(id="机房", kind="office", teaching=False)
SETS = school("101", "102", devices=(("cctv", "t1", "101"), ("cctv", "t2", "102")))
WHOLE = school("101", "102", STUDIO, devices=(("cctv", "t1", "101"), ("cctv", "t2", "102"), ("cctv", "head", "机房")))


def tv(name: str, value: float | None, place: str = "", outcome: Outcome = "ok", ago: float = 30) -> Observation:
    return device("cctv", name, value, place, outcome=outcome, ago=ago)


T1, T2, HEAD = tv("t1", 1), tv("t2", 1), tv("head", 1)
HALF = (0.5, 1)


@pytest.mark.parametrize(
    ("of", "evidence", "state", "code", "bounds"),
    [
        pytest.param(SETS, known(T1, T2), "met", "places_served", (1, 1), id="met-without-a-head-end"),
        pytest.param(WHOLE, known(T1, T2, HEAD), "met", "places_served", (1, 1), id="met-with-a-head-end"),
        pytest.param(SETS, known(T1, tv("t2", 0)), "unmet", "places_not_served", (0.5, 0.5), id="fault"),
        pytest.param(
            school("101", "102"), known(tv("x", 1, "101")), "unmet", "places_not_served", (0.5, 0.5), id="a-bare-place"
        ),
        pytest.param(SETS, known(T1), "unknown", "receiver_not_measured", HALF, id="registered-not-measured"),
        pytest.param(
            school("101", "102"),
            known(tv("x", 1, "101"), tv("y", 1)),
            "unknown",
            "devices_without_place",
            HALF,
            id="a-device-without-a-place-may-serve-any",
        ),
        pytest.param(
            school("101", "102", "103"),
            known(tv("x", 1, "101"), tv("y", 1)),
            "unmet",
            "places_not_served",
            (1 / 3, 2 / 3),
            id="but-only-one",
        ),
        pytest.param(SETS, known(T1, tv("t2", None, "", "refused")), "unknown", "device_refused", HALF, id="password"),
        pytest.param(
            SETS, known(T1, tv("t2", None, "", "malformed")), "unknown", "device_malformed", HALF, id="malformed"
        ),
        pytest.param(SETS, known(T1, tv("t2", 1, ago=1000)), "unknown", "stale", HALF, id="stale"),
        pytest.param(
            SETS,
            known(
                T1, tv("t2", None, "", "timeout"), daily=(word("cctv", "t2", YESTERDAY), *runs("cctv", "t2", TODAY, 29))
            ),
            "met",
            "places_served",
            (1, 1),
            id="a-set-that-is-switched-off",
        ),
        pytest.param(WHOLE, known(T1, T2, tv("head", 0)), "unmet", "head_end_down", (0, 0), id="head-end-broken"),
        pytest.param(
            WHOLE,
            known(T1, T2, tv("head", None, "", "timeout")),
            "unknown",
            "head_end_unknown",
            (0, 1),
            id="head-end-mute",
        ),
        pytest.param(WHOLE, known(T1, T2), "unknown", "head_end_unknown", (0, 1), id="head-end-not-probed"),
        pytest.param(
            school("101", "102", STUDIO),
            known(T1, tv("a", 0, "机房"), tv("b", 1, "机房"), tv("x", 1, "101"), tv("y", 1, "102")),
            "met",
            "places_served",
            (1, 1),
            id="one-of-two-head-ends-is-enough",
        ),
        pytest.param(
            school("101", "102", HALL),
            known(reporter("cctv", "server", {"101": 1, "102": 1, "走廊": 0})),
            "met",
            "places_served",
            (1, 1),
            id="a-corridor-of-which-a-server-tells-is-no-head-end",
        ),
        pytest.param(school(HALL), known(T1), "unknown", "roster_missing", (None, None), id="no-teaching-places"),
        pytest.param(SETS, known(reported=None), "unknown", "never_reported", (None, None), id="never-reported"),
        pytest.param(SETS, known(), "unknown", "not_probed", (None, None), id="not-probed"),
        pytest.param(
            SETS, known(tv("t1", 1, ago=1000), reported=1000), "unknown", "agent_silent", (None, None), id="silent"
        ),
    ],
)
def test_cctv(of: School, evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]) -> None:
    found = verdict(ID, of, evidence)
    assert (found.state, found.reason.code) == (state, code)
    assert (found.lowest, found.highest) == bounds


def test_a_broken_head_end_is_named_first() -> None:
    found = verdict(ID, WHOLE, known(T1, T2, tv("head", 0)))
    assert "head" in found.reason.text.en
    assert "机房" in found.reason.text.zh
    assert found.findings[0] == found.reason


@pytest.mark.parametrize(
    ("head", "trust", "state"),
    [
        (HEAD, True, "met"),
        (HEAD, False, "unknown"),
        (tv("head", 0), True, "unmet"),
        (tv("head", None, "", "timeout"), True, "unknown"),
    ],
)
def test_registered_receivers_count_only_by_trust_and_while_the_head_end_sends(
    head: Observation, trust: bool, state: str
) -> None:
    found = verdict(ID, WHOLE, known(head, T1), ReceiverPolicy(trust_registered_receivers=trust))
    assert found.state == state
    assert ("receivers_trusted" in codes(found)) == (state == "met")


def test_a_head_end_that_was_up_yesterday_is_not_sending_now() -> None:
    evidence = known(tv("head", None, "", "timeout"), T1, daily=(word("cctv", "head", YESTERDAY),))
    assert verdict(ID, WHOLE, evidence, ReceiverPolicy(trust_registered_receivers=True)).state == "unknown"


def test_the_policy_can_say_where_head_ends_stand() -> None:
    of = school("101", "102", HALL, STUDIO)
    evidence = known(tv("x", 1, "101"), tv("y", 1, "102"), tv("z", 0, "走廊"))
    assert verdict(ID, of, evidence).reason.code == "head_end_down"
    assert verdict(ID, of, evidence, ReceiverPolicy(head_end_places=("机房",))).state == "met"


@pytest.mark.parametrize(("at_least", "state"), [(0.5, "met"), (0.51, "unmet")])
def test_the_edge_of_the_share(at_least: float, state: str) -> None:
    found = verdict(ID, SETS, known(T1, tv("t2", 0)), ReceiverPolicy(at_least=at_least))
    assert found.state == state


def test_a_server_that_fell_silent_leaves_its_places_unknown_and_not_bare() -> None:
    before = tuple(word("cctv", "server", YESTERDAY, place=p) for p in ("101", "102"))
    silent = tv("server", None, "", "refused")
    assert verdict(ID, school("101", "102"), known(silent, daily=before)).state == "met"
    broken = (before[0], word("cctv", "server", YESTERDAY, 0, "102"))
    found = verdict(ID, school("101", "102"), known(silent, daily=broken))
    assert (found.state, found.lowest, found.highest) == ("unknown", 0.5, 1)
