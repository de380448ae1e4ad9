"""Displays by PJLink, against a projector on a real socket."""

import inspect
import socket
from pathlib import Path
from typing import Any

import aiopjlink
import pytest

from agent.clients import pjlink
from agent.errors import ProbeError
from agent.probes.base import Context
from agent.probes.display.probe import PROBE
from agent.probes.display.settings import DisplaySettings
from agent.probes.display.state import Seen
from agent.runner import observe
from common.secrets import Secret
from tests.peers.projector import ON, STANDBY, Misbehaviour, Projector
from wire.report import Observation

CONTEXT = Context(Path())
PASSWORD = "JBMIAProjectorLink"


async def look(port: int, password: str | None = None, host: str = "127.0.0.1", timeout: float = 20) -> Observation:
    secret = None if password is None else Secret(env="TEST_PJLINK_PASSWORD")
    settings = DisplaySettings(
        probe="display", device="p1", host=host, port=port, password=secret, place="三年二班", timeout_seconds=timeout
    )
    return await observe(PROBE, settings, CONTEXT)


def states(seen: Observation) -> list[str]:
    return [reading.labels["state"] for reading in seen.readings if reading.measure == "av_device_state"]


def values(seen: Observation, measure: str) -> dict[str, float]:
    """Values of a measure by its last label."""
    return {
        (list(reading.labels.values()) or [""])[-1]: reading.value
        for reading in seen.readings
        if reading.measure == measure
    }


@pytest.mark.parametrize(
    ("says", "state", "up"),
    [
        pytest.param(ON, "ok", 1, id="on"),
        pytest.param(STANDBY, "standby", 1, id="standby"),
        pytest.param({**STANDBY, "ERST": "ERR3", "LAMP": "ERR3"}, "standby", 1, id="standby-tells-nothing"),
        pytest.param({**ON, "POWR": "2"}, "cooling", 1, id="cooling"),
        pytest.param({**ON, "POWR": "3"}, "warming", 1, id="warming"),
        pytest.param({**ON, "ERST": "200000"}, "fault", 0, id="fan-fault"),
        pytest.param({**STANDBY, "ERST": "020000"}, "fault", 0, id="fault-in-standby"),
        pytest.param({**ON, "ERST": "000010"}, "ok", 1, id="warning-is-no-fault"),
        pytest.param({**ON, "POWR": "ERR4"}, "fault", 0, id="power-err4"),
        pytest.param({**ON, "LAMP": "ERR4"}, "fault", 0, id="lamp-err4"),
        pytest.param({**ON, "LAMP": "ERR1"}, "ok", 1, id="laser"),
        pytest.param({**ON, "POWR": "ERR3"}, "unknown", None, id="power-unavailable"),
    ],
)
async def test_states(says: dict[str, str], state: str, up: float | None) -> None:
    async with Projector(says=dict(says)).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("ok", [state])
    assert values(seen, "av_device_up").get("三年二班") == up


async def test_lamps_filter_and_parts() -> None:
    says = {**ON, "LAMP": "1203 1 0 0", "ERST": "010200", "CLSS": "2", "FILT": "250", "AVMT": "11"}
    async with Projector(says=says).serving() as peer:
        seen = await look(peer.port)
    assert values(seen, "display_lamp_used_seconds") == {"1": 1203 * 3600}  # 0 h means new, or not counted
    assert values(seen, "display_lamp_on") == {"1": 1, "2": 0}
    assert values(seen, "display_filter_used_seconds") == {"": 250 * 3600}
    assert values(seen, "display_fault") == {"cover": 1}
    assert values(seen, "display_warning") == {"lamp": 1}
    assert values(seen, "display_source") == {"digital 2": 1}
    assert values(seen, "display_muted") == {"picture": 1, "sound": 0}


async def test_a_laser_has_no_lamp() -> None:
    async with Projector(says={**ON, "LAMP": "ERR1"}).serving() as peer:
        seen = await look(peer.port)
    assert not values(seen, "display_lamp_used_seconds")
    assert not values(seen, "display_lamp_on")


@pytest.mark.parametrize("says", [STANDBY, {**ON, "POWR": "2"}, {**ON, "POWR": "3"}])
async def test_only_a_lit_projector_is_asked_for_its_input(says: dict[str, str]) -> None:
    async with Projector(says=dict(says)).serving() as peer:
        await look(peer.port)
        assert peer.asked == ["POWR", "ERST", "LAMP", "CLSS"]


async def test_class_1_is_not_asked_class_2_questions() -> None:
    async with Projector().serving() as peer:
        await look(peer.port)
        assert "FILT" not in peer.asked


async def test_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PJLINK_PASSWORD", PASSWORD)
    async with Projector(password=PASSWORD).serving() as peer:
        seen = await look(peer.port, PASSWORD)
    assert (seen.outcome, states(seen)) == ("ok", ["ok"])


async def test_digest_vector() -> None:
    """Token 498e4a67 with password JBMIAProjectorLink: a known pair."""
    async with Projector(password=PASSWORD, token="498e4a67").serving() as peer:
        async with pjlink.connect("127.0.0.1", peer.port, PASSWORD):
            pass
        assert peer.first_line == "5d8409bc1c3fa39749434aa3a5c38682%1POWR ?"


