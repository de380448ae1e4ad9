"""Each target by table: met, unmet, every reason for unknown, edges and bounds."""

import string
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector.evidence import Daily, Evidence
from collector.reasons import REASONS
from collector.roster.model import Place, School
from collector.targets import TARGETS
from collector.targets._coverage import CoveragePolicy
from collector.targets._displays import DisplayPolicy
from collector.targets.gigabit_uplink import UplinkPolicy
from collector.targets.student_device_ratio import StudentRatioPolicy
from collector.targets.teacher_device_ratio import TeacherRatioPolicy
from collector.verdict import EvidenceItem, Reason, Verdict, reason_json
from common.text import Text
from tests.collector.making import GIGABIT, NOW, R, codes, known, r, rolled, school, seen, verdict
from wire.report import Observation, Outcome

MEGABIT = 125_000.0
PROBES = {
    "gigabit_uplink": "ports",
    "desktop_100m": "ports",
    "wireless_coverage": "wireless",
    "network_coverage": "ports",
    "multimedia_classroom": "display",
    "student_device_ratio": "terminals",
    "teacher_device_ratio": "terminals",
}
ANY_SCHOOL = school("101", "102")


def test_reasons_have_both_languages_and_the_same_fields() -> None:
    for code, text in REASONS.items():
        fields = [
            sorted(str(name) for _, name, _, _ in string.Formatter().parse(sentence) if name)
            for sentence in (text.zh, text.en)
        ]
        assert text.zh, code
        assert text.en, code
        assert text.zh != text.en, code
        assert fields[0] == fields[1], code
        assert any("\u4e00" <= character <= "\u9fff" for character in text.zh), code
        assert not any("\u4e00" <= character <= "\u9fff" for character in text.en), code


def test_a_reason_speaks_each_language_and_refuses_a_missing_value() -> None:
    reason = Reason("roster_missing", {"what": Text("班级数", "the number of classes")})
    assert "班级数" in reason.text.zh
    assert "the number of classes" in reason.text.en
    assert reason_json(reason)["values"] == {"what": {"zh": "班级数", "en": "the number of classes"}}
    with pytest.raises(KeyError):
        Reason("stale", {"device": "x"})
    with pytest.raises(KeyError):
        Reason("no_such_code")


def test_unknown_has_no_value() -> None:
    with pytest.raises(ValueError, match="only bounds"):
        Verdict("x", "unknown", Reason("never_reported"), value=1.0)


# What is missing, the same for every target


@pytest.mark.parametrize("target", PROBES)
@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        pytest.param(lambda probe: known(reported=None), "never_reported", id="never"),
        pytest.param(lambda probe: known(seen("host", "box")), "not_probed", id="not-probed"),
        pytest.param(lambda probe: known(), "not_probed", id="nothing-seen"),
        pytest.param(lambda probe: known(seen(probe, "x", ago=4 * 86400)), "stale", id="stale"),
        pytest.param(lambda probe: known(seen(probe, "x", ago=4 * 86400), reported=301), "agent_silent", id="silent"),
        pytest.param(lambda probe: known(seen(probe, "x", ago=4 * 86400), reported=299), "stale", id="not-silent-yet"),
    ],
)
def test_missing_evidence_is_unknown(target: str, evidence: object, code: str) -> None:
    found = verdict(target, ANY_SCHOOL, evidence(PROBES[target]))  # type: ignore[operator]
    assert (found.state, found.reason.code, found.attainment) == ("unknown", code, None)


@pytest.mark.parametrize("target", PROBES)
@pytest.mark.parametrize("outcome", ["timeout", "unreachable", "refused", "malformed", "crashed"])
def test_a_failing_device_is_unknown_and_named(target: str, outcome: Outcome) -> None:
    failing = seen(PROBES[target], "core switch", outcome=outcome, detail="no {answer} in 10 s")
    found = verdict(target, ANY_SCHOOL, known(failing))
    assert (found.state, found.reason.code) == ("unknown", f"device_{outcome}")
    assert "core switch" in found.reason.text.zh
    assert "no {answer} in 10 s" in found.reason.text.en


def test_a_silent_agent_says_since_when_in_the_districts_zone() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(seen("ports", "sw", ago=7200), reported=3600))
    assert "2026-09-10 09:00" in found.reason.text.zh


def test_fresh_data_speaks_although_the_agent_fell_silent() -> None:
    table = seen("ports", "sw", r("access_port_speed_bytes", GIGABIT, port="1", ifindex="1"), ago=400)
    assert verdict("desktop_100m", ANY_SCHOOL, known(table, reported=390)).state == "met"


@pytest.mark.parametrize(("ago", "state"), [(900, "met"), (901, "unknown"), (-5, "met")])
def test_the_edge_of_freshness(ago: float, state: str) -> None:
    table = seen("ports", "sw", r("access_port_speed_bytes", GIGABIT, port="1", ifindex="1"), ago=ago)
    assert verdict("desktop_100m", ANY_SCHOOL, known(table)).state == state


