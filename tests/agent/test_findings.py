"""What a person reads of one round: words and symbols in both languages, and nothing that a device could slip in."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from agent.findings import findings, is_bad, outcome_of, speed
from agent.table import show
from tests.agent.made import observation
from wire.report import Observation, Reading

Seen = tuple[str, float, dict[str, str]]


def seen(*readings: Seen, **more: Any) -> Observation:
    made = tuple(Reading(measure=measure, value=value, labels=labels) for measure, value, labels in readings)
    return observation(**more).model_copy(update={"readings": made})


def ap(name: str, up: int, state: str) -> list[Seen]:
    who = {"ap": name, "ap_id": name, "place": ""}
    return [("wireless_access_point_up", up, who), ("wireless_access_point_state", 1, {**who, "state": state})]


SERVICE = {"system": "video_on_demand", "service": "main"}


@pytest.mark.parametrize(
    ("found", "en", "zh"),
    [
        pytest.param(
            seen(
                ("uplink_up", 1, {"port": "g0"}),
                ("uplink_speed_bytes", 125e6, {"port": "g0"}),
                ("port_up", 1, {"port": "g0"}),
                ("port_up", 0, {"port": "g1"}),
                ("access_port_speed_bytes", 12.5e6, {"port": "g2"}),
                ("access_port_speed_bytes", 125e6, {"port": "g3"}),
                ("access_port_speed_bytes", 125e6, {"port": "g4"}),
            ),
            ["uplink g0 1 Gbit/s", "1 of 2 ports have a link", "access ports: 1 × 100 Mbit/s, 2 × 1 Gbit/s"],
            ["上联 g0 1 Gbit/s", "端口 1/2 有链路", "接入端口：1 × 100 Mbit/s, 2 × 1 Gbit/s"],
            id="ports",
        ),
        pytest.param(
            seen(
                *ap("a", 1, "normal"),
                *ap("b", 0, "fault"),
                *ap("c", 0, "gone"),
                ("wireless_clients", 12, {"band": "all"}),
            ),
            ["1 of 3 access points up", "1 access points gone: c", "12 wireless clients"],
            ["无线接入点 1/3 在线", "1 个接入点消失：c", "无线终端 12 个"],
            id="wireless",
        ),
        pytest.param(
            seen(
                ("terminals", 3, {"owner": "student", "basis": "seen"}),
                ("terminals", 2, {"owner": "unregistered", "basis": "seen"}),
                ("terminals_randomised", 4, {"owner": "student"}),
                ("terminals_randomised", 0, {"owner": "visitor"}),
                ("place_wireless_terminals", 20, {"place": "101", "owner": "student"}),
                ("place_wireless_terminals", 5, {"place": "102", "owner": "student"}),
                ("place_wireless_terminals", 1, {"place": "102", "owner": "visitor"}),
            ),
            [
                "student terminals: 3 seen",
                "unregistered terminals: 2 seen",
                "made-up addresses: 4 student",
                "wireless terminals at places: 25 student, 1 visitor",
            ],
            ["学生终端：在网 3", "未登记终端：在网 2", "随机 MAC：学生 4", "各场所无线终端：学生 25、访客 1"],
            id="terminals",
        ),
        pytest.param(
            seen(
                ("uplink_throughput_bytes_per_second", 11.7e6, {"direction": "download", "method": "http"}),
                ("uplink_throughput_limit", 1, {"direction": "download", "method": "http", "limit": "nic"}),
            ),
            ["download 93.6 Mbit/s", "inconclusive: limited by this machine's network card"],
            ["下行 93.6 Mbit/s", "结论不定：受本机网卡限制"],
            id="throughput",
        ),
        pytest.param(
            seen(("av_device_state", 1, {"system": "multimedia", "place": "", "state": "standby"})),
            ["standby"],
            ["待机"],
            id="display",
        ),
        pytest.param(
            seen(("path_round_trip_seconds", 0.0123, {}), ("path_loss_ratio", 0.05, {})),
            ["round trip 12.3 ms", "loss 5.0%"],
            ["往返 12.3 ms", "丢包 5.0%"],
            id="path",
        ),
        pytest.param(
            seen(*(("brand_new", float(n), {"which": str(n)}) for n in range(8))),
            [f"brand_new{{which={n}}} {n}" for n in range(6)] + ["2 more readings (--json)"],
            [f"brand_new{{which={n}}} {n}" for n in range(6)] + ["另有 2 个读数（--json）"],
            id="a-probe-that-nobody-foresaw",
        ),
        pytest.param(
            seen(("path_loss_ratio", 0.0, {}), ("brand_new", 1.0, {})),
            ["loss 0.0%", "1 more readings (--json)"],
            ["丢包 0.0%", "另有 1 个读数（--json）"],
            id="own-readings-beside-sentences",
        ),
        pytest.param(
            seen(
                ("service_up", 1.0, SERVICE),
                ("service_response_seconds", 0.02, SERVICE),
                ("service_sample_stall_seconds", 0.0, SERVICE),
            ),
            ["service available", "answered in 20 ms", "the sample played without stalling"],
            ["服务可用", "应答 20 ms", "样片流畅"],
            id="a-service",
        ),
        pytest.param(
            seen(
                ("service_up", 0.0, SERVICE),
                ("service_sample_stall_seconds", 2.5, SERVICE),
                ("service_delivery_ratio", 0.8, SERVICE),
            ),
            ["service not available", "the sample stalled for 2.5 s", "segments arrive at 0.8 times real time"],
            ["服务不可用", "样片卡顿 2.5 秒", "片段到达速度为实时的 0.8 倍"],
            id="a-bad-service",
        ),
        pytest.param(seen(outcome="refused", detail="port 1 shut"), ["port 1 shut"], ["port 1 shut"], id="detail"),
    ],
)
def test_findings(found: Observation, en: list[str], zh: list[str]) -> None:
    assert [text.en for text in findings(found)] == en
    assert [text.zh for text in findings(found)] == zh


def test_what_needs_a_look() -> None:
    assert not is_bad(seen())
    assert is_bad(seen(outcome="timeout"))
    assert is_bad(seen(("uplink_up", 0, {"port": "g0"})))
    assert is_bad(seen(*ap("b", 0, "gone")))
    assert is_bad(seen(("service_up", 0, SERVICE)))
    assert outcome_of(seen(*ap("b", 0, "gone")))[0] == "!"
    assert not is_bad(seen(("port_up", 0, {"port": "desk"}))), "a desk without a computer is no fault"


def test_speeds_are_in_bits() -> None:
    assert [speed(v) for v in (1.25e6, 12.5e6, 125e6, 312.5e6, 1.25e9, 12.5e9, 10)] == [
        "10 Mbit/s", "100 Mbit/s", "1 Gbit/s", "2.5 Gbit/s", "10 Gbit/s", "100 Gbit/s", "80 bit/s",
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "last"), [("en", "1 of 2 need a look"), ("zh", "2 项中 1 项需要查看")])
def test_the_table_holds_no_control_characters_and_no_markup(
    language: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPUS_LANG", language)
    out = StringIO()
    show([seen(), seen(outcome="malformed", detail="\x1b[31m[red]x[/red]")], Console(file=out, width=120))
    text = out.getvalue()
    assert "\x1b" not in text
    assert "[red]x[/red]" in text
    assert text.rstrip().endswith(last)
