"""IP broadcast, against kamailio with SIPp terminals and against peers that do not behave."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.clients.sip import Answer
from agent.probes.base import Context
from agent.probes.broadcast.probe import PROBE
from agent.probes.broadcast.settings import BroadcastSettings
from agent.probes.broadcast.state import Word, behind_server, best, by_registrar
from agent.runner import observe
from common.secrets import Secret
from tests.peers.free import free_port, free_udp_port
from tests.peers.sip import (
    ANSWERS_FOR_ALL,
    ASKING,
    AUTHENTICATING,
    PASSWORD,
    ROUTE,
    USER,
    answer_to,
    kamailio,
    register,
    tcp_peer,
    terminal,
    udp_peer,
)
from wire.report import Observation

SERVER_ROOM = "广播室"
TERMINALS = (
    {"user": "1001", "place": "101"},
    {"user": "1002", "place": "102"},
    {"user": "1003", "place": "103"},
    {"user": "1004", "place": "104"},
)
"""1001 answers, 1002 is not registered, 1003 is registered and silent, 1004 is busy."""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with ExitStack() as stack:
        port = stack.enter_context(kamailio())
        register(port, "1001", stack.enter_context(terminal()))
        register(port, "1003", _mute(stack))
        register(port, "1004", stack.enter_context(terminal("486 Busy Here")))
        yield port


def _mute(stack: ExitStack) -> int:
    taken = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    taken.bind(("127.0.0.1", 0))
    return int(taken.getsockname()[1])


async def look(port: int | None, **more: Any) -> Observation:
    fields: dict[str, Any] = {"host": "127.0.0.1", "place": SERVER_ROOM, "wait_seconds": 2, **more}
    settings = BroadcastSettings(probe="broadcast", device="广播主机", port=port, **fields)
    return await observe(PROBE, settings, Context(Path()))


def told(seen: Observation, measure: str, *labels: str) -> dict[str, float]:
    """Values of a measure by its labels, joined."""
    return {
        " ".join(reading.labels[label] for label in labels): reading.value
        for reading in seen.readings
        if reading.measure == measure
    }


def ups(seen: Observation) -> dict[str, float]:
    return told(seen, "av_device_up", "place")


def states(seen: Observation) -> set[str]:
    return set(told(seen, "av_device_state", "place", "state"))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_server_tells_of_its_terminals(server: int, transport: str) -> None:
    seen = await look(server, terminals=TERMINALS, transport=transport)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert ups(seen) == {SERVER_ROOM: 1, "101": 1, "102": 0, "103": 0}
    assert states(seen) == {f"{SERVER_ROOM} ok", "101 ok", "102 unreachable", "103 unreachable", "104 unknown"}
    assert told(seen, "broadcast_terminal_registered", "terminal") == {"1001": 1, "1002": 0}
    assert told(seen, "broadcast_alive", "terminal") == {"": 1, "1001": 1, "1003": 0}
    assert told(seen, "broadcast_serving", "terminal") == {"": 1, "1001": 1}
    assert told(seen, "broadcast_check", "place", "check") == {
        f"{SERVER_ROOM} sip": 1, "101 sip": 1, "102 sip": 1, "103 sip": 1
    }  # fmt: skip
    assert told(seen, "rows_seen", "table") == {"broadcast_terminals": 3}
    assert told(seen, "rows_expected", "table") == {"broadcast_terminals": 4}
    assert {reading.labels["system"] for reading in seen.readings if reading.measure == "av_device_up"} == {"broadcast"}


async def test_the_registrar_tells_of_registrations_only(server: int) -> None:
    seen = await look(server, terminals=TERMINALS, ask="registrar")
    assert seen.outcome == "ok"
    assert ups(seen) == {SERVER_ROOM: 1, "101": 1, "102": 0, "103": 1, "104": 1}
    assert told(seen, "broadcast_terminal_registered", "terminal") == {"1001": 1, "1002": 0, "1003": 1, "1004": 1}
    assert told(seen, "broadcast_check", "place", "check")["103 registration"] == 1


async def test_a_registration_that_ends_is_seen() -> None:
    with kamailio() as port, terminal() as phone:
        register(port, "1001", phone)
        before = await look(port, terminals=TERMINALS[:1], ask="registrar")
        register(port, "1001", phone, expires=0)
        after = await look(port, terminals=TERMINALS[:1], ask="registrar")
        asked = await look(port, terminals=TERMINALS[:1])
    assert [ups(seen)["101"] for seen in (before, after, asked)] == [1, 0, 0]


@pytest.mark.parametrize("route", [ANSWERS_FOR_ALL, ROUTE], ids=["for-all", "without-max-forwards"])
async def test_a_server_that_may_speak_for_its_terminals_proves_nothing_of_them(route: str) -> None:
    with kamailio(route) as port, terminal() as phone:
        register(port, "1001", phone) if route == ROUTE else None
        seen = await look(port, terminals=TERMINALS[:2])
    assert seen.outcome == "malformed"
    assert "tells of none of its 2 terminals" in seen.detail
    assert ups(seen) == {SERVER_ROOM: 1}
    assert states(seen) == {f"{SERVER_ROOM} ok", "101 unknown", "102 unknown"}


async def test_a_terminal_that_is_silent_behind_a_server_that_is_not() -> None:
    """The server waits longer than the probe."""
    with kamailio(ASKING + ROUTE.replace("t_relay();", "t_set_fr(0, 20000); t_relay();")) as port, ExitStack() as stack:
        register(port, "1003", _mute(stack))
        register(port, "1001", stack.enter_context(terminal()))
        seen = await look(port, terminals=(TERMINALS[0], TERMINALS[2]), wait_seconds=0.5)
    assert seen.outcome == "ok"
    assert ups(seen) == {SERVER_ROOM: 1, "101": 1}
    assert "103 unknown" in states(seen)
    assert told(seen, "broadcast_alive", "terminal")["1003"] == 0


async def test_one_that_works_is_enough_at_a_place(server: int) -> None:
    there = [{"user": user, "place": "礼堂"} for user in ("1002", "1001")]
    seen = await look(server, terminals=there)
    assert ups(seen) == {SERVER_ROOM: 1, "礼堂": 1}
    one_unknown = await look(server, terminals=[{"user": user, "place": "礼堂"} for user in ("1002", "1004")])
    assert ups(one_unknown) == {SERVER_ROOM: 1}


async def test_the_server_speaks_for_its_own_room(server: int) -> None:
    seen = await look(server, terminals=[{"user": "1002", "place": SERVER_ROOM}])
    assert ups(seen) == {SERVER_ROOM: 1}
    assert told(seen, "broadcast_terminal_registered", "place") == {SERVER_ROOM: 0}


@pytest.mark.parametrize(
    ("status", "outcome", "state", "up"),
    [
        ("200 OK", "ok", "ok", 1),
        ("202 Accepted", "ok", "ok", 1),
        ("503 Service Unavailable", "ok", "fault", 0),
        ("500 Server Internal Error", "ok", "fault", 0),
        ("486 Busy Here", "refused", "unknown", None),
        ("404 Not Found", "refused", "unknown", None),
        ("405 Method Not Allowed", "refused", "unknown", None),
        ("302 Moved Temporarily", "refused", "unknown", None),
        ("407 Proxy Authentication Required", "refused", "authentication_failed", None),
    ],
)
async def test_alive_and_serving_are_two_things(status: str, outcome: str, state: str, up: float | None) -> None:
    with terminal(status) as port:
        seen = await look(port, place="101")
    assert (seen.outcome, states(seen), ups(seen).get("101")) == (outcome, {f"101 {state}"}, up)
    assert told(seen, "broadcast_alive", "place") == {"101": 1}
    assert told(seen, "broadcast_serving", "place") == {"101": status.startswith("2")}
    assert told(seen, "broadcast_sip_status", "place") == {"101": int(status[:3])}
    if outcome == "refused":
        assert status in seen.detail


@pytest.mark.parametrize(
    ("password", "outcome", "state"),
    [(PASSWORD, "ok", "ok"), ("wrong", "refused", "authentication_failed"), ("", "refused", "unknown")],
)
async def test_credentials(monkeypatch: pytest.MonkeyPatch, password: str, outcome: str, state: str) -> None:
    monkeypatch.setenv("TEST_SIP_PASSWORD", password)
    with kamailio(AUTHENTICATING + ROUTE) as port:
        seen = await look(port, username=USER, password=Secret(env="TEST_SIP_PASSWORD"))
    assert (seen.outcome, states(seen)) == (outcome, {f"{SERVER_ROOM} {state}"})
    assert password == "" or password not in seen.detail


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_silent(transport: str) -> None:
    async with (udp_peer if transport == "udp" else tcp_peer)(lambda _: []) as port:
        seen = await look(port, transport=transport, wait_seconds=0.3, terminals=TERMINALS)
    assert (seen.outcome, states(seen), ups(seen)) == ("timeout", {f"{SERVER_ROOM} unknown"}, {})
    assert told(seen, "broadcast_alive", "terminal") == {"": 0}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_closed_port(transport: str) -> None:
    seen = await look(free_udp_port() if transport == "udp" else free_port(), transport=transport)
    assert (seen.outcome, states(seen), ups(seen)) == ("refused", {f"{SERVER_ROOM} unreachable"}, {})


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_garbage(transport: str) -> None:
    async with (udp_peer if transport == "udp" else tcp_peer)(lambda _: [b"HTTP/1.1 400 No\r\n\r\n"]) as port:
        seen = await look(port, transport=transport, wait_seconds=0.3)
    assert (seen.outcome, states(seen), ups(seen)) == ("malformed", {f"{SERVER_ROOM} unknown"}, {})


async def test_no_such_name() -> None:
    seen = await look(5060, host="broadcast.invalid")
    assert (seen.outcome, states(seen)) == ("unreachable", {f"{SERVER_ROOM} unreachable"})
    assert told(seen, "broadcast_alive", "terminal") == {}


async def test_a_server_that_breaks_off_while_it_tells() -> None:
    """What it said of itself stands, and nothing is known of its terminals."""
    async with tcp_peer(lambda request: [answer_to(request)], hangs_up=True) as port:
        seen = await look(port, transport="tcp", terminals=TERMINALS[:2])
    assert (seen.outcome, ups(seen)) == ("malformed", {SERVER_ROOM: 1})
    assert states(seen) == {f"{SERVER_ROOM} ok", "101 unknown", "102 unknown"}


async def test_less_than_sip_says_so() -> None:
    async with tcp_peer(lambda _: []) as port:
        seen = await look(port, check="tcp", place="101")
    assert (seen.outcome, ups(seen)) == ("ok", {"101": 1})
    assert told(seen, "broadcast_check", "check") == {"tcp": 1}
    assert told(seen, "broadcast_alive", "place") == {}
    seen = await look(free_port(), check="tcp", place="101")
    assert (seen.outcome, states(seen), ups(seen)) == ("refused", {"101 unreachable"}, {})
    seen = await look(None, check="icmp", place="101")
    assert (seen.outcome, ups(seen), told(seen, "broadcast_check", "check")) == ("ok", {"101": 1}, {"icmp": 1})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"check": "tcp"}, "port is required"),
        ({"check": "icmp", "terminals": TERMINALS}, "with check: sip only"),
        ({"username": "u"}, "belong together"),
        ({"terminals": [{"user": "1", "place": "a"}, {"user": "2", "place": "b", "name": "1"}]}, "two terminals are"),
        ({"terminals": [{"user": "1 2", "place": "a"}]}, "should match pattern"),
        ({"domain": "a\r\nb"}, "should match pattern"),
        ({"terminals": [{"user": f"{n}", "place": "a"} for n in range(500)]}, "is accepted: without answers"),
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        BroadcastSettings.model_validate({"probe": "broadcast", "device": "b", "host": "192.0.2.1", **wrong})


def test_words() -> None:
    """The answers that no peer above gives."""
    hops, ok, gone, odd = (Answer(status, "", 0.1, 0) for status in (483, 200, 480, 603))
    assert behind_server(gone, hops) == Word("unreachable", up=False, registered=False)
    assert behind_server(gone, ok) == behind_server(ok, None) == behind_server(odd, hops) == Word("unknown")
    assert behind_server(Answer(401, "", 0.1, 0), hops) == Word("authentication_failed")
    assert by_registrar(odd) == by_registrar(None) == Word("unknown")
    assert by_registrar(Answer(403, "", 0.1, 3)).up is None
    down, unknown, up = Word("unreachable", up=False), Word("unknown"), Word("ok", up=True)
    assert best([down, unknown, up]) == up
    assert best([down, unknown]) == unknown
