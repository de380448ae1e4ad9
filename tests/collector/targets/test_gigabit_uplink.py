"""gigabit_uplink by table."""

from datetime import timedelta

import pytest

from collector.evidence import Evidence
from collector.judge import settled
from collector.targets.gigabit_uplink import UplinkPolicy
from tests.collector.equipment import (
    ANY_SCHOOL,
    carried,
    day,
    passive,
    refused_test,
    seen_day,
    skipped_test,
    speed_test,
    uplink,
)
from tests.collector.making import GIGABIT, NOW, known, rolled, seen, verdict


@pytest.mark.parametrize(
    ("evidence", "state", "code"),
    [
        pytest.param(known(uplink(), speed_test(941, 938)), "met", "uplink_fast", id="met"),
        pytest.param(known(uplink(), speed_test(900, 900, "cpu")), "met", "uplink_fast", id="enough-is-enough"),
        pytest.param(known(uplink(10 * GIGABIT), speed_test(941, 938, "nic")), "met", "uplink_fast", id="ten-gigabit"),
        pytest.param(known(uplink(), speed_test(899.9, 941)), "unmet", "throughput_low", id="just-short"),
        pytest.param(known(uplink(), speed_test(941, 400)), "unmet", "throughput_low", id="upload-low"),
        pytest.param(known(uplink(), speed_test(400, 941, "cpu")), "unknown", "throughput_inconclusive", id="weak-box"),
        pytest.param(known(uplink(), speed_test(94, 94, "nic")), "unknown", "throughput_inconclusive", id="slow-card"),
        pytest.param(
            known(uplink(), speed_test(400, 941, "server")), "unknown", "throughput_server_limited", id="weak-server"
        ),
        pytest.param(
            known(uplink(), speed_test(400, 941, "cross_traffic")),
            "unknown",
            "throughput_cross_traffic",
            id="busy-line",
        ),
        pytest.param(known(uplink(), skipped_test("line_busy")), "unknown", "throughput_skipped", id="skipped"),
        pytest.param(known(uplink(), skipped_test("")), "unknown", "throughput_busy", id="skipped-for-what"),
        pytest.param(known(uplink(), passive(950, 950)), "met", "uplink_fast", id="seen-carrying-it"),
        pytest.param(known(uplink(), passive(946, 950)), "unknown", "not_probed", id="seen-carrying-less"),
        pytest.param(
            known(uplink(), passive(950, 2), speed_test(300, 941)), "met", "uplink_fast", id="seen-one-way-tested-other"
        ),
        pytest.param(
            known(uplink(), passive(700, 700), speed_test(300, 300)), "unmet", "throughput_low", id="seen-too-little"
        ),
        pytest.param(
            known(uplink(), speed_test(300, 300), daily=seen_day(960, 960, 30)),
            "met",
            "uplink_fast",
            id="seen-on-a-day",
        ),
        pytest.param(
            known(uplink(), speed_test(300, 300), daily=seen_day(960, 960, 169)),
            "unmet",
            "throughput_low",
            id="seen-long-ago",
        ),
        pytest.param(known(uplink(), passive(1e12, 1e12)), "unknown", "not_probed", id="seen-what-no-port-carries"),
        pytest.param(known(uplink()), "unknown", "not_probed", id="no-test"),
        pytest.param(known(uplink(), refused_test()), "unknown", "throughput_busy", id="busy"),
        pytest.param(known(uplink(), refused_test("timeout")), "unknown", "throughput_busy", id="test-timeout"),
        pytest.param(known(uplink(), refused_test("crashed")), "unknown", "device_crashed", id="test-crashed"),
        pytest.param(
            known(uplink(), refused_test("refused", *carried("download", 941))),
            "unknown",
            "throughput_busy",
            id="one-way",
        ),
        pytest.param(
            known(uplink(), refused_test("refused", *carried("download", 300))),
            "unmet",
            "throughput_low",
            id="one-way-low",
        ),
        pytest.param(known(uplink(), speed_test(941, 938, ago=7 * 86400 + 1)), "unknown", "stale", id="old-test"),
        pytest.param(
            known(uplink(GIGABIT / 10), speed_test(941, 938)), "unmet", "uplink_speed_low", id="negotiated-100M"
        ),
        pytest.param(known(uplink(GIGABIT / 10)), "unmet", "uplink_speed_low", id="negotiated-100M-untested"),
        pytest.param(known(uplink(None, up=0), speed_test(941, 938)), "unmet", "uplink_down", id="down"),
        pytest.param(known(uplink(GIGABIT, up=0)), "unmet", "uplink_down", id="down-with-a-speed"),
        pytest.param(known(uplink(None), speed_test(941, 938)), "unknown", "uplink_speed_unknown", id="no-speed"),
        pytest.param(known(uplink(0), speed_test(941, 938)), "unknown", "uplink_speed_unknown", id="speed-0-is-none"),
        pytest.param(
            known(uplink(GIGABIT / 10), uplink(None, port="wan2", device="r2")),
            "unknown",
            "uplink_speed_unknown",
            id="the-other-may-be-fast",
        ),
        pytest.param(
            known(uplink(None, up=0), uplink(GIGABIT, port="wan2", device="r2"), speed_test(941, 938)),
            "met",
            "uplink_fast",
            id="spare-uplink-down",
        ),
        pytest.param(known(seen("ports", "sw"), speed_test(941, 938)), "unknown", "uplink_not_marked", id="not-marked"),
        pytest.param(
            known(uplink(), refused_test(), daily=day("download", 941, 30) + day("upload", 938, 30)),
            "met",
            "uplink_fast",
            id="earlier-day",
        ),
        pytest.param(
            known(uplink(), speed_test(300, 300), daily=day("download", 941, 30) + day("upload", 938, 30)),
            "met",
            "uplink_fast",
            id="best-of-window",
        ),
        pytest.param(
            known(uplink(), speed_test(300, 300), daily=day("download", 941, 169) + day("upload", 938, 169)),
            "unmet",
            "throughput_low",
            id="out-of-window",
        ),
        pytest.param(
            known(uplink(), speed_test(300, 941), daily=day("download", 700, 30, "cpu")),
            "unknown",
            "throughput_inconclusive",
            id="the-best-was-held-by-the-box",
        ),
    ],
)
def test_gigabit_uplink(evidence: Evidence, state: str, code: str) -> None:
    found = verdict("gigabit_uplink", ANY_SCHOOL, evidence)
    assert (found.state, found.reason.code) == (state, code)
    assert (found.attainment is None) == (state == "unknown")