@pytest.mark.parametrize(("configured", "sessions"), [("wrong", 2), (None, 1)])
async def test_authentication_failure(monkeypatch: pytest.MonkeyPatch, configured: str | None, sessions: int) -> None:
    monkeypatch.setenv("TEST_PJLINK_PASSWORD", "wrong")
    async with Projector(password=PASSWORD).serving() as peer:
        seen = await look(peer.port, configured)
        assert peer.sessions == sessions
    assert (seen.outcome, states(seen)) == ("refused", ["authentication_failed"])
    assert not values(seen, "av_device_up")
    assert "wrong" not in seen.detail


async def test_missing_password_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_PJLINK_PASSWORD", raising=False)
    seen = await look(9, PASSWORD)
    assert (seen.outcome, states(seen)) == ("refused", ["unknown"])
    assert "TEST_PJLINK_PASSWORD" in seen.detail


@pytest.mark.parametrize("misstep", [{"refuses_digests": 1}, {"erra_at": "LAMP"}])
async def test_a_reset_digest_is_retried_once(monkeypatch: pytest.MonkeyPatch, misstep: dict[str, Any]) -> None:
    monkeypatch.setenv("TEST_PJLINK_PASSWORD", PASSWORD)
    async with Projector(password=PASSWORD, **misstep).serving() as peer:
        seen = await look(peer.port, PASSWORD)
        assert peer.sessions == 2
    assert (seen.outcome, states(seen)) == ("ok", ["ok"])
    assert values(seen, "display_lamp_on") == {"1": 1}


@pytest.mark.parametrize("code", ["ERR1", "ERR3", "ERR4"])
async def test_an_error_beside_the_digest_is_no_bad_password(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setenv("TEST_PJLINK_PASSWORD", PASSWORD)
    async with Projector(says={**STANDBY, "POWR": code}, password=PASSWORD).serving() as peer:
        seen = await look(peer.port, PASSWORD)
    assert (seen.outcome, states(seen)) == {
        "ERR1": ("malformed", ["unknown"]),
        "ERR3": ("ok", ["unknown"]),
        "ERR4": ("ok", ["fault"]),
    }[code]


async def test_closed_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        seen = await look(taken.getsockname()[1])
    assert (seen.outcome, states(seen)) == ("refused", ["unreachable"])


async def test_no_such_name() -> None:
    seen = await look(4352, host="projector.invalid")
    assert (seen.outcome, states(seen)) == ("unreachable", ["unreachable"])


@pytest.mark.parametrize("misbehaves", ["silent", "silent-after-greeting"])
async def test_silent(monkeypatch: pytest.MonkeyPatch, misbehaves: Misbehaviour) -> None:
    monkeypatch.setattr(pjlink, "EXCHANGE_SECONDS", 0.2)
    async with Projector(misbehaves=misbehaves).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("timeout", ["unknown"])


@pytest.mark.parametrize("misbehaves", ["garbage", "flood", "short", "binary", "hangs-up", "stranger", "wrong-command"])
async def test_garbage(misbehaves: Misbehaviour) -> None:
    async with Projector(misbehaves=misbehaves).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("malformed", ["unknown"])
    assert seen.duration_seconds < 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"POWR": "9"},
        {"POWR": ""},
        {"ERST": "00000"},
        {"ERST": "00000x"},
        {"ERST": "000009"},
    ],
)
async def test_a_broken_answer_proves_nothing(wrong: dict[str, str]) -> None:
    async with Projector(says={**ON, **wrong}).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("malformed", ["unknown"])
    assert not values(seen, "av_device_up")


@pytest.mark.parametrize(
    "lamp", ["12x 1", "1203", "1203 7", "-5 1", "123456 1", " ".join(["1 1"] * 9), "9" * 5000 + " 1"]
)
async def test_a_broken_lamp_answer_leaves_the_state(lamp: str) -> None:
    async with Projector(says={**ON, "LAMP": lamp}).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("malformed", ["ok"])
    assert not values(seen, "display_lamp_used_seconds")


@pytest.mark.parametrize("source", ["3!", "3\n", "3投", "71", "3", "31 32", "3" + "1" * 5000])
async def test_a_broken_input_makes_no_label(source: str) -> None:
    async with Projector(says={**ON, "INPT": source}).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("malformed", ["ok"])
    assert not values(seen, "display_source")


async def test_an_input_by_letter_is_one() -> None:
    async with Projector(says={**ON, "INPT": "6A"}).serving() as peer:
        assert values(await look(peer.port), "display_source") == {"internal A": 1}


@pytest.mark.parametrize(("command", "state"), [("POWR", "unknown"), ("ERST", "unknown"), ("LAMP", "ok")])
async def test_hang_up_midway(command: str, state: str) -> None:
    async with Projector(hangs_up_at=command).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, states(seen)) == ("malformed", [state])


async def test_the_runner_ends_a_slow_device() -> None:
    async with Projector(misbehaves="silent").serving() as peer:
        seen = await look(peer.port, timeout=0.2)
    assert seen.outcome == "timeout"


def test_every_failure_of_the_library_is_mapped() -> None:
    classes: list[Any] = [kind for _, kind in inspect.getmembers(aiopjlink.projector, inspect.isclass)]
    kinds = [kind for kind in classes if issubclass(kind, aiopjlink.PJLinkException)]
    kinds.remove(aiopjlink.PJLinkException)
    assert len(kinds) == 10
    for kind in kinds:
        with pytest.raises(ProbeError) as caught, pjlink._failures_mapped():
            raise kind("why")
        assert not str(caught.value).startswith("an answer breaks PJLink"), kind  # the last resort is for no known kind


def test_the_state_of_nothing_is_unknown() -> None:
    assert Seen().state == "unknown"
    assert Seen(failed=True).state == "fault"
