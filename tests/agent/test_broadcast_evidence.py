"""What the broadcast probe tells, as the target reads it: kamailio and SIPp at one end, a verdict at the other."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.probes.base import Context
from agent.probes.broadcast.probe import PROBE
from agent.probes.broadcast.settings import BroadcastSettings
from agent.runner import observe
from collector.roster.model import Place
from collector.verdict import Verdict
from tests.collector.making import NOW, known, school, verdict
from tests.peers.sip import ANSWERS_FOR_ALL, kamailio, register, terminal
from wire.report import Observation

SCHOOL = school(
    "101",
    "操场",
    Place(id="广播室", kind="office", teaching=False),
    devices=(("broadcast", "广播主机", "广播室"), ("broadcast", "1001", "101"), ("broadcast", "1002", "操场")),
)
TERMINALS = [{"user": "1001", "place": "101"}, {"user": "1002", "place": "操场"}]


async def look(port: int, device: str = "广播主机", place: str = "广播室", **more: Any) -> Observation:
    settings = BroadcastSettings(
        probe="broadcast", device=device, host="127.0.0.1", port=port, place=place, wait_seconds=1, **more
    )
    seen = await observe(PROBE, settings, Context(Path()))
    return seen.model_copy(update={"started_at": NOW - timedelta(seconds=30)})


def judged(*seen: Observation) -> Verdict:
    return verdict("broadcast_coverage", SCHOOL, known(*seen))


@pytest.mark.parametrize("ask", ["terminals", "registrar"])
async def test_registered_terminals_serve_their_places(ask: str) -> None:
    with kamailio() as port, terminal() as phone:
        register(port, "1001", phone)
        half = judged(await look(port, terminals=TERMINALS, ask=ask))
        register(port, "1002", phone)
        whole = judged(await look(port, terminals=TERMINALS, ask=ask))
    assert (half.state, half.value) == ("unmet", 0.5)
    assert (whole.state, whole.value) == ("met", 1)


async def test_a_server_that_speaks_for_its_terminals_leaves_them_unknown() -> None:
    with kamailio(ANSWERS_FOR_ALL) as port:
        found = judged(await look(port, terminals=TERMINALS))
    assert found.state == "unknown"


async def test_a_server_that_is_alive_and_says_that_it_cannot_serve() -> None:
    with terminal("503 Service Unavailable") as broken, terminal() as phone:
        server = await look(broken)
        found = judged(server, await look(phone, "1001", "101"), await look(phone, "1002", "操场"))
    assert (found.state, found.value) == ("unmet", 0)
    assert "head_end_down" in {found.reason.code, *(finding.code for finding in found.findings)}
    assert any(reading.measure == "broadcast_alive" and reading.value == 1 for reading in server.readings)


async def test_a_terminal_that_is_only_alive_is_no_good_news_and_no_fault() -> None:
    with terminal() as phone, terminal("486 Busy Here") as busy:
        found = judged(await look(phone), await look(phone, "1001", "101"), await look(busy, "1002", "操场"))
    assert found.state == "unknown"
    assert any("486" in finding.text.en for finding in found.findings)