def test_gigabit_uplink_numbers() -> None:
    met = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(), speed_test(941, 938)))
    assert met.value == pytest.approx(938e6)
    assert met.threshold == 1e9
    assert met.attainment == pytest.approx(938 / 900)
    assert {item.probe for item in met.evidence} == {"ports", "throughput"}
    assert met.evidence_at == NOW - timedelta(hours=1)
    low = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(), speed_test(450, 300)))
    assert low.value == pytest.approx(300e6)
    assert low.attainment == pytest.approx(1 / 3)
    assert "上行" in low.reason.text.zh
    assert len(low.findings) == 2
    slow = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(GIGABIT / 10), speed_test(941, 938)))
    assert slow.value == 1e8
    assert slow.attainment == pytest.approx(0.1)
    assert "wan" in slow.reason.text.en
    assert "100 Mbit/s" in slow.reason.text.en
    down = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(None, up=0)))
    assert (down.value, down.attainment) == (0, 0)
    weak = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(), speed_test(400, 500, "cpu")))
    assert (weak.value, weak.highest) == (None, 1e9)
    assert weak.lowest == pytest.approx(400e6)


def test_what_falls_just_short_never_reads_as_enough() -> None:
    found = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(124_999_999), speed_test(941, 938)))
    assert found.state == "unmet"
    assert "999.9 Mbit/s" in found.reason.text.en


