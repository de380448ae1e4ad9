"""network_coverage by table."""

import pytest

from collector.evidence import Evidence
from tests.collector.equipment import TWO, ap, controller, info, port, switch
from tests.collector.making import known, rolled, verdict


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
