"""desktop_100m by table."""

import pytest

from collector.evidence import Evidence
from collector.verdict import Reason
from tests.collector.equipment import ANY_SCHOOL, mute_port, port, switch
from tests.collector.making import known, r, rolled, verdict


@pytest.mark.parametrize(
    ("evidence", "state", "code", "bounds"),
    [
        pytest.param(known(switch(port(1, 1000), port(2, 100))), "met", "ports_fast", (1, 1), id="met"),
        pytest.param(known(switch(port(1, 1000), port(2, 10))), "unmet", "ports_slow", (0.5, 0.5), id="slow"),
        pytest.param(known(switch(port(1, 99.9))), "unmet", "ports_slow", (0, 0), id="just-short"),
        pytest.param(
            known(switch(port(1, 1000), mute_port(2))), "unknown", "ports_without_speed", (0.5, 1), id="no-speed"
        ),
        pytest.param(
            known(switch(port(1, 1000), port(2, 10), mute_port(3), port(4, 100))),
            "unmet",
            "ports_slow",
            (0.5, 0.75),
            id="slow-and-no-speed",
        ),
        pytest.param(known(switch()), "unknown", "no_access_ports", (None, None), id="nothing-linked"),
        pytest.param(
            known(switch(port(1, 1000)), switch(device="sw2", outcome="timeout")),
            "unknown",
            "device_timeout",
            (None, None),
            id="a-switch-is-missing",
        ),
        pytest.param(
            known(switch(port(1, 10)), switch(device="sw2", outcome="timeout")),
            "unmet",
            "ports_slow",
            (None, None),
            id="slow-is-enough",
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw1", port(1, 1000), hours_ago=20),)),
            "met",
            "ports_fast",
            (1, 1),
            id="asleep-now",
        ),
        pytest.param(
            known(switch(mute_port(1)), daily=(rolled("ports", "sw1", port(1, 1000), hours_ago=20),)),
            "met",
            "ports_fast",
            (1, 1),
            id="no-speed-now",
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw1", port(1, 1000), hours_ago=169),)),
            "unmet",
            "ports_slow",
            (0, 0),
            id="fast-too-long-ago",
        ),
        pytest.param(
            known(switch(port(1, 10)), daily=(rolled("ports", "sw2", port(1, 1000), hours_ago=2),)),
            "unmet",
            "ports_slow",
            (0, 0),
            id="another-switch-was-fast",
        ),
        pytest.param(
            known(switch(port(1, 100), r("rows_seen", 10, table="ifTable"), r("rows_expected", 24, table="ifTable"))),
            "unknown",
            "table_incomplete",
            (None, None),
            id="rows-missing",
        ),
    ],
)
def test_desktop(evidence: Evidence, state: str, code: str, bounds: tuple[float | None, float | None]) -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, evidence)
    assert (found.state, found.reason.code, (found.lowest, found.highest)) == (state, code, bounds)


def test_a_slow_port_is_named() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 1000), port(2, 10, "计算机教室"))))
    (finding,) = found.findings
    assert finding.text.zh.startswith("sw1 端口 ge2（计算机教室）最高只协商到 10 Mbit/s")
    assert (found.value, found.attainment) == (0.5, 0.5)


def test_findings_are_bounded() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(*(port(number, 10) for number in range(250)))))
    assert len(found.findings) == 100
    assert found.findings[-1] == Reason("and_more", {"count": 151})
