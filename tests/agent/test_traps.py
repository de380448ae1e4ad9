"""Real traps of net-snmp's snmptrap: a configured device that sends one is probed now, once; others are ignored."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agent.hints import listen
from agent.probes.base import ProbeSettings
from agent.traps import TrapListener
from tests.agent.clocks import ManualClock
from tests.agent.test_schedule import Entry

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"  # RFC 3418


class Heard:
    """A listener, its port, and what it asked for."""

    def __init__(self, entries: list[ProbeSettings], clock: ManualClock, gap: float) -> None:
        self.asked: list[str] = []
        self.changed = asyncio.Event()
        self.listener = TrapListener(entries, "s3cret", self._ask, clock, gap)
        self.port = 0

    def _ask(self, device: str) -> None:
        self.asked.append(device)
        self.changed.set()

    async def count(self, total: int) -> None:
        """Wait until so many datagrams were looked at."""
        async with asyncio.timeout(10):
            while self.listener.counts.heard + self.listener.counts.ignored < total:
                await asyncio.sleep(0.01)

    async def send(self, version: str = "2c", community: str = "s3cret") -> None:
        end = ["", LINK_DOWN] if version == "2c" else ["1.3.6.1.4.1.99999", "127.0.0.1", "2", "0", "1"]
        command = ["snmptrap", "-v", version, "-c", community, f"127.0.0.1:{self.port}", *end]
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "MIBS": ""}, stderr=subprocess.PIPE)
        _, errors = await process.communicate()
        assert process.returncode == 0, errors

    def datagram(self, data: bytes, source: str = "127.0.0.1") -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(data, ("127.0.0.1", self.port))


@asynccontextmanager
async def hearing(
    entries: list[ProbeSettings] | None = None, gap: float = 3600, clock: ManualClock | None = None
) -> AsyncIterator[Heard]:
    entries = [Entry(device="switch", host="127.0.0.1")] if entries is None else entries
    heard = Heard(entries, clock or ManualClock(), gap)
    transport = await listen(heard.listener, "127.0.0.1", 0)
    heard.port = transport.get_extra_info("sockname")[1]
    try:
        yield heard
    finally:
        transport.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_trap_has_its_device_probed_now(version: str) -> None:
    async with hearing() as heard:
        await heard.send(version)
        await heard.count(1)
        assert heard.asked == ["switch"]


async def test_a_name_and_several_devices_on_one_host() -> None:
    entries: list[ProbeSettings] = [Entry(device="switch", host="localhost"), Entry(device="uplink", host="127.0.0.1")]
    async with hearing([*entries, Entry(device="other", host="192.0.2.1"), Entry(device="itself")]) as heard:
        await heard.send()
        await heard.count(1)
        assert sorted(heard.asked) == ["switch", "uplink"]


async def test_a_wrong_community_an_unknown_address_and_noise_are_ignored() -> None:
    async with hearing([Entry(device="switch", host="127.0.0.2")]) as heard:
        await heard.send()
        await heard.send(community="public")
        await heard.count(2)
        noise = [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x00" * 1000, b"\x30\x82" + os.urandom(400), b"a" * 20000]
        for data in noise:
            heard.datagram(data, "127.0.0.2")
        await heard.count(2 + len(noise))
        assert (heard.asked, heard.listener.counts.heard) == ([], 0)


async def test_a_request_is_no_notification() -> None:
    async with hearing() as heard:
        get = [
            "snmpget",
            "-v",
            "2c",
            "-c",
            "s3cret",
            "-r",
            "0",
            "-t",
            "0.1",
            f"127.0.0.1:{heard.port}",
            "1.3.6.1.2.1.1.1.0",
        ]
        process = await asyncio.create_subprocess_exec(*get, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        await process.communicate()
        await heard.count(1)
        assert heard.asked == []


async def test_a_storm_is_one_probe_now_and_one_after() -> None:
    clock = ManualClock()
    async with hearing(gap=0.3, clock=clock) as heard:
        await asyncio.gather(*(heard.send() for _ in range(10)))
        await heard.count(10)
        assert heard.listener.counts.heard == 10
        assert heard.asked == ["switch"]
        heard.changed.clear()
        async with asyncio.timeout(5):
            await heard.changed.wait()
        assert heard.asked == ["switch", "switch"]
        clock.seconds = 10
        await heard.send()
        await heard.count(11)
        assert heard.asked == ["switch"] * 3


async def test_names_are_looked_up_again_for_an_unknown_address(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    async with hearing([Entry(device="switch", host="no-such-name.invalid")], clock=clock) as heard:
        await heard.send()
        await heard.count(1)
        monkeypatch.setattr(heard.listener, "_entries", [Entry(device="switch", host="127.0.0.1")])
        clock.seconds = 400
        await heard.send()
        await heard.count(2)
        async with asyncio.timeout(5):
            while not heard.listener._devices:
                await asyncio.sleep(0.01)
        await heard.send()
        await heard.count(3)
        assert heard.asked == ["switch"]