# gigabit_uplink


def uplink(speed: float | None = GIGABIT, up: float = 1, port: str = "wan", device: str = "router") -> Observation:
    readings = [r("uplink_up", up, port=port)]
    if speed is not None:
        readings.append(r("uplink_speed_bytes", speed, port=port))
    return seen("ports", device, *readings)


def carried(direction: str, megabits: float, limit: str = "path", method: str = "http") -> list[R]:
    rate = r("uplink_throughput_bytes_per_second", megabits * MEGABIT, direction=direction, method=method)
    return [rate, r("uplink_throughput_limit", 1, direction=direction, method=method, limit=limit)]


def speed_test(
    down: float, up: float, limit: str = "path", *, ago: float = 3600, method: str = "http", device: str = "man"
) -> Observation:
    readings = carried("download", down, limit, method) + carried("upload", up, limit, method)
    return seen("throughput", device, *readings, ago=ago)


def day(direction: str, megabits: float, hours_ago: float, limit: str = "path", made_by: str = "") -> tuple[Daily, ...]:
    return tuple(
        rolled("throughput", "man", reading, hours_ago=hours_ago, made_by=made_by)
        for reading in carried(direction, megabits, limit)
    )


def refused_test(outcome: Outcome = "refused", *readings: R) -> Observation:
    return seen("throughput", "man", *readings, outcome=outcome, detail="the server is busy", ago=60)


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
    assert met.attainment == 1
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


# desktop_100m


def port(number: int, megabits: float, place: str = "101") -> R:
    labels = {"port": f"ge{number}", "ifindex": str(number), "place": place}
    return "access_port_speed_bytes", megabits * MEGABIT, labels


def mute_port(number: int) -> R:
    return "access_port_without_speed", 1, {"port": f"ge{number}", "ifindex": str(number), "place": "101"}


def switch(*ports: R, device: str = "sw1", outcome: Outcome = "ok") -> Observation:
    return seen("ports", device, *ports, outcome=outcome)


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


# wireless_coverage

HALL = Place(id="走廊", kind="other", teaching=False)
TWO = school("101", "102", HALL, devices=(("wireless", "ap-2", "102"),))


def ap(name: str, up: float, place: str = "", ap_id: str = "") -> R:
    return "wireless_access_point_up", up, {"ap": name, "ap_id": ap_id, "place": place}


def standby(name: str, ap_id: str = "", state: str = "standby", place: str = "") -> R:
    return "wireless_access_point_state", 1, {"ap": name, "ap_id": ap_id, "place": place, "state": state}


def controller(*points: R, device: str = "ac1", outcome: Outcome = "ok", ago: float = 30) -> Observation:
    return seen("wireless", device, *points, outcome=outcome, ago=ago)


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


# network_coverage


def info(number: int, place: str, role: str = "access") -> R:
    return r("port_info", 1, port=f"ge{number}", ifindex=str(number), role=role, iftype="6", descr="", place=place)


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


# multimedia_classroom

ROOMS = school("101", "102", devices=(("multimedia", "p1", "101"), ("multimedia", "p2", "102")))


def display(
    name: str, up: float | None, place: str = "", *, outcome: Outcome = "ok", ago: float = 30, every: float = 300
) -> Observation:
    state = [r("av_device_up", up, system="multimedia", place=place)] if up is not None else []
    return seen("display", name, *state, outcome=outcome, ago=ago, every=every)


def was_up(name: str, hours_ago: float, last: float = 1, place: str = "") -> tuple[Daily, ...]:
    reading = r("av_device_up", 1, system="multimedia", place=place)
    return (rolled("display", name, reading, hours_ago=hours_ago, last=last),)


def ran(name: str, hours_ago: float, count: int, *, ok: bool = False) -> tuple[Daily, ...]:
    return (rolled("display", name, r("probe_success", float(ok)), hours_ago=hours_ago, count=count, minimum=0),)


P1 = display("p1", 1)


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
            school("101", "102"), known(display("x", 1)), "unknown", "displays_without_place", (0, 1), id="no-place"
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
            known(P1, display("p2", None, outcome="timeout", every=0), daily=ran("p2", 0.1, 12)),
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


def test_seen_within_reaches_over_a_weekend_unless_the_policy_says_otherwise() -> None:
    evidence = known(P1, display("p2", None, outcome="unreachable"), daily=was_up("p2", 50))
    assert verdict("multimedia_classroom", ROOMS, evidence).state == "met"
    assert DisplayPolicy().look_back_days == 3
    policy = DisplayPolicy(seen_within_seconds=86400)
    assert verdict("multimedia_classroom", ROOMS, evidence, policy).state == "unknown"


# student_device_ratio and teacher_device_ratio

MONTH = 30 * 86400.0


