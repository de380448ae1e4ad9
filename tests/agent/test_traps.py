"""Real notifications of net-snmp: a configured device that sends one is probed now, once; all else is ignored."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.hints import MAX_LOOKS, listen
from agent.notifications import NotOne, Senders, UserKey
from agent.probes.base import ProbeSettings
from agent.traps import TrapListener
from tests.agent.clocks import ManualClock
from tests.agent.test_schedule import Entry

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"  # RFC 3418
PASSWORD = "authpassword"
PRIVATE = ("-l", "authPriv", "-x", "AES", "-X", "privpassword")


def senders() -> Senders:
    return Senders(b"s3cret", {b"trapper": UserKey.of("sha256", PASSWORD.encode()), b"anyone": None})


class Heard:
    """A listener, its port, and what it asked for."""

    def __init__(self, entries: list[ProbeSettings], clock: ManualClock, gap: float) -> None:
        self.asked: list[str] = []
        self.changed = asyncio.Event()
        self.listener = TrapListener(entries, senders(), self._ask, clock, gap)
        self.port = 0

    def _ask(self, device: str) -> None:
        self.asked.append(device)
        self.changed.set()

    async def count(self, total: int) -> None:
        """Wait until so many datagrams were looked at."""
        async with asyncio.timeout(10):
            counts = self.listener.counts
            while counts.heard + counts.ignored + counts.skipped < total:
                await asyncio.sleep(0.01)

    async def send(self, version: str = "2c", community: str = "s3cret") -> None:
        end = ["", LINK_DOWN] if version == "2c" else ["1.3.6.1.4.1.99999", "127.0.0.1", "2", "0", "1"]
        command = ["snmptrap", "-v", version, "-c", community, f"127.0.0.1:{self.port}", *end]
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "MIBS": ""}, stderr=subprocess.PIPE)
        _, errors = await process.communicate()
        assert process.returncode == 0, errors

    async def send_v3(self, folder: Path, *options: str) -> None:
        await v3(self.port, folder, *options)

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


async def v3(port: int, folder: Path, *options: str, user: str = "trapper", command: str = "snmptrap") -> None:
    engine = ["-e", "0x80001f8880deadbeef01"] if command == "snmptrap" else []
    line = [command, "-v", "3", *engine, "-u", user, *options, f"127.0.0.1:{port}", "", LINK_DOWN]
    env = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder)}
    process = await asyncio.create_subprocess_exec(*line, env=env, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 0, errors


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
        counts = heard.listener.counts
        assert (counts.heard, counts.skipped) == (2, 8), "the rest could change nothing"
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
            while "127.0.0.1" not in heard.listener._sources:
                await asyncio.sleep(0.01)
        await heard.send()
        await heard.count(3)
        assert heard.asked == ["switch"]


@pytest.mark.parametrize(
    ("protocol", "option"),
    [("md5", "MD5"), ("sha", "SHA"), ("sha224", "SHA-224"), ("sha256", "SHA-256"), ("sha384", "SHA-384"),
     ("sha512", "SHA-512")],
)  # fmt: skip
@pytest.mark.parametrize("level", [("-l", "authNoPriv"), PRIVATE], ids=["signed", "encrypted"])
async def test_v3_is_known_by_its_digest(protocol: str, option: str, level: tuple[str, ...], tmp_path: Path) -> None:
    async with hearing() as heard:
        heard.listener._senders = Senders(None, {b"trapper": UserKey.of(protocol, PASSWORD.encode())})  # type: ignore[arg-type]
        await heard.send_v3(tmp_path, *level, "-a", option, "-A", PASSWORD)
        await heard.count(1)
        assert heard.asked == ["switch"]


@pytest.mark.parametrize(
    "options",
    [
        ("-l", "authNoPriv", "-a", "SHA-256", "-A", "anotherpassword"),
        ("-l", "authNoPriv", "-a", "SHA", "-A", PASSWORD),
        ("-l", "noAuthNoPriv"),
    ],
    ids=["password", "protocol", "unsigned"],
)
async def test_v3_that_proves_nothing_is_ignored(options: tuple[str, ...], tmp_path: Path) -> None:
    async with hearing() as heard:
        await heard.send_v3(tmp_path, *options)
        await heard.count(1)
        assert (heard.asked, heard.listener.counts.ignored) == ([], 1)


async def test_a_v3_user_without_a_password_and_an_unknown_one(tmp_path: Path) -> None:
    async with hearing() as heard:
        await v3(heard.port, tmp_path, "-l", "noAuthNoPriv", user="nobody")
        await heard.count(1)
        assert heard.asked == []
        await v3(heard.port, tmp_path, "-l", "noAuthNoPriv", user="anyone")
        await heard.count(2)
        assert heard.asked == ["switch"]


async def recorded(folder: Path) -> bytes:
    """One real v3 notification as it travels."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(10)
        await v3(ear.getsockname()[1], folder, *PRIVATE, "-a", "SHA-256", "-A", PASSWORD)
        return ear.recv(65535)


async def test_a_changed_or_repeated_v3_message_is_refused(tmp_path: Path) -> None:
    message = await recorded(tmp_path)
    who = senders()
    for place in range(len(message)):
        with pytest.raises(NotOne):
            who.check(message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :])
    who.check(message)
    ((engine, (boots, time)),) = who._clocks.items()
    who._clocks[engine] = (boots, time + 149)
    who.check(message)
    for later in ((boots, time + 151), (boots + 1, 0)):
        who._clocks[engine] = later
        with pytest.raises(NotOne, match="old"):
            who.check(message)


@given(st.binary(max_size=300), st.integers(0, 60))
def test_noise_is_refused_and_breaks_nothing(noise: bytes, cut: int) -> None:
    who = Senders(b"s3cret", {b"anyone": None})
    start = bytes.fromhex("303d020103300f02020a2a020300ffe304010402010304")
    for data in (noise, start[:cut] + noise, b"\x30" + bytes([len(noise) & 127]) + b"\x02\x01\x01" + noise):
        with pytest.raises(NotOne):
            who.check(data)


async def test_an_inform_is_heard_and_not_answered() -> None:
    async with hearing() as heard:
        line = [
            "snmpinform",
            "-v",
            "2c",
            "-c",
            "s3cret",
            "-r",
            "0",
            "-t",
            "0.2",
            f"127.0.0.1:{heard.port}",
            "",
            LINK_DOWN,
        ]
        process = await asyncio.create_subprocess_exec(*line, env={**os.environ, "MIBS": ""}, stderr=subprocess.DEVNULL)
        await process.communicate()
        assert process.returncode != 0, "nobody confirmed it"
        assert heard.asked == ["switch"]


async def test_a_flood_of_one_device_does_not_hide_another() -> None:
    entries: list[ProbeSettings] = [Entry(device="loud", host="127.0.0.2"), Entry(device="switch", host="127.0.0.1")]
    async with hearing(entries) as heard:
        for batch in range(1, 21):
            for _ in range(25):
                heard.datagram(b"\x30\x05\x02\x01\x01\x04\x00", "127.0.0.2")
                heard.datagram(b"\x30\x05\x02\x01\x01\x04\x00", "127.0.0.3")
            await heard.count(50 * batch)
        await heard.send()
        async with asyncio.timeout(10):
            await heard.changed.wait()
        counts = heard.listener.counts
        assert (heard.asked, counts.heard) == (["switch"], 1)
        assert (counts.ignored, counts.skipped) == (500 + MAX_LOOKS, 500 - MAX_LOOKS)
