"""The ndt7 method against a server written from the specification, on a real socket."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from agent.clients import ndt7
from agent.errors import Malformed
from agent.probes.base import CollectorLink, Context
from agent.probes.throughput.probe import PROBE
from agent.probes.throughput.settings import ThroughputSettings
from agent.runner import observe
from collector.slots import Bounds, Rules
from tests.peers.ndt7 import Server, ndt7_server
from tests.peers.throughput import throughput_server
from wire.report import Observation

RATE = 12_000_000


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path)


async def look(context: Context, server: Server, **given: Any) -> Observation:
    settings = {"probe": "throughput", "device": "man", "method": "ndt7", "host": "127.0.0.1", "port": server.port}
    return await observe(
        PROBE, ThroughputSettings.model_validate({**settings, "tls": False, "seconds": 2, **given}), context
    )


def rates(seen: Observation) -> dict[str, float]:
    return {r.labels["direction"]: r.value for r in seen.readings if r.measure == "uplink_throughput_bytes_per_second"}


def limits(seen: Observation) -> dict[str, str]:
    return {r.labels["direction"]: r.labels["limit"] for r in seen.readings if r.measure == "uplink_throughput_limit"}


async def test_both_ways_as_fast_as_it_goes(context: Context) -> None:
    async with ndt7_server(Server()) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert set(rates(seen)) == {"download", "upload"}
    assert min(rates(seen).values()) > 1e9 / 8
    assert {r.labels["method"] for r in seen.readings} == {"ndt7"}
    assert server.paths == ["/ndt/v7/download", "/ndt/v7/upload"]
    assert server.closed_well == 1
    for sizes, largest in ((server.sent_sizes, 1 << 24), (server.got_sizes, 1 << 16)):
        assert sizes[0] == 1 << 13
        assert max(sizes) <= largest
        total = 0
        for size, following in pairwise(sizes):
            total += size
            assert following == size or following < 2 * total // 16
    assert max(server.sent_sizes) > 1 << 20  # the client takes large messages


async def test_a_server_of_known_rate_is_read_as_what_it_gives(context: Context) -> None:
    async with ndt7_server(Server(rate=RATE)) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.detail) == ("ok", "")
    for direction, rate in rates(seen).items():
        assert isclose(rate, RATE, rel_tol=0.05), direction
    assert set(limits(seen).values()) <= {"path", "cpu"}  # cpu: on a machine that others keep busy


@pytest.mark.parametrize(
    ("tcp", "limit"),
    [
        ({"BusyTime": 95, "RWndLimited": 1, "SndBufLimited": 2}, {"path", "cpu"}),
        ({"BusyTime": 95, "RWndLimited": 1, "SndBufLimited": 70}, {"server", "cpu"}),
        ({"BusyTime": 30}, {"server", "cpu"}),
        ({"BusyTime": 95, "RWndLimited": 80}, {"cpu"}),
    ],
)
async def test_what_the_server_tells_of_its_connection(tcp: dict[str, int], limit: set[str], context: Context) -> None:
    async with ndt7_server(Server(rate=RATE, tcp=tcp)) as server:
        found = await ndt7.run("127.0.0.1", server.port, 0.5, download=True, tls=False)
    assert found.server_limited == ("server" in limit)
    assert found.agent_limited == (limit == {"cpu"})


@pytest.mark.parametrize("status", [503, 429])
async def test_no_capacity_is_busy_and_says_when(context: Context, status: int) -> None:
    async with ndt7_server(Server(status=status, headers=("Retry-After: 120",))) as server:
        seen = await look(context, server)
    assert (seen.outcome, rates(seen), seen.again_in_seconds) == ("refused", {}, 120)
    assert [r.labels for r in seen.readings] == [{"method": "ndt7", "why": "server_busy"}]


async def test_no_capacity_without_a_time(context: Context) -> None:
    async with ndt7_server(Server(status=503, headers=("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT",))) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.again_in_seconds) == ("refused", None)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_a_server_that_says_no(context: Context, status: int) -> None:
    async with ndt7_server(Server(status=status)) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.readings) == ("refused", ())
    assert str(status) in seen.detail


@pytest.mark.parametrize("wrong", ["silent", "silent-after-upgrade"])
async def test_a_silent_server(context: Context, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndt7, "READ_SECONDS", 0.2)
    monkeypatch.setattr(ndt7, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(ndt7, "CLOSE_SECONDS", 0.2)
    async with ndt7_server(Server(wrong=wrong)) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.readings) == ("timeout", ())


async def test_a_closed_port(context: Context) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        seen = await look(context, Server(port=taken.getsockname()[1]))
    assert (seen.outcome, seen.readings) == ("refused", ())


async def test_no_such_name(context: Context) -> None:
    seen = await look(context, Server(port=80), host="no-such-host.invalid")
    assert (seen.outcome, seen.readings) == ("unreachable", ())


@pytest.mark.parametrize("wrong", ["garbage", "hangs-up", "no-subprotocol", "bad-accept", "bad-json", "long-text"])
async def test_no_ndt7(context: Context, wrong: Any) -> None:
    async with ndt7_server(Server(wrong=wrong)) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.readings) == ("malformed", ())


async def test_a_redirect_is_not_followed(context: Context) -> None:
    async with ndt7_server(Server()) as other:
        there = f"Location: http://127.0.0.1:{other.port}/ndt/v7/download"
        async with ndt7_server(Server(wrong="elsewhere", headers=(there,))) as server:
            seen = await look(context, server)
    assert (seen.outcome, seen.readings, other.paths) == ("malformed", (), [])


@pytest.mark.parametrize("wrong", ["chatter", "counts-back"])
async def test_measurements_that_break_the_rules(context: Context, wrong: Any) -> None:
    async with ndt7_server(Server(wrong=wrong)) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.readings) == ("malformed", ())


@pytest.mark.parametrize("wrong", ["binary-in-upload", "counts-too-much", "no-counts", "counts-back", "chatter"])
async def test_an_upload_that_proves_nothing(wrong: Any) -> None:
    async with ndt7_server(Server(wrong=wrong)) as server:
        with pytest.raises(Malformed):
            await ndt7.run("127.0.0.1", server.port, 0.5, download=False, tls=False)


async def test_a_failed_upload_leaves_the_download(context: Context) -> None:
    async with ndt7_server(Server(wrong="binary-in-upload")) as server:
        seen = await look(context, server)
    assert seen.outcome == "malformed"
    assert seen.detail.startswith("upload: ")
    assert set(rates(seen)) == {"download"}


async def test_a_stall_counts_as_time(context: Context) -> None:
    async with ndt7_server(Server(rate=RATE, wrong="stalls", seconds=1)) as server:
        found = await ndt7.run("127.0.0.1", server.port, 1, download=True, tls=False)
    assert found.rate < RATE / 4  # it came at RATE for a third of the time, and that is not what the path carries


async def test_an_early_end_is_no_result(context: Context) -> None:
    async with ndt7_server(Server(seconds=0.5)) as server:
        seen = await look(context, server)
    assert (seen.outcome, seen.readings) == ("malformed", ())
    assert "ended early" in seen.detail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own authority for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ndt7")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + plain)
    return path


async def test_tls_by_an_authority_that_is_trusted(context: Context, certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with ndt7_server(Server(rate=RATE), tls=tls) as server:
        trust = ssl.create_default_context(cafile=certificate)
        trusted = await ndt7.run("127.0.0.1", server.port, 0.5, download=True, tls=trust)
        untrusted = await look(context, server, tls=True)
    assert isclose(trusted.rate, RATE, rel_tol=0.2)
    assert (untrusted.outcome, untrusted.readings) == ("refused", ())
    assert "TLS" in untrusted.detail


async def test_a_slot_and_its_pace_are_the_collectors(tmp_path: Path) -> None:
    async with ndt7_server(Server()) as server:
        name = f"127.0.0.1:{server.port}"
        rules = Rules(servers={"district": Bounds(1, RATE * 8)}, addresses={name: "district"})
        async with throughput_server(rules=rules) as (url, desk):
            link = CollectorLink(url, lambda: SecretStr("s1"))
            seen = await look(Context(tmp_path, link), server)
            assert desk.book.granted == 1
            assert desk.book.live() == ()
            desk.book.ask("s2", server=name)
            busy = await look(Context(tmp_path, link), server)
    assert (seen.outcome, seen.detail) == ("ok", "")
    for rate in rates(seen).values():
        assert RATE * 0.9 < rate < RATE * 1.1
    assert set(limits(seen).values()) <= {"server", "cpu"}
    assert (busy.outcome, len(server.paths)) == ("refused", 2)
    assert [r.labels["why"] for r in busy.readings] == ["no_slot"]
