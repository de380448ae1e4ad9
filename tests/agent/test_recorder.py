"""Recorders of either maker: passwords, closed ports, HTTPS, and every way to misbehave."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.clients import device_http
from agent.clients.recorders import Recorded
from agent.probes.recorder.probe import PROBE
from agent.runner import observe
from tests.agent.recorders import (
    CONTEXT,
    PASSWORD,
    PASSWORD_VARIABLE,
    Speaks,
    dahua_pages,
    hikvision,
    look,
    of_recorder,
    settings,
    states,
    up,
    web,
)
from tests.peers.device_web import Misbehaviour, Page


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


both = pytest.mark.parametrize("speaks", ["isapi", "dahua"])


def pages_of(speaks: Speaks) -> dict[str, Page]:
    return hikvision() if speaks == "isapi" else dahua_pages()


@both
@pytest.mark.parametrize("schemes", [("MD5",), ("SHA-256",), ("Basic", "MD5"), ("MD5", "SHA-256")])
async def test_digest(speaks: Speaks, schemes: tuple[str, ...]) -> None:
    peer = web(pages_of(speaks), schemes=schemes)
    seen = await look(peer, speaks)
    assert (seen.outcome, len(up(seen)), peer.refused) == ("ok", 3, 0)
    assert peer.used == {"SHA-256" if "SHA-256" in schemes else "MD5"}


async def test_a_nonce_that_runs_out_is_replaced() -> None:
    peer = web(hikvision(), nonce_lasts=2)
    seen = await look(peer)
    assert (seen.outcome, len(up(seen))) == ("ok", 3)


@both
async def test_wrong_password_is_tried_once(monkeypatch: pytest.MonkeyPatch, speaks: Speaks) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    peer = web(pages_of(speaks))
    seen = await look(peer, speaks)
    assert (seen.outcome, up(seen), set(states(seen).values())) == ("refused", {}, {"authentication_failed"})
    assert peer.refused == 1  # more would lock the account
    assert "wrong" not in seen.detail


async def test_the_password_in_clear_only_where_it_is_allowed() -> None:
    peer = web(hikvision(), schemes=("Basic",))
    seen = await look(peer)
    assert (seen.outcome, set(states(seen).values()), peer.used) == ("refused", {"authentication_failed"}, set())
    seen = await look(peer, allow_basic=True)
    assert (seen.outcome, peer.used) == ("ok", {"Basic"})


async def test_a_user_without_the_right_to_look() -> None:
    seen = await look(web(hikvision(), misbehaves="locked"))
    assert (seen.outcome, set(states(seen).values())) == ("refused", {"authentication_failed"})


async def test_missing_password_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE)
    seen = await observe(PROBE, settings(9), CONTEXT)
    assert (seen.outcome, set(states(seen).values())) == ("refused", {"unknown"})


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_closed_port() -> None:
    with closed_port() as port:
        seen = await observe(PROBE, settings(port), CONTEXT)
    assert (seen.outcome, set(states(seen).values()), up(seen)) == ("refused", {"unreachable"}, {})
    assert of_recorder(seen) == "unreachable"


async def test_no_such_name() -> None:
    seen = await observe(PROBE, settings(80, host="recorder.invalid"), CONTEXT)
    assert (seen.outcome, set(states(seen).values())) == ("unreachable", {"unreachable"})


@both
@pytest.mark.parametrize(
    ("misbehaves", "outcome"),
    [
        ("silent", "timeout"),
        ("drips", "timeout"),
        ("endless", "malformed"),
        ("garbage", "malformed"),
        ("oversized", "malformed"),
        ("headers", "malformed"),
        ("redirects-to-loopback", "malformed"),
        ("redirects-elsewhere", "malformed"),
        ("compressed", "malformed"),
        ("hangs-up", "malformed"),
        ("html", "malformed"),
        ("bomb", "malformed"),
        ("external-entity", "malformed"),
        ("deep", "malformed"),
    ],
)
async def test_misbehaviour(
    monkeypatch: pytest.MonkeyPatch, speaks: Speaks, misbehaves: Misbehaviour, outcome: str
) -> None:
    monkeypatch.setattr(device_http, "EXCHANGE_SECONDS", 0.5)
    peer = web(pages_of(speaks), misbehaves=misbehaves)
    seen = await look(peer, speaks)
    assert (seen.outcome, up(seen), set(states(seen).values())) == (outcome, {}, {"unknown"})
    assert seen.duration_seconds < 3
    assert len(set(peer.asked)) == 1  # nothing was followed, and nothing asked afterwards


async def test_a_channel_written_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="more than once"):
        settings(80, channels=[{"channel": 1, "place": "a"}, {"channel": 1, "place": "b"}])


def test_overlapping_recordings_count_once() -> None:
    start = datetime(2026, 9, 1, tzinfo=UTC)

    def at(hours: float) -> datetime:
        return start + timedelta(hours=hours)

    spans = [(at(-1), at(1)), (at(0.5), at(2)), (at(5), at(4)), (at(3), at(9))]
    assert Recorded.of(spans, start, at(4)) == Recorded(3 * 3600, 3600)


def tls_context(folder: Path) -> ssl.SSLContext:
    """With a certificate that a device signed for itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=device", "-days", "1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_https_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    seen = await look(web(hikvision(), tls=tls_context(tmp_path)), https=True)
    assert (seen.outcome, len(up(seen))) == ("ok", 3), seen.detail


@pytest.mark.parametrize(
    ("speaks_tls", "asks_tls", "outcome"), [(True, False, "malformed"), (False, True, "unreachable")]
)
async def test_http_where_https_is_spoken_and_the_reverse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speaks_tls: bool, asks_tls: bool, outcome: str
) -> None:
    monkeypatch.setattr(device_http, "CONNECT_SECONDS", 0.5)  # the peer waits for a line that TLS never ends
    seen = await look(web(hikvision(), tls=tls_context(tmp_path) if speaks_tls else None), https=asks_tls)
    assert (seen.outcome, up(seen)) == (outcome, {}), seen.detail
