"""200 devices behind one agent, 60 of them dead, hanging or babbling: the others are on time, and those are named.

140 are real snmpds that listen on as many addresses; the rest are sockets that do not behave. Real time.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from agent.clock import Clock
from agent.courier import CourierState
from agent.metrics import SLOWEST, AgentMetrics
from agent.probes.base import Context, ProbeSettings
from agent.probes.ports.probe import PROBE
from agent.probes.ports.settings import PortsSettings
from agent.runner import observe
from agent.schedule import Schedule
from agent.spool import Spool
from tests.peers.snmp_raw import integer, is_bulk, response
from tests.peers.snmpd import COMMUNITY, snmpd
from wire.report import Observation

EVERY, TIMEOUT, DEADLINE = 6.0, 3.0, 28.0
HEALTHY = [f"127.0.40.{n}" for n in range(1, 141)]
DEAD = [f"127.0.41.{n}" for n in range(1, 21)]
SILENT = [f"127.0.42.{n}" for n in range(1, 11)]
ENDLESS = [f"127.0.43.{n}" for n in range(1, 11)]
BABBLING = [f"127.0.44.{n}" for n in range(1, 21)]
_ADDRESSES = 47
"""That one snmpd is given; its list of them is bounded."""
HANGING = SILENT + ENDLESS
_SLOW_SECONDS = 0.05


class Peer(asyncio.DatagramProtocol):
    """Answers every request at once, or a moment later."""

    def __init__(self, answer: Callable[[bytes], bytes], after: float = 0.0) -> None:
        self._answer, self._after, self._rows = answer, after, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        asyncio.get_running_loop().call_later(self._after, self._send, self._answer(data), addr)

    def _send(self, answer: bytes, addr: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(answer, addr)


def endless() -> Callable[[bytes], bytes]:
    """A table that goes on for ever, one row an answer."""
    rows = 0

    def answer(request: bytes) -> bytes:
        nonlocal rows
        rows += 1
        column = _column(request)
        return response(request, [(f"{column}.{rows}" if is_bulk(request) else column, integer(1))])

    return answer


def _column(request: bytes) -> str:
    """The last OID of a request, without its row; all that are asked for begin with 1.3.6."""
    at = request.rindex(b"\x2b\x06") - 2
    content = request[at + 2 : at + 2 + request[at + 1]]
    arcs, value = [content[0] // 40, content[0] % 40], 0
    for octet in content[1:]:
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(value)
            value = 0
    return ".".join(map(str, arcs[:10]))


def babble(number: int) -> Callable[[bytes], bytes]:
    kinds: list[Callable[[bytes], bytes]] = [
        lambda request: os.urandom(200),
        lambda request: b"\x30\x84\xff\xff\xff\xff",
        lambda request: request[:-3],
        lambda request: response(request, [("1.3.6.1.4.1.1.1", integer(1))]),
    ]
    return kinds[number % len(kinds)]


@contextmanager
def silent(port: int) -> Iterator[None]:
    """Bound, and never read."""
    sockets = []
    try:
        for address in SILENT:
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sockets[-1].bind((address, port))
        yield
    finally:
        for each in sockets:
            each.close()


@asynccontextmanager
async def devices() -> AsyncIterator[dict[str, int]]:
    """The port of each of the 200 devices."""
    loop = asyncio.get_running_loop()
    ports: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        for start in range(0, len(HEALTHY), _ADDRESSES):
            addresses = HEALTHY[start : start + _ADDRESSES]
            listen = ",".join(f"udp:{address}:{{port}}" for address in addresses)
            ports |= dict.fromkeys(addresses, stack.enter_context(snmpd(f"agentaddress {listen}")))
        port = ports[HEALTHY[0]]
        stack.enter_context(silent(port))
        for number, address in enumerate(BABBLING):
            made = lambda number=number: Peer(babble(number))  # noqa: E731
            transport, _ = await loop.create_datagram_endpoint(made, local_addr=(address, port))
            stack.callback(transport.close)
        for address in ENDLESS:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: Peer(endless(), _SLOW_SECONDS), local_addr=(address, port)
            )
            stack.callback(transport.close)
        yield ports | dict.fromkeys((*DEAD, *HANGING, *BABBLING), port)


async def test_140_healthy_devices_are_on_time_beside_60_that_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANY_COMMUNITY", COMMUNITY)
    seen: dict[str, list[Observation]] = {}

    async def keep(observation: Observation) -> None:
        seen.setdefault(observation.device, []).append(observation)

    async def run(entry: ProbeSettings) -> Observation:
        return await observe(PROBE, entry, Context(tmp_path))

    def done() -> bool:
        twice = all(len(seen.get(address, ())) >= 2 for address in HEALTHY)
        return twice and all(address in seen for address in (*DEAD, *HANGING, *BABBLING))

    async with devices() as ports:
        entries = [
            PortsSettings.model_validate(
                {"probe": "ports", "device": address, "every_seconds": EVERY, "timeout_seconds": TIMEOUT,
                 "snmp": {"host": address, "port": ports[address], "community": {"env": "MANY_COMMUNITY"}}}
            )
            for address in (*HEALTHY, *DEAD, *HANGING, *BABBLING)
        ]  # fmt: skip
        schedule = Schedule(entries, run, keep, Clock(), concurrency=32, salt="east")
        with capture_logs() as logs:
            task = asyncio.create_task(schedule.run())
            try:
                async with asyncio.timeout(DEADLINE):
                    while not done():
                        await asyncio.sleep(0.05)
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    assert {each.outcome for address in HEALTHY for each in seen[address]} == {"ok"}
    for address in HEALTHY:
        starts = [each.started_at for each in seen[address]]
        assert all(later - earlier < timedelta(seconds=1.5 * EVERY) for earlier, later in pairwise(starts)), address
        assert min(len(each.readings) for each in seen[address]) > 0
    outcomes = {address: seen[address][0].outcome for address in (*DEAD, *HANGING, *BABBLING)}
    assert {outcomes[address] for address in DEAD} == {"refused"}
    assert {outcomes[address] for address in HANGING} == {"timeout"}
    assert {outcomes[address] for address in BABBLING} == {"malformed"}
    assert all(seen[address][0].detail for address in outcomes)
    failures = [each["device"] for each in logs if each["event"] == "device fails"]
    assert sorted(failures) == sorted(outcomes), "each is named once, however often it fails"
    assert [each for each in logs if each["event"] != "device fails"] == []
    assert slowest(schedule, tmp_path) <= set(HANGING)


def slowest(schedule: Schedule, folder: Path) -> set[str]:
    """The devices that the agent's own page names as the slowest."""
    spool = Spool(folder / "spool", 1 << 24, timedelta(days=1), Clock())
    page = AgentMetrics(schedule, spool, CourierState(), Clock())
    family = next(each for each in page.collect() if each.name == "campus_agent_slowest_probe_seconds")
    assert len(family.samples) == SLOWEST
    return {sample.labels["device"] for sample in family.samples}
