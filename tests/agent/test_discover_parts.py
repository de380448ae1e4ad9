"""The parts of discovery: what may be asked, how fast, what is believed, and what a hostile name does to a proposal."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.discover.credentials import credentials
from agent.discover.datagrams import survey
from agent.discover.networks import BadNetwork, Scope, networks
from agent.discover.proposed import document
from agent.discover.search import Credential, Gate, OutOfScope, Search
from agent.discover.streams import MAX_BYTES, headers, talk
from agent.discover.ways import mdns, ws_discovery
from agent.probes import PROBES
from agent.probes.broadcast import discovered as broadcast_discovered
from agent.probes.camera import discovered as camera_discovered
from agent.probes.found import Clue, Found, clean
from agent.settings import settings_model
from common.configfile import ConfigError, parse, validated
from common.text import Text
from tests.peers.discoverable import BOMB, matches, services
from tests.peers.udp import udp


def made(*given: str, **more: Any) -> Search:
    scope = networks(given or ["192.0.2.0/28"])
    return Search(scope, Gate(scope, 5000), wait=0.2, **more)


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        (["192.0.2.0/30"], ["192.0.2.1", "192.0.2.2"]),
        (["192.0.2.9/30"], ["192.0.2.9", "192.0.2.10"]),
        (["192.0.2.7"], ["192.0.2.7"]),
        (["192.0.2.0/31"], ["192.0.2.0", "192.0.2.1"]),
        (["192.0.2.0/30", "192.0.2.4/30"], ["192.0.2.1", "192.0.2.2", "192.0.2.5", "192.0.2.6"]),
        (["192.0.2.0/30", "192.0.2.1"], ["192.0.2.1", "192.0.2.2"]),
        (["2001:db8::/127"], ["2001:db8::", "2001:db8::1"]),
    ],
)
def test_the_hosts_of_networks(given: list[str], hosts: list[str]) -> None:
    scope = networks(given)
    assert (list(scope), len(scope)) == (hosts, len(hosts))
    assert all(host in scope for host in hosts)


@pytest.mark.parametrize(
    "given",
    ["10.0.0.0/8", "192.168.0.0/19", "0.0.0.0/0", "224.0.0.0/24", "255.255.255.255", "school.example", "", "::/64"],
)
def test_networks_that_are_refused(given: str) -> None:
    with pytest.raises(BadNetwork):
        networks([given])


def test_a_large_network_is_taken_when_somebody_says_so() -> None:
    assert networks(["10.0.0.0/19"], at_most=8192).networks == (ip_network("10.0.0.0/19"),)


@pytest.mark.parametrize("outside", ["192.0.2.16", "192.0.2.0", "192.0.2.15", "239.255.255.250", "::1", "router", ""])
def test_what_is_not_in_the_scope(outside: str) -> None:
    assert outside not in networks(["192.0.2.0/28"])
    assert "::ffff:192.0.2.1" in networks(["192.0.2.0/28"])


async def test_the_gate_lets_nothing_out_and_keeps_the_pace() -> None:
    gate = Gate(networks(["192.0.2.0/28"]), per_second=50)
    with pytest.raises(OutOfScope):
        await gate.passed("192.0.2.20")
    start = monotonic()
    await asyncio.gather(*(gate.passed("192.0.2.1") for _ in range(11)))
    assert monotonic() - start >= 10 / 50


def test_clues_and_names_from_elsewhere_are_left_out() -> None:
    search = made()
    search.add("198.51.100.1", Clue("snmp", 161, Text("", "")))
    for number in range(2000):
        search.name(f"198.51.{number // 250}.{number % 250}", "LLDP")
        search.name("192.0.2.1", f"LLDP {number}")
    assert list(search.found) == ["192.0.2.1"]
    assert (len(search.outside), len(search.found["192.0.2.1"].neighbours)) == (500, 8)


def test_a_probe_match_is_read() -> None:
    said = ws_discovery.parse(matches(b"<w:MessageID>urn:uuid:7</w:MessageID>", "192.0.2.1"))
    assert said["RelatesTo"] == "urn:uuid:7"
    assert said["Types"] == "dn:NetworkVideoTransmitter"


@pytest.mark.parametrize(
    "answer",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b"",
        b"HTTP/1.1 200 OK",
        b"<a>" * 100,
        b"<a>" + b"<b/>" * 5000 + b"</a>",
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        matches(b"", "192.0.2.1")[:-30],
    ],
    ids=["entities", "entities-utf16", "empty", "http", "deep", "long", "encoding", "cut"],
)
def test_a_hostile_answer_is_no_probe_match(answer: bytes) -> None:
    with pytest.raises(ws_discovery.BadXml):
        ws_discovery.parse(answer)


ASKED = b"CP\0\0\0\1\0\0\0\0\0\0\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\1"


def test_the_kinds_of_service_are_read() -> None:
    assert mdns.kinds(services(ASKED)) == {"airplay", "googlecast"}


@pytest.mark.parametrize(
    "answer",
    [
        b"", ASKED, b"xx" + services(ASKED)[2:], services(ASKED)[:-3], services(ASKED)[:60],
        b"CP\x84\0\0\1\0\1\0\0\0\0\xc0\x0c\0\x0c\0\1", b"CP\x84\0\xff\xff\xff\xff\0\0\0\0" + b"\xc0\x0e\xc0\x0c" * 50,
    ],
    ids=["empty", "question", "another", "cut", "cut-name", "loop", "loops"],
)  # fmt: skip
def test_a_hostile_answer_is_no_service(answer: bytes) -> None:
    with pytest.raises(mdns.BadDns):
        mdns.kinds(answer)


@given(st.binary(max_size=200))
def test_noise_in_an_answer_ends(noise: bytes) -> None:
    with suppress(mdns.BadDns):
        mdns.kinds(b"CP\x84\0\0\1\0\x09\0\0\0\0" + noise)


async def test_an_answer_to_another_probe_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with udp(matches(b"<w:MessageID>urn:uuid:somebody-elses</w:MessageID>", "127.0.0.1")) as port:
        monkeypatch.setattr(ws_discovery, "PORT", port)
        search = made("127.0.0.1/32")
        await ws_discovery.run(search)
    assert search.found == {}


async def test_a_flood_is_bounded() -> None:
    class Flood(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: Any = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            for _ in range(200):
                self.transport.sendto(b"x" * 1000, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Flood, local_addr=("127.0.0.1", 0))
    answers = await survey(made("127.0.0.1/32"), transport.get_extra_info("sockname")[1], lambda address: b"?")
    transport.close()
    assert {address: len(heard) for address, heard in answers.items()} == {"127.0.0.1": 4}


async def test_an_endless_stream_a_slow_one_and_a_silent_one_end() -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind = await reader.readexactly(1)
        try:
            while kind != b"s":
                writer.write(b"x" * (1 if kind == b"d" else 100_000))
                await writer.drain()
                await asyncio.sleep(0.01)
            await reader.read()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    heard = {kind: await talk("127.0.0.1", port, kind, b"\n", 0.3) for kind in (b"f", b"d", b"s")}
    server.close()
    assert len(heard[b"f"] or b"") == MAX_BYTES
    assert 0 < len(heard[b"d"] or b"") < 100
    assert heard[b"s"] == b""
    assert await talk("127.0.0.1", port, b"", b"\n", 0.3) is None, "nothing listens any more"


@pytest.mark.parametrize("message", [b"", b"\r\n\r\n", b"\xff\xfe", b"x:" * 9000])
def test_headers_of_anything(message: bytes) -> None:
    first, fields = headers(message)
    assert isinstance(first, str)
    assert len(fields) <= 64


HOSTILE = 'sw\n- probe: host\n  device: "x\x1b[31m\u202e: # {a} !!python/object:os.system *b'


@pytest.mark.parametrize(
    "name", [HOSTILE, "1e3", "0101", "22:00", "yes", "~", "", "- x", "三年二班", "a" * 500, "#", "'\"\\"]
)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    search = made()
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        reached = {"host": address, "community": {"env": "C"}}
        facts = {"name": name, "forwarding": "1", "interfaces": "4"}
        search.add(address, Clue("snmp", 161, Text("应答", "answers"), clean(name), facts, reached))
        search.name(address, name)
    search.name("198.51.100.1", name)
    text = document(search, list(search.found.values()), "east", {})
    settings = validated(parse(text, "proposed"), settings_model(PROBES))
    assert [entry.probe for entry in settings.devices] == ["host", "ports", "ports", "ports"]
    names = [entry.device for entry in settings.devices[1:]]
    assert len(set(names)) == 3
    assert names[0] == (clean(name, 60) or "192.0.2.1")
    assert all(c.isprintable() or c == "\n" for c in text)


def test_a_probe_that_refuses_an_entry_does_not_get_it() -> None:
    search = made()
    search.add("192.0.2.1", Clue("snmp", 161, Text("", ""), "", {"forwarding": "1"}, {"host": "192.0.2.1"}))
    text = document(search, list(search.found.values()), "east", {})
    assert "probe: ports" not in text
    assert "192.0.2.1" in text


def test_a_community_is_named_by_a_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SNMP_COMMUNITY", "other")
    monkeypatch.setenv("SNMP_COMMUNITY_2", "")
    monkeypatch.delenv("SNMP_COMMUNITY_2")
    found, needed = credentials(["s3cret", "env:MINE", f"file:{tmp_path}/c"], None)
    assert needed == {"SNMP_COMMUNITY_2": "--community #1"}
    assert os.environ["SNMP_COMMUNITY_2"] == "s3cret"
    shown = [each.model_dump(mode="json", exclude_unset=True)["community"] for each in found]
    assert shown == [{"env": "SNMP_COMMUNITY_2"}, {"env": "MINE"}, {"file": f"{tmp_path}/c"}]
    assert "s3cret" not in repr(found)


def test_without_credentials_the_variable_then_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNMP_COMMUNITY", "mine")
    assert credentials([], None)[1] == {}
    monkeypatch.delenv("SNMP_COMMUNITY")
    found, needed = credentials([], None)
    assert (len(found), needed) == (1, {"SNMP_COMMUNITY": "'public'"})


def test_a_wrong_credentials_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("snmp:\n  - community: {env: A}\n  - version: '3'\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:3: snmp\[1\]"):
        credentials([], path)
    assert issubclass(Credential, object)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["10.0.0.0/8"], "16777216 addresses in all, at most 4096"),
        (["router"], "'router' is no network"),
        (["192.0.2.0/30", "--school", "东校"], "--school"),
        (["192.0.2.0/30", "--credentials", "/nonexistent"], "cannot be read"),
        ([], "Missing argument"),
    ],
)
def test_an_unusable_command_line_is_exit_2(arguments: list[str], says: str) -> None:
    command = [sys.executable, "-m", "agent.cli", "discover", *arguments]
    ran = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "CAMPUS_LANG": "en", "COLUMNS": "200"}
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert says in ran.stderr


def test_links_are_those_that_lie_wholly_in_the_networks() -> None:
    assert Scope([ip_network("203.0.113.0/24")]).links() == []
    assert Scope([ip_network("127.0.0.0/24")]).links() == [], "loopback has no neighbours"


def test_a_camera_and_a_broadcast_terminal_wait_for_what_a_person_knows() -> None:
    words = Text("应答", "answers")
    facts = {"port": "8000", "scheme": "http", "name": "Gate"}
    found = [
        Found("192.0.2.1", {"ws_discovery": Clue("ws_discovery", 3702, words, facts=facts)}),
        Found("192.0.2.2", {"rtsp": Clue("rtsp", 554, words)}),
        Found("192.0.2.3", {"sip": Clue("sip", 5060, words)}),
    ]
    cameras, endpoints = camera_discovered.propose(found), broadcast_discovered.propose(found)
    assert [(one.address, one.entry["device"]) for one in cameras] == [
        ("192.0.2.1", "Gate"),
        ("192.0.2.2", "192.0.2.2"),
    ]
    assert [one.address for one in endpoints] == ["192.0.2.3"]
    assert all(one.first is not None for one in (*cameras, *endpoints)), "an entry that needs a person is a comment"
    for probe, one in (*(("camera", one) for one in cameras), ("broadcast", endpoints[0])):
        PROBES[probe].settings.model_validate({"probe": probe, **one.entry})
