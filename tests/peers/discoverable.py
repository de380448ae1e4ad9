"""A campus for discovery, in network namespaces: run as a program, it plays every device that no daemon plays.

The agent's namespace has 10.77.0.1/26 and a default route to the campus, so that a packet to anywhere else leaves by
the same link and is seen. The campus has the devices' addresses, and a second link that is nobody's business.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.peers.projector import ON, Projector

NETWORK = "10.77.0.0/26"
SWITCH, OPEN, SECURED, CAMERA, PANEL = "10.77.0.10", "10.77.0.20", "10.77.0.21", "10.77.0.30", "10.77.0.31"
HOSTILE, STRANGER, DECEIVED = "10.77.0.50", "10.99.0.1", "10.99.0.9"
ROOT = Path(__file__).parents[2]
READY_SECONDS = 40.0
_NAMES = {**ON, "NAME": "三年二班", "INF1": "EPSON", "INF2": "EB-L200", "CLSS": "2"}
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


def matches(probe: bytes, address: str) -> bytes:
    """The ProbeMatches answer of an ONVIF device to this Probe (WS-Discovery 1.0, 5.3)."""
    found = re.search(rb"MessageID>\s*([^<\s]+)", probe)
    related = found[1].decode() if found else ""
    scopes = "onvif://www.onvif.org/name/%E6%93%8D%E5%9C%BA onvif://www.onvif.org/hardware/DS-2CD"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>urn:uuid:1</w:MessageID><w:RelatesTo>{related}</w:RelatesTo></e:Header><e:Body><d:ProbeMatches>
<d:ProbeMatch><w:EndpointReference><w:Address>urn:uuid:2</w:Address></w:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>
<d:XAddrs>http://{address}:8899/onvif/device_service http://10.99.0.7/onvif/device_service</d:XAddrs>
<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>""".encode()


def services(question: bytes) -> bytes:
    """An answer by unicast: the question again and two PTR records, one with a compressed name (RFC 6762, 6.7)."""
    asked = question[12:]
    kind = b"\x08_airplay\x04_tcp\x05local\x00"
    first = b"\xc0\x0c" + bytes([0, 12, 0, 1, 0, 0, 0, 10, 0, len(kind)]) + kind
    local = (12 + asked.index(b"\x05local")).to_bytes(2)
    named = b"\x0b_googlecast\x04_tcp" + bytes([0xC0 | local[0], local[1]])
    second = b"\xc0\x0c" + bytes([0, 12, 0, 1, 0, 0, 0, 10, 0, len(named)]) + named
    return question[:2] + bytes([0x84, 0, 0, 1, 0, 2, 0, 0, 0, 0]) + asked + first + second


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, answers: Callable[[bytes], list[bytes]]) -> None:
        self._answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        for answer in self._answers(data):
            self._transport.sendto(answer, addr)


