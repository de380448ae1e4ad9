"""Video conferencing: SIPp and kamailio as the conference unit, loss made by nftables in a network namespace."""

import asyncio
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import ValidationError

from agent.probes.base import Context
from agent.probes.service.probe import PROBE
from agent.probes.service.settings import ServiceSettings
from agent.runner import observe
from common.secrets import Secret
from tests.peers.free import free_port, free_udp_port
from tests.peers.sip import AUTHENTICATING, PASSWORD, ROUTE, USER, answer_to, kamailio, tcp_peer, terminal, udp_peer
from wire.report import Observation

ROOT = Path(__file__).parents[2]
QUICK = {"samples": 20, "interval_seconds": 0.01, "late_seconds": 0.2, "wait_seconds": 2}

INSIDE = textwrap.dedent(
    """
    import asyncio, json, subprocess, sys
    from contextlib import nullcontext
    from agent.probes.base import Context
    from agent.probes.service.probe import PROBE
    from agent.probes.service.settings import ServiceSettings
    from agent.runner import observe
    from pathlib import Path
    from tests.peers.sip import terminal
    settings, rules = json.loads(sys.argv[1]), sys.argv[2]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with terminal() as port:
        rules = rules.replace("PORT", str(port))
        table = f"table inet t {{\\nchain in {{\\ntype filter hook input priority 0\\n{rules}\\n}}\\n}}\\n"
        subprocess.run(["nft", "-f", "-"], input=table.encode(), check=True)
        settings["check"]["port"] = port
        settings = ServiceSettings.model_validate(settings)
        print(asyncio.run(observe(PROBE, settings, Context(Path()))).model_dump_json())
    """
)


def entry(port: int | None, reference: int | None = None, **check: Any) -> dict[str, Any]:
    return {
        "probe": "service",
        "device": "区视频会议",
        "service": "mcu",
        "check": {"system": "video_conference", "host": "127.0.0.1", "port": port, **QUICK, **check},
        "reference": None if reference is None else {"host": "127.0.0.1", "port": reference},
    }


async def look(port: int | None, reference: int | None = None, **check: Any) -> Observation:
    settings = ServiceSettings.model_validate(entry(port, reference, **check))
    return await observe(PROBE, settings, Context(Path()))


def look_in_namespace(rules: str, **check: Any) -> Observation:
    """From a process in a network namespace of its own, with a SIPp there and these rules for what it receives."""
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", INSIDE, json.dumps(entry(None, **check)), rules],
        capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Observation.model_validate_json(done.stdout)


def values(seen: Observation) -> dict[str, float]:
    return {reading.measure.removeprefix("service_"): reading.value for reading in seen.readings}


def checks(seen: Observation) -> list[str]:
    return [reading.labels["check"] for reading in seen.readings if reading.measure == "service_check"]


@pytest.mark.parametrize("path_by", ["icmp", "sip"])
async def test_a_unit_that_answers(path_by: str) -> None:
    with terminal() as port:
        seen = await look(port, path_by=path_by)
    told = values(seen)
    assert (seen.outcome, seen.detail, checks(seen)) == ("ok", "", ["sip"])
    assert (told["up"], told["alive"], told["loss_ratio"], told["path_samples"]) == (1, 1, 0, 20)
    assert 0 < told["round_trip_seconds"] < 0.2
    assert 0 <= told["jitter_seconds"] < 0.2
    assert 0 < told["response_seconds"] < 2
    assert {(r.labels["system"], r.labels["service"]) for r in seen.readings} == {("video_conference", "mcu")}


async def test_over_tcp_and_without_the_path() -> None:
    with kamailio() as port:
        seen = await look(port, transport="tcp", path_by="nothing")
    assert (seen.outcome, set(values(seen))) == ("ok", {"up", "alive", "check", "response_seconds"})


@pytest.mark.parametrize(
    ("status", "outcome", "up"),
    [
        ("503 Service Unavailable", "refused", 0),
        ("500 Server Internal Error", "refused", 0),
        ("403 Forbidden", "refused", None),
        ("404 Not Found", "malformed", None),
        ("405 Method Not Allowed", "malformed", None),
        ("486 Busy Here", "malformed", None),
    ],
)
async def test_alive_and_serving_are_two_things(status: str, outcome: str, up: float | None) -> None:
    with terminal(status) as port:
        seen = await look(port)
    told = values(seen)
    assert (seen.outcome, told.get("up"), told["alive"], checks(seen)) == (outcome, up, 1, [])
    assert status in seen.detail
    assert told["loss_ratio"] == 0  # the path is there all the same


@pytest.mark.parametrize(("password", "up"), [(PASSWORD, 1), ("wrong", None), ("", None)])
async def test_credentials(monkeypatch: pytest.MonkeyPatch, password: str, up: float | None) -> None:
    monkeypatch.setenv("TEST_SIP_PASSWORD", password)
    with kamailio(AUTHENTICATING + ROUTE) as port:
        seen = await look(port, username=USER, password=Secret(env="TEST_SIP_PASSWORD"), path_by="nothing")
    assert (seen.outcome, values(seen).get("up")) == ("ok" if up else "refused", up)


