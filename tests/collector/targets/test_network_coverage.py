"""network_coverage by table."""

import pytest

from collector.evidence import Evidence
from collector.targets.network_coverage import NetworkPolicy
from tests.collector.equipment import TWO, ap, controller, info, port, switch
from tests.collector.making import known, rolled, seen, verdict


@pytest.mark.parametrize(
    ("evidence", "state", "code", "bounds"),
    [
        pytest.param(
            known(switch(port(1, 1000, "101")), controller(ap("ap-2", 1))), "met", "places_served", (1, 1), id="either"
        ),
        pytest.param(
            known(switch(port(1, 10, "101"), port(2, 10, "102")), controller(ap("ap-2", 0))),
            "met",
            "places_served",
            (1, 1),
            id="any-speed",
        ),
        pytest.param(
            known(switch(port(1, 1000, "101")), controller(ap("ap-2", 0))),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="neither",
        ),
        pytest.param(known(switch(port(1, 1000, "101"))), "unknown", "not_probed", (0.5, 1), id="no-wireless-probe"),
        pytest.param(known(controller(ap("a", 1, "101"))), "unknown", "not_probed", (0.5, 1), id="no-ports-probe"),
        pytest.param(
            known(switch(port(1, 1000, "101"), port(2, 1000, "")), controller(ap("ap-2", 0))),
            "unknown",
            "ports_without_place",
            (0.5, 1),
            id="unmapped-port",
        ),
        pytest.param(
            known(switch(port(1, 1000, "101"), info(2, "102")), controller(ap("ap-2", 0))),
            "unknown",
            "port_idle",
            (0.5, 1),
            id="nothing-plugged-in",
        ),
        pytest.param(
            known(switch(port(1, 1000, "101"), info(2, "102", "uplink")), controller(ap("ap-2", 0))),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="no-access-port",
        ),
        pytest.param(
            known(
                switch(port(1, 1000, "101")),
                controller(ap("ap-2", 0)),
                daily=(rolled("ports", "sw1", port(2, 1000, "102"), hours_ago=100),),
            ),
            "met",
            "places_served",
            (1, 1),
            id="linked-this-week",
        ),
        pytest.param(
            known(
                switch(port(1, 1000, "101")),
                controller(ap("ap-2", 0)),
                daily=(rolled("ports", "sw1", port(2, 1000, "102"), hours_ago=169),),
            ),
            "unmet",
            "places_not_served",
            (0.5, 0.5),
            id="linked-too-long-ago",
        ),
        pytest.param(
            known(
                switch(outcome="timeout"),
                controller(ap("a", 1, "101"), ap("ap-2", 0)),
                daily=(rolled("ports", "sw1", port(2, 1000, "102"), hours_ago=1),),
            ),
            "unknown",
            "device_timeout",
            (0.5, 1),
            id="the-switch-is-silent-now",
        ),
    ],
)
def test_network(evidence: Evidence, state: str, code: str, bounds: tuple[float, float]) -> None:
    found = verdict("network_coverage", TWO, evidence)
    assert (found.state, found.reason.code, (found.lowest, found.highest)) == (state, code, bounds)


def test_a_link_proves_a_place_whoever_tells_of_it_and_at_whatever_speed() -> None:
    aps = controller(ap("ap-2", 0))
    mute = rolled("ports", "sw1", ("access_port_without_speed", 1, {**port(2, 0, "102")[2]}), hours_ago=30)
    by_mute = known(switch(port(1, 1000, "101")), aps, daily=(mute,))
    assert verdict("network_coverage", TWO, by_mute).state == "met"
    other = seen("another", "sw9", port(2, 1000, "102"))
    assert verdict("network_coverage", TWO, known(switch(port(1, 1000, "101")), other, aps)).state == "met"
    failing = seen("another", "sw9", outcome="timeout", detail="x")
    had = rolled("another", "sw9", port(2, 1000, "102"), hours_ago=30)
    silent = verdict("network_coverage", TWO, known(switch(port(1, 1000, "101")), failing, aps, daily=(had,)))
    assert (silent.state, silent.reason.code) == ("unknown", "device_timeout")


def test_it_is_looked_at_again_when_a_link_leaves_the_window() -> None:
    assert NetworkPolicy(window_days=3).horizons == (900, 3 * 86400)