async def _play() -> None:
    loop = asyncio.get_running_loop()

    async def udp(address: str, port: int, answers: Callable[[bytes], list[bytes]]) -> None:
        await loop.create_datagram_endpoint(lambda: _Udp(answers), local_addr=(address, port))

    async def on_group(source: str, group: str, port: int, answers: Callable[[bytes], list[bytes]]) -> None:
        """Hears a multicast group alone, and answers from `source`."""
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        heard.bind((group, port))
        heard.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(SWITCH)
        )
        speaks = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        speaks.bind((source, 0))

        class Ear(_Udp):
            def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
                for answer in answers(data):
                    speaks.sendto(answer, addr)

        await loop.create_datagram_endpoint(lambda: Ear(answers), sock=heard)

    async def said(address: str, port: int, answer: bytes) -> None:
        async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await reader.read(1000)
                writer.write(answer)
                await writer.drain()
                writer.close()

        await asyncio.start_server(session, address, port)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"P")
                await writer.drain()
                await asyncio.sleep(0.1)

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(Projector(says=_NAMES).serving(OPEN, 4352))
        await stack.enter_async_context(Projector(password="secret").serving(SECURED, 4352))
        await udp(OPEN, 4352, lambda data: [b"%2ACKN=00:11:22:33:44:55\r"] if data == b"%2SRCH\r" else [])
        await on_group(CAMERA, "239.255.255.250", 3702, lambda data: [matches(data, CAMERA)])
        await on_group(STRANGER, "239.255.255.250", 3702, lambda data: [matches(data, STRANGER)])
        await udp(PANEL, 3702, lambda data: [matches(data, PANEL)])
        await said(CAMERA, 554, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: H264DVR\r\nPublic: OPTIONS\r\n\r\n")
        panel = b"HTTP/1.1 200 OK\r\nSERVER: Android/11 UPnP/1.0 Panel/1\r\nLOCATION: http://10.99.0.6/x.xml\r\n\r\n"
        await udp(PANEL, 1900, lambda data: [panel] if data.startswith(b"M-SEARCH") else [])
        page = "<html><title>大屏 &amp; 管理</title></html>".encode()
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://10.99.0.6/\r\nServer: panel\r\n\r\n"
        await said(PANEL, 80, moved + page)
        await udp(PANEL, 5353, lambda data: [services(data)])
        await udp(SECURED, 5060, _sip)
        await asyncio.start_server(drip, HOSTILE, 4352)
        await asyncio.start_server(flood, HOSTILE, 80)
        await asyncio.start_server(flood, HOSTILE, 554)
        await udp(HOSTILE, 161, lambda data: [os.urandom(300), b"\x30\x84\xff\xff\xff\xff", data])
        for port in (1900, 3702, 5060, 5353):
            await udp(HOSTILE, port, lambda data: [BOMB, os.urandom(800), data] * 100)
        print("ready", flush=True)
        await asyncio.Event().wait()


def _sip(data: bytes) -> list[bytes]:
    fields = [
        line for line in data.decode().split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")
    ]
    lines = ["SIP/2.0 200 OK", *fields, "User-Agent: Broadcast/2", "Content-Length: 0", "", ""]
    return ["\r\n".join(lines).encode()]


def _capture(interface: str) -> None:
    """Prints each packet that this namespace sends, until it is told to stop: destination, TTL, ports."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as ear:
        ear.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        ear.bind((interface, 0))
        print("ready", flush=True)
        stopped = False

        def stop(*_: object) -> None:
            nonlocal stopped
            stopped = True

        signal.signal(signal.SIGTERM, stop)
        ear.settimeout(0.2)
        while not stopped:
            with contextlib.suppress(TimeoutError):
                frame, (_, _, direction, *_) = ear.recvfrom(65535)
                if direction == socket.PACKET_OUTGOING:
                    print(json.dumps(_seen(frame)), flush=True)


def _seen(frame: bytes) -> dict[str, Any]:
    (kind,) = struct.unpack("!H", frame[12:14])
    if kind == 0x0806:
        return {"kind": "arp", "to": socket.inet_ntoa(frame[38:42])}
    if kind != 0x0800:
        return {"kind": hex(kind), "to": frame[:6].hex()}
    packet = frame[14:]
    start = (packet[0] & 15) * 4
    port = struct.unpack("!H", packet[start + 2 : start + 4])[0] if packet[9] in (6, 17) else 0
    return {
        "kind": {6: "tcp", 17: "udp"}.get(packet[9], "ip"),
        "to": socket.inet_ntoa(packet[16:20]),
        "ttl": packet[8],
        "port": port,
    }


@dataclass
class Campus:
    """Two namespaces, removed at the end. `agent` is where discovery runs."""

    agent: str
    devices: str

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """`campus-agent` in the agent's namespace."""
        command = ["ip", "netns", "exec", self.agent, sys.executable, "-m", "agent.cli", *arguments]
        env = {**os.environ, "CAMPUS_LANG": "en", "COLUMNS": "200", **environment}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, cwd=ROOT)

    @contextmanager
    def capture(self) -> Iterator[list[dict[str, Any]]]:
        """Everything that the agent's namespace sends meanwhile; complete after the block."""
        seen: list[dict[str, Any]] = []
        with _program(self.agent, "capture", "wire") as process:
            yield seen
            time.sleep(0.3)  # what was sent last is still on its way through the socket
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=10)
            seen.extend(json.loads(line) for line in out.splitlines())