def test_the_latest_test_counts_where_the_policy_says_so() -> None:
    evidence = known(uplink(), speed_test(300, 300), daily=day("download", 941, 30) + day("upload", 938, 30))
    assert verdict("gigabit_uplink", ANY_SCHOOL, evidence, UplinkPolicy(statistic="latest")).state == "unmet"


@pytest.mark.parametrize(
    ("limits", "state"),
    [
        pytest.param([("path", "best"), ("cpu", "other")], "unmet", id="path-at-the-best"),
        pytest.param([("path", "other"), ("cpu", "best")], "unknown", id="box-at-the-best"),
        pytest.param([("path", "other"), ("cpu", "another")], "unknown", id="cannot-be-said"),
        pytest.param([], "unknown", id="no-limit-told"),
    ],
)
def test_a_day_with_several_limits(limits: list[tuple[str, str]], state: str) -> None:
    down, _ = carried("download", 700)
    daily = [rolled("throughput", "man", down, hours_ago=30, made_by="best")]
    for limit, made_by in limits:
        _, reading = carried("download", 700, limit)
        daily.append(rolled("throughput", "man", reading, hours_ago=30, made_by=made_by))
    evidence = known(uplink(), refused_test(), daily=(*daily, *day("upload", 938, 30)))
    assert verdict("gigabit_uplink", ANY_SCHOOL, evidence).state == state


def test_an_uplink_that_does_not_answer_may_be_the_faster_one() -> None:
    slow, silent = uplink(GIGABIT / 10), seen("ports", "other", outcome="timeout", detail="no answer")
    assert verdict("gigabit_uplink", ANY_SCHOOL, known(slow, silent)).state == "unmet"
    had = rolled("ports", "other", ("uplink_speed_bytes", GIGABIT, {"port": "wan"}), hours_ago=30)
    found = verdict("gigabit_uplink", ANY_SCHOOL, known(slow, silent, daily=(had,)))
    assert (found.state, found.reason.code) == ("unknown", "uplink_elsewhere_unseen")
    gone = verdict("gigabit_uplink", ANY_SCHOOL, known(slow, daily=(had,)))
    assert gone.state == "unmet"
    long_ago = rolled("ports", "other", ("uplink_speed_bytes", GIGABIT, {"port": "wan"}), hours_ago=169)
    assert verdict("gigabit_uplink", ANY_SCHOOL, known(slow, silent, daily=(long_ago,))).state == "unmet"


@pytest.mark.parametrize(("megabits", "state"), [(904, "unmet"), (909, "met"), (941, "met")])
def test_what_was_unmet_is_met_again_with_a_margin_that_a_gigabit_line_can_have(megabits: float, state: str) -> None:
    policy = UplinkPolicy()
    found = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(), speed_test(megabits, 941)))
    assert found.state == "met"
    assert settled(found, "unmet", policy).state == state
    assert settled(found, "met", policy).state == "met"


def test_a_faster_test_than_the_port_counts_as_the_ports_speed() -> None:
    found = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(), speed_test(9000, 9000)))
    assert found.value == 1e9
    assert found.attainment == pytest.approx(1 / 0.9)


@pytest.mark.parametrize("bytes_per_second", [-1.0, 1e300])
def test_a_speed_that_no_port_and_no_test_has_is_none(bytes_per_second: float) -> None:
    found = verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(bytes_per_second), speed_test(941, 938)))
    assert (found.state, found.reason.code) == ("unknown", "uplink_speed_unknown")
    labels = {"direction": "download", "method": "http"}
    test = seen("throughput", "man", ("uplink_throughput_bytes_per_second", bytes_per_second, labels))
    assert verdict("gigabit_uplink", ANY_SCHOOL, known(uplink(), test)).reason.code == "throughput_missing"
