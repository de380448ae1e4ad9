"""SIP on real sockets: kamailio as a proxy with a registrar, SIPp as a terminal, and peers that do not behave."""

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

from tests.peers.free import free_port, free_udp_port, until_ready

USER, PASSWORD = "campus", "JianCe-2026"
ASKING = """
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
"""
AUTHENTICATING = f"""
    if (!pv_www_authenticate("school", "{PASSWORD}", "0")) {{ www_challenge("school", "1"); exit; }}
"""
ROUTE = """
    if (is_method("REGISTER")) { save("location"); exit; }
    if ($rU == $null) { sl_send_reply("200", "OK"); exit; }
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
"""
ANSWERS_FOR_ALL = """
    sl_send_reply("200", "OK");
"""


@contextmanager
def kamailio(route: str = ASKING + ROUTE) -> Iterator[int]:
    """The port, UDP and TCP alike, of a running kamailio. `route` is its request_route."""
    with tempfile.TemporaryDirectory(prefix="kamailio-") as name:
        port = free_port()
        modules = ("sl", "tm", "pv", "usrloc", "registrar", "maxfwd", "textops", "siputils", "auth")
        conf = Path(name) / "kamailio.cfg"
        conf.write_text(
            "#!KAMAILIO\nlog_stderror=yes\ndebug=-2\nfork=yes\nchildren=1\ntcp_children=1\nauto_aliases=no\n"
            f"listen=udp:127.0.0.1:{port}\nlisten=tcp:127.0.0.1:{port}\n"
            + "".join(f'loadmodule "{module}.so"\n' for module in modules)
            + 'modparam("tm", "fr_timer", 700)\n'
            + f"request_route {{{route}}}\n"
        )
        process = subprocess.Popen(
            ["kamailio", "-f", str(conf), "-DD", "-E", "-Y", name, "-P", f"{name}/pid", "-m", "16", "-M", "4"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            until_ready(lambda: answers(port), process)
            yield port
        finally:
            _end(process)


@contextmanager
def terminal(status: str = "200 OK", transport: str = "udp") -> Iterator[int]:
    """The port of a SIPp that answers every OPTIONS with a status."""
    scenario = f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="terminal">
  <recv request="OPTIONS"/>
  <send><![CDATA[
SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""
    with tempfile.TemporaryDirectory(prefix="sipp-") as name:
        path = Path(name) / "terminal.xml"
        path.write_text(scenario)
        port = free_udp_port() if transport == "udp" else free_port()
        process = subprocess.Popen(
            [
                "sipp", "-sf", str(path), "-i", "127.0.0.1", "-p", str(port), "-nostdin",
                "-t", "u1" if transport == "udp" else "t1", "-cp", str(free_udp_port()),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=name, start_new_session=True,
        )  # fmt: skip
        try:
            until_ready(lambda: answers(port) if transport == "udp" else opens(port), process)
            yield port
        finally:
            _end(process)


def register(server: int, user: str, contact_port: int, expires: int = 600) -> None:
    """Bind `user` at a kamailio to a terminal's address, as the terminal itself would."""
    answer = _exchange(
        server,
        f"REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {{local}};branch=z9hG4bKr{user}{expires};rport\r\n"
        f"From: <sip:{user}@127.0.0.1>;tag=r{user}\r\nTo: <sip:{user}@127.0.0.1>\r\nCall-ID: register-{user}\r\n"
        f"CSeq: {10_000 - expires} REGISTER\r\nContact: <sip:{user}@127.0.0.1:{contact_port}>;expires={expires}\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        5,
    )
    assert answer.startswith(b"SIP/2.0 200"), answer


def answers(port: int) -> bool:
    """Whether something on a UDP port answers OPTIONS at all; takes a moment when it does not."""
    text = (
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKready;rport\r\n"
        "From: <sip:ready@127.0.0.1>;tag=ready\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 5\r\nContent-Length: 0\r\n\r\n"
    )
    return bool(_exchange(port, text, 0.1))


def _exchange(port: int, text: str, seconds: float) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.connect(("127.0.0.1", port))
        local = "{}:{}".format(*client.getsockname())
        try:
            client.send(text.replace("{local}", local).encode())
            return client.recv(65535)
        except TimeoutError:
            return b""
        except OSError:
            with socket.socket() as nothing:  # refused at once: not open yet; wait a moment for it
                nothing.settimeout(0.05)
                nothing.bind(("127.0.0.1", 0))
                nothing.listen()
                try:
                    nothing.accept()
                except TimeoutError:
                    return b""
            return b""


def opens(port: int) -> bool:
    """Whether a TCP port takes connections."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.1):
            return True
    except OSError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The whole session: kamailio's children must not outlive it where it does not end in time."""
    process.terminate()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


Reply = Callable[[bytes], list[bytes]]
"""What a made peer sends for a request, message by message."""


@asynccontextmanager
async def udp_peer(reply: Reply, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A UDP peer that answers by a function; its port."""

    class Peer(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.DatagramTransport", transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for message in reply(data):
                self.transport.sendto(message, addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Peer, local_addr=(host, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@asynccontextmanager
async def tcp_peer(reply: Reply, *, hangs_up: bool = False) -> AsyncIterator[int]:
    """A TCP peer that answers the first bytes it gets by a function; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.read(65536)
            for part in reply(request):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            if not hangs_up:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def answer_to(request: bytes, status: str = "200 OK", body: bytes = b"", **changed: str) -> bytes:
    """A right answer to a request, but for the headers that are changed, by name with _ for -; empty drops one."""
    told: dict[str, str] = {}
    for line in request.decode().split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        told.setdefault(name, value)
    headers = {
        "Via": told["Via"],
        "From": told["From"],
        "To": told["To"] + ";tag=made",
        "Call-ID": told["Call-ID"],
        "CSeq": told["CSeq"],
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join([f"SIP/2.0 {status}", *lines, "", ""]).encode() + body