@pytest.mark.parametrize(
    ("rules", "check"),
    [
        ("icmp type echo-request numgen inc mod 20 == 0 drop", {"path_by": "icmp"}),
        ("udp dport PORT numgen inc mod 20 == 0 drop", {"path_by": "sip", "transport": "udp"}),
    ],
    ids=["icmp", "sip"],
)
def test_five_percent_of_loss_are_found(rules: str, check: dict[str, Any]) -> None:
    seen = look_in_namespace(rules, samples=100, late_seconds=0.1, **check)
    assert (seen.outcome, values(seen)["up"], values(seen)["path_samples"]) == ("ok", 1, 100)
    assert values(seen)["loss_ratio"] == pytest.approx(0.05, abs=0.011)


def test_random_loss_of_five_percent_is_found() -> None:
    """A run of 300 that sees none is one in five million."""
    seen = look_in_namespace("icmp type echo-request numgen random mod 100 < 5 drop", samples=300, late_seconds=0.05)
    assert 0 < values(seen)["loss_ratio"] < 0.15


def test_filtered_echoes_are_no_loss() -> None:
    seen = look_in_namespace("icmp type echo-request drop", late_seconds=0.05)
    assert (seen.outcome, values(seen)["up"], values(seen)["path_samples"]) == ("ok", 1, 0)
    assert not {"loss_ratio", "round_trip_seconds", "jitter_seconds"} & set(values(seen))


def test_a_lost_question_does_not_make_it_down() -> None:
    """OPTIONS is repeated over UDP, so that a path that loses every second packet still shows a unit that is up."""
    seen = look_in_namespace("udp dport PORT numgen inc mod 2 == 0 drop", path_by="nothing")
    assert (seen.outcome, values(seen)["up"]) == ("ok", 1)


@asynccontextmanager
async def slow_unit(*delays: float) -> AsyncIterator[int]:
    """A SIP peer whose answers take these times in turn."""

    class Unit(asyncio.DatagramProtocol):
        asked = 0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            delay = delays[self.asked % len(delays)]
            self.asked += 1
            asyncio.get_running_loop().call_later(delay, self.transport.sendto, answer_to(data), addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Unit, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def test_round_trip_and_jitter() -> None:
    async with slow_unit(0.05, 0.15) as port:
        seen = await look(port, path_by="sip", samples=40, late_seconds=1)
    assert values(seen)["loss_ratio"] == 0
    assert values(seen)["jitter_seconds"] == pytest.approx(0.1, abs=0.04)
    assert 0.05 <= values(seen)["round_trip_seconds"] < 0.25


async def test_h323_is_an_open_port_and_says_so() -> None:
    async with tcp_peer(lambda _: []) as port:
        seen = await look(port, protocol="h323")
    assert (seen.outcome, values(seen)["up"], checks(seen)) == ("ok", 1, ["tcp"])
    assert values(seen)["loss_ratio"] == 0
    seen = await look(free_port(), protocol="h323")
    assert (seen.outcome, values(seen)) == ("refused", {"up": 0})


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_silent(transport: str) -> None:
    async with (udp_peer if transport == "udp" else tcp_peer)(lambda _: []) as port, tcp_peer(lambda _: []) as other:
        near = await look(port, other, transport=transport, wait_seconds=0.3)
        blind = await look(port, free_port(), transport=transport, wait_seconds=0.3)
    assert [(seen.outcome, values(seen)) for seen in (near, blind)] == [("timeout", {"up": 0}), ("timeout", {})]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_closed_port(transport: str) -> None:
    seen = await look(free_udp_port() if transport == "udp" else free_port(), transport=transport)
    assert (seen.outcome, values(seen)) == ("refused", {"up": 0})


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_garbage(transport: str) -> None:
    async with (udp_peer if transport == "udp" else tcp_peer)(lambda _: [b"\x00\xff\r\n\r\n"]) as port:
        seen = await look(port, transport=transport, wait_seconds=0.3)
    assert (seen.outcome, values(seen)) == ("malformed", {"up": 0})


async def test_no_such_name() -> None:
    seen = await look(None, host="mcu.invalid")
    assert (seen.outcome, values(seen)) == ("unreachable", {})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"path_by": "sip", "protocol": "h323"}, "path_by: sip needs"),
        ({"path_by": "sip", "transport": "tcp"}, "path_by: sip needs"),
        ({"username": "u"}, "belong together"),
        ({"samples": 1000, "late_seconds": 0.5}, "is accepted: such a check"),
        ({"samples": 10}, "greater than or equal to 20"),
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ServiceSettings.model_validate(entry(5060, **wrong))