@contextmanager
def campus() -> Iterator[Campus]:
    """The namespaces with snmpd, lldpd and all other devices running."""
    mark = uuid4().hex[:6]
    agent, devices, other = (f"dsc-{kind}-{mark}" for kind in ("agent", "campus", "other"))
    with ExitStack() as stack:
        for name in (agent, devices, other):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            for key in (
                "net.ipv6.conf.all.disable_ipv6=1",
                "net.ipv6.conf.default.disable_ipv6=1",
                "net.ipv4.ip_forward=1",
            ):
                subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw", key], check=True)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("link", "add", "name", "wire", "netns", agent, "type", "veth", "peer", "name", "campus", "netns", devices)
        _ip("link", "add", "name", "other", "netns", devices, "type", "veth", "peer", "name", "wire", "netns", other)
        _ip("-n", agent, "addr", "add", "10.77.0.1/26", "dev", "wire")
        for address in (SWITCH, OPEN, SECURED, CAMERA, PANEL, HOSTILE):
            _ip("-n", devices, "addr", "add", f"{address}/26", "dev", "campus")
        _ip("-n", devices, "addr", "add", f"{STRANGER}/24", "dev", "other")
        _ip("-n", other, "addr", "add", f"{DECEIVED}/24", "dev", "wire")
        for name, link in ((agent, "wire"), (devices, "campus"), (devices, "other"), (other, "wire")):
            _ip("-n", name, "link", "set", link, "up")
        _ip("-n", agent, "route", "add", "default", "via", SWITCH)
        stack.enter_context(_daemons(devices, other))
        stack.enter_context(_program(devices, "play"))
        yield Campus(agent, devices)


@contextmanager
def _daemons(devices: str, other: str) -> Iterator[None]:
    """A switch: snmpd with lldpd as its sub-agent, and beyond it a neighbour that lldpd tells it of."""
    with tempfile.TemporaryDirectory(prefix="campus-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o777)  # lldpd speaks for itself as a user of its own
        (folder / "snmpd.conf").write_text(
            f"agentaddress udp:{SWITCH}:161\nrocommunity campus-ro\nsysName core: 交换机 # 1\nsysServices 6\n"
            f"createUser reader SHA authpassword AES privpassword\nrouser reader priv\n"
            f"master agentx\nagentXSocket {folder}/agentx\n"
        )
        env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "SNMP_PERSISTENT_DIR": name, "MIBS": ""}

        def start(namespace: str, *command: str) -> None:
            process = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *command],
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 10)
            stack.callback(process.terminate)

        start(devices, "snmpd", "-f", "-C", "-c", f"{folder}/snmpd.conf", "-Lf", f"{folder}/log", "-I", "-smux")
        _until(lambda: bool(_walk(devices, "1.3.6.1.2.1.1.5")))
        for number, (namespace, more) in enumerate(
            ((devices, ["-x", "-X", f"{folder}/agentx"]), (other, ["-S", "beyond"]))
        ):
            start(namespace, "lldpd", "-d", "-u", f"{folder}/ctl{number}", *more)
        for number in (0, 1):
            quick = ["lldpcli", "-u", f"{folder}/ctl{number}", "configure", "lldp", "tx-interval", "1"]
            _until(lambda quick=quick: subprocess.run(quick, env=env, capture_output=True).returncode == 0)  # type: ignore[misc]
        _until(lambda: DECEIVED in _walk(devices, "1.0.8802.1.1.2.1.4.2.1.3"))
        yield


def _walk(namespace: str, oid: str) -> str:
    command = ["snmpbulkwalk", "-v2c", "-c", "campus-ro", "-On", "-r0", "-t0.5", SWITCH, oid]
    ran = subprocess.run(
        ["ip", "netns", "exec", namespace, *command], capture_output=True, text=True, env={**os.environ, "MIBS": ""}
    )
    return ran.stdout if "No Such" not in ran.stdout else ""


def _until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise AssertionError(f"not ready in {READY_SECONDS:g} s")
        time.sleep(0.1)


@contextmanager
def _program(namespace: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "tests.peers.discoverable", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    if sys.argv[1] == "play":
        asyncio.run(_play())
    else:
        _capture(sys.argv[2])