def terminals(
    verified: int | None, inventory: int, *, owner: str = "student", watched: float = MONTH, shared: int = 0
) -> Observation:
    readings = [
        r("terminals", inventory, owner=owner, basis="inventory"),
        r("terminals", shared, owner="shared", basis="verified"),
        r("terminals", shared, owner="shared", basis="inventory"),
        r("terminals_watched_seconds", watched),
        r("terminals_window_seconds", MONTH),
    ]
    if verified is not None:
        readings.append(r("terminals", verified, owner=owner, basis="verified"))
    return seen("terminals", "register", *readings, ago=3600)


@pytest.mark.parametrize(
    ("observation", "state", "code", "value", "attainment"),
    [
        pytest.param(terminals(100, 100), "met", "terminals_enough", 6, 1, id="just-met"),
        pytest.param(terminals(120, 150), "met", "terminals_enough", 5, 1.2, id="met"),
        pytest.param(terminals(100, 120, watched=60), "met", "terminals_enough", 6, 1, id="met-early"),
        pytest.param(terminals(90, 99), "unmet", "register_too_small", 600 / 99, 0.99, id="register-too-small"),
        pytest.param(terminals(5, 50, watched=60), "unmet", "register_too_small", 12, 0.5, id="too-small-early"),
        pytest.param(terminals(60, 120), "unmet", "register_not_seen", 10, 0.6, id="not-seen"),
        pytest.param(terminals(60, 120, watched=MONTH - 1), "unknown", "terminals_watching", None, None, id="watching"),
        pytest.param(terminals(0, 0), "unmet", "register_too_small", None, 0, id="none"),
        pytest.param(terminals(0, 0, watched=60), "unknown", "terminals_watching", None, None, id="none-yet"),
        pytest.param(terminals(0, 120), "unmet", "register_not_seen", None, 0, id="none-seen"),
        pytest.param(terminals(60, 60, shared=40), "met", "terminals_enough", 6, 1, id="shared-count"),
        pytest.param(
            seen("terminals", "register", ago=3600), "unknown", "terminals_not_counted", None, None, id="no-counts"
        ),
    ],
)
def test_student_ratio(
    observation: Observation, state: str, code: str, value: float | None, attainment: float | None
) -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(observation))
    assert (found.state, found.reason.code) == (state, code)
    assert found.value == (None if value is None else pytest.approx(value))
    assert found.attainment == (None if attainment is None else pytest.approx(attainment))
    assert found.threshold == 6


def test_the_register_says_how_far_the_watch_is() -> None:
    found = verdict("student_device_ratio", ANY_SCHOOL, known(terminals(60, 120, watched=4.5 * 86400)))
    assert "30 天观察期已过 4.5 天" in found.reason.text.zh
    assert (found.lowest, found.highest) == (5, 10)


def test_shared_terminals_count_once_and_for_whom_the_policy_says() -> None:
    by_teachers = known(terminals(30, 30, owner="teacher", shared=10))
    assert verdict("teacher_device_ratio", ANY_SCHOOL, by_teachers).state == "unmet"
    policy = TeacherRatioPolicy(shared_for="teachers")
    assert verdict("teacher_device_ratio", ANY_SCHOOL, by_teachers, policy).state == "met"
    students = known(terminals(95, 95, shared=10))
    assert verdict("student_device_ratio", ANY_SCHOOL, students).state == "met"
    policy_without = StudentRatioPolicy(shared_for="teachers")
    assert verdict("student_device_ratio", ANY_SCHOOL, students, policy_without).state == "unmet"


@pytest.mark.parametrize("target", ["student_device_ratio", "teacher_device_ratio"])
def test_a_ratio_needs_people_in_the_roster(target: str) -> None:
    found = verdict(target, school(students=0, teachers=0), known(terminals(10, 10)))
    assert (found.state, found.reason.code) == ("unknown", "roster_missing")


def test_terminals_may_be_two_days_old() -> None:
    fresh = terminals(100, 100)
    old = fresh.model_copy(update={"started_at": NOW - timedelta(days=2, seconds=1)})
    assert verdict("student_device_ratio", ANY_SCHOOL, known(fresh)).state == "met"
    assert verdict("student_device_ratio", ANY_SCHOOL, known(old)).reason.code == "stale"


def test_every_module_is_a_target_with_a_clause() -> None:
    assert set(TARGETS) >= set(PROBES)
    for name, target in TARGETS.items():
        assert target.id == name
        assert target.clause
        assert target.name.zh
        assert target.name.en


def test_evidence_is_listed_once_whatever_its_order() -> None:
    item = EvidenceItem("1", "ports", "sw", NOW, "x")
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 1000))))
    assert len(set(found.evidence)) == len(found.evidence) == 1
    assert replace(item, note="y") != item


def test_the_documentation_has_every_target_and_common_reason() -> None:
    text = (Path(__file__).parents[2] / "docs" / "targets.md").read_text(encoding="utf-8")
    for target in TARGETS.values():
        assert f"\n## {target.id}\n\n> {target.clause}\n" in text, target.id
    for code in ("never_reported", "not_probed", "agent_silent", "stale", "table_incomplete", "roster_missing"):
        assert f"| `{code}` |" in text
