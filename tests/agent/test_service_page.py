"""Exam marking and the lecture platform by their pages: nginx with TLS, portals, proxies, and peers that are worse."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from agent.clients import http
from agent.clients.certificate import end_of
from agent.clients.own_machine import ElsewhereResolver, is_own
from agent.clients.pattern import is_found
from agent.errors import Malformed
from agent.probes.base import CollectorLink, Context
from agent.probes.service.probe import PROBE
from agent.probes.service.settings import ServiceSettings
from agent.runner import observe
from tests.peers.free import free_port
from tests.peers.site import site
from tests.peers.tls import Authority
from wire.report import Observation

TEXT = "全区网上阅卷系统"
PAGE = f"<html><head><title>阅卷</title></head><body>{TEXT}</body></html>"
LOGIN = (
    '<html><head><title>校园网认证</title></head><body><form><input type="password" name="pwd"></form></body></html>'
)
NOW = datetime.now(UTC).replace(microsecond=0)
SOON, LONG_AGO = NOW + timedelta(days=5), NOW - timedelta(days=3)


@dataclass(frozen=True)
class Sites:
    """Ports of one nginx."""

    plain: int
    trusted: int
    expired: int
    self_signed: int
    stranger: int
    """Its certificate is for another name."""
    other_authority: int
    ca_file: Path


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("tls")
    ours, other = Authority(folder), Authority(tmp_path_factory.mktemp("other"))
    plain, trusted, expired, self_signed, stranger, other_authority = (free_port() for _ in range(6))
    found = Sites(plain, trusted, expired, self_signed, stranger, other_authority, ours.file)
    (folder / "gb.html").write_bytes(PAGE.encode("gb2312"))
    refusing, silent = free_port(), socket.create_server(("127.0.0.1", 0))
    locations = f"""
        location = / {{ return 200 '{PAGE}'; }}
        location = /gb {{ default_type 'text/html; charset=gb2312'; alias {folder}/gb.html; }}
        location = /undeclared {{ default_type text/html; alias {folder}/gb.html; }}
        location = /health {{ return 200 '{{"status": {{"db": "UP", "queue": 3}}}}'; }}
        location = /login {{ return 200 '{LOGIN}'; }}
        location = /maintenance {{ return 200 '<title>系统维护</title>'; }}
        location = /elsewhere {{ return 302 http://portal.invalid/login?to=exam; }}
        location = /home {{ return 302 /; }}
        location = /here {{ return 302 http://localhost:{found.plain}/; }}
        location = /loop {{ return 302 /loop; }}
        location = /down {{ return 302 http://127.0.0.1:{found.plain}/; }}
        location = /file {{ return 302 file:///etc/passwd; }}
        location = /bad-gateway {{ proxy_pass http://127.0.0.1:{refusing}/; }}
        location = /late {{ proxy_read_timeout 200ms; proxy_pass http://127.0.0.1:{silent.getsockname()[1]}/; }}
    """
    for status in (401, 403, 404, 407, 500, 503, 511):
        locations += f"location = /{status} {{ return {status} '<title>no {status}</title>'; }}\n"
    servers = f"server {{ listen 127.0.0.1:{found.plain}; default_type 'text/html; charset=utf-8'; {locations} }}\n"
    for port, (certificate, key) in {
        found.trusted: ours.certificate("127.0.0.1", SOON),
        found.expired: ours.certificate("127.0.0.1", LONG_AGO),
        found.self_signed: ours.certificate("127.0.0.1", SOON, self_signed=True),
        found.stranger: ours.certificate("portal.example", SOON),
        found.other_authority: other.certificate("127.0.0.1", SOON),
    }.items():
        servers += (
            f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"
            f"default_type 'text/html; charset=utf-8'; {locations} }}\n"
        )
    with silent, site(servers, found.plain):
        yield found


async def look(url: str, *, reference: int | None = None, context: Context | None = None, **check: Any) -> Observation:
    fields = {"system": "exam_marking", "url": url, "expect": {"text": TEXT}, "wait_seconds": 5, **check}
    settings = ServiceSettings.model_validate(
        {
            "probe": "service",
            "device": "区阅卷",
            "service": "main",
            "check": fields,
            "reference": None if reference is None else {"host": "127.0.0.1", "port": reference},
        }
    )
    return await observe(PROBE, settings, context or Context(Path()))


def up(seen: Observation) -> float | None:
    return values(seen).get("service_up")


def values(seen: Observation) -> dict[str, float]:
    return {reading.measure.removesuffix("_timestamp_seconds"): reading.value for reading in seen.readings}


def ends(seen: Observation) -> float | None:
    return values(seen).get("service_certificate_expiry")


@pytest.mark.parametrize("system", ["exam_marking", "lecture_recording"])
async def test_the_application_itself(sites: Sites, system: str) -> None:
    seen = await look(f"https://127.0.0.1:{sites.trusted}/", ca_file=sites.ca_file, system=system)
    assert (seen.outcome, seen.detail, up(seen)) == ("ok", "", 1)
    assert ends(seen) == SOON.timestamp()
    assert 0 < values(seen)["service_response_seconds"] < 5
    assert {(r.labels["system"], r.labels["service"]) for r in seen.readings} == {(system, "main")}


@pytest.mark.parametrize(
    ("path", "expect"),
    [
        ("", {"text": TEXT}),
        ("gb", {"text": TEXT}),
        ("undeclared", {"text": TEXT}),
        ("", {"pattern": "全区.{1,4}阅卷"}),
        ("gb", {"pattern": "全区.{1,4}阅卷"}),
        ("health", {"json_key": "status.db"}),
        ("health", {"json_key": "status.db", "json_value": "UP"}),
        ("health", {"json_key": "status.queue", "json_value": 3}),
        ("home", {"text": TEXT}),
    ],
)
async def test_what_may_be_expected(sites: Sites, path: str, expect: dict[str, Any]) -> None:
    seen = await look(f"http://127.0.0.1:{sites.plain}/{path}", expect=expect)
    assert (seen.outcome, seen.detail, up(seen)) == ("ok", "", 1)


@pytest.mark.parametrize(
    ("path", "outcome", "says"),
    [
        ("elsewhere", "malformed", "redirects to portal.invalid"),
        ("login", "malformed", 'a login page, titled "校园网认证" in its place'),
        ("511", "malformed", "captive portal"),
        ("407", "malformed", "proxy"),
        ("401", "refused", "401"),
        ("403", "refused", "403"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_stands_in_front_says_nothing_of_the_application(
    sites: Sites, scheme: str, path: str, outcome: str, says: str
) -> None:
    port = sites.plain if scheme == "http" else sites.trusted
    seen = await look(f"{scheme}://127.0.0.1:{port}/{path}", ca_file=sites.ca_file, reference=sites.plain)
    assert (seen.outcome, up(seen)) == (outcome, None)
    assert says in seen.detail


@pytest.mark.parametrize("path", ["maintenance", "health"])
async def test_a_page_without_the_content(sites: Sites, path: str) -> None:
    """Over http it may be anybody's; a certificate shows that it is the service's own."""
    plain = await look(f"http://127.0.0.1:{sites.plain}/{path}", reference=sites.plain)
    shown = await look(f"https://127.0.0.1:{sites.trusted}/{path}", ca_file=sites.ca_file)
    anyone = await look(f"https://127.0.0.1:{sites.trusted}/{path}", verify=False)
    assert [(seen.outcome, up(seen)) for seen in (plain, shown, anyone)] == [
        ("malformed", None), ("malformed", 0), ("malformed", None)
    ]  # fmt: skip
    assert "captive portal" in plain.detail
    assert "without the text" in shown.detail


@pytest.mark.parametrize("expect", [{"json_key": "status.db", "json_value": "DOWN"}])
async def test_a_wrong_value_is_the_applications_own_word(sites: Sites, expect: dict[str, Any]) -> None:
    seen = await look(f"http://127.0.0.1:{sites.plain}/health", expect=expect)
    assert (seen.outcome, up(seen)) == ("refused", 0)


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_an_error_status(sites: Sites, status: int) -> None:
    shown = await look(f"https://127.0.0.1:{sites.trusted}/{status}", ca_file=sites.ca_file)
    near = await look(f"http://127.0.0.1:{sites.plain}/{status}", reference=sites.plain)
    blind = await look(f"http://127.0.0.1:{sites.plain}/{status}", reference=free_port())
    assert [(seen.outcome, up(seen)) for seen in (shown, near, blind)] == [
        ("refused", 0), ("refused", 0), ("refused", None)
    ]  # fmt: skip
    assert f'{status}, titled "no {status}"' in shown.detail


@pytest.mark.parametrize(("path", "status"), [("bad-gateway", "502"), ("late", "504")])
async def test_a_proxy_that_gets_nothing(sites: Sites, path: str, status: str) -> None:
    """nginx itself says so, of a port that is closed and of one that is silent."""
    near = await look(f"http://127.0.0.1:{sites.plain}/{path}", reference=sites.plain)
    blind = await look(f"http://127.0.0.1:{sites.plain}/{path}")
    assert [(seen.outcome, up(seen)) for seen in (near, blind)] == [("refused", 0), ("refused", None)]
    assert "proxy" in near.detail
    assert status in near.detail


async def test_an_expired_certificate_is_told_and_is_down(sites: Sites) -> None:
    seen = await look(f"https://127.0.0.1:{sites.expired}/", ca_file=sites.ca_file)
    assert (seen.outcome, up(seen), ends(seen)) == ("refused", 0, LONG_AGO.timestamp())
    assert "expired" in seen.detail


@pytest.mark.parametrize("kind", ["self_signed", "other_authority"])
async def test_a_certificate_that_nobody_trusts_is_still_a_finding(sites: Sites, kind: str) -> None:
    seen = await look(f"https://127.0.0.1:{getattr(sites, kind)}/", ca_file=sites.ca_file)
    assert (seen.outcome, up(seen), ends(seen)) == ("refused", None, SOON.timestamp())
    assert "certificate" in seen.detail
    unchecked = await look(f"https://127.0.0.1:{getattr(sites, kind)}/", verify=False)
    assert (unchecked.outcome, up(unchecked), ends(unchecked)) == ("ok", 1, SOON.timestamp())


async def test_a_certificate_for_another_name_is_somebody_elses(sites: Sites) -> None:
    for ca_file in (sites.ca_file, None):  # with and without trust in who signed it
        seen = await look(f"https://127.0.0.1:{sites.stranger}/", ca_file=ca_file)
        assert (seen.outcome, up(seen), ends(seen)) == ("refused", None, None)


async def test_redirects(sites: Sites) -> None:
    base = f"http://127.0.0.1:{sites.plain}"
    loop = await look(f"{base}/loop")
    assert (loop.outcome, up(loop)) == ("malformed", 0)
    assert "more than 5 times" in loop.detail
    local = await look(f"{base}/here", hosts=["localhost"])
    assert (local.outcome, up(local)) == ("malformed", None)
    assert "own machine" in local.detail
    allowed = await look(f"http://localhost:{sites.plain}/down", hosts=["127.0.0.1"])
    assert "own machine" in allowed.detail
    file = await look(f"{base}/file")
    assert "only plain http and https" in file.detail
    back = await look(f"https://127.0.0.1:{sites.trusted}/down", ca_file=sites.ca_file)
    assert "back to http" in back.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_every_spelling_of_this_machine(host: str) -> None:
    assert is_own(host)
    assert not is_own("192.0.2.1")


async def test_a_name_that_leads_to_this_machine() -> None:
    resolver = ElsewhereResolver("marking.example", lambda host: http.Elsewhere(host, "own"))
    with pytest.raises(http.Elsewhere):
        await resolver.resolve("localhost", 80)
    assert await ElsewhereResolver("localhost", lambda host: http.Elsewhere(host, "own")).resolve("localhost", 80)


@asynccontextmanager
async def made(
    *parts: bytes, every: float = 0, ever: bool = False, hangs_up: bool = False, greets: bool = False
) -> AsyncIterator[int]:
    """A server that answers any request with these bytes, `every` so many seconds, over and over if `ever`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not greets:
                await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
                await writer.drain()
            while ever:
                writer.write(parts[-1])
                await writer.drain()
                await asyncio.sleep(every)
            if not hangs_up:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


async def test_silent() -> None:
    async with made() as port:
        near = await look(f"http://127.0.0.1:{port}/", wait_seconds=0.5, reference=port)
        blind = await look(f"http://127.0.0.1:{port}/", wait_seconds=0.5, reference=free_port())
    assert [(seen.outcome, up(seen)) for seen in (near, blind)] == [("timeout", 0), ("timeout", None)]


async def test_the_collector_is_the_reference_unless_one_is_set() -> None:
    async with made() as port:
        link = CollectorLink(f"http://127.0.0.1:{port}", lambda: pytest.fail("no token is needed"))
        seen = await look(f"http://127.0.0.1:{port}/", wait_seconds=0.5, context=Context(Path(), collector=link))
    assert (seen.outcome, up(seen)) == ("timeout", 0)


async def test_closed_port() -> None:
    seen = await look(f"http://127.0.0.1:{free_port()}/")
    assert (seen.outcome, up(seen)) == ("refused", 0)


async def test_no_such_name() -> None:
    seen = await look("http://marking.invalid/")
    assert (seen.outcome, up(seen)) == ("unreachable", None)


@pytest.mark.parametrize(
    "raw",
    [
        b"SIP/2.0 200 OK\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=range(5),
)
async def test_garbage(raw: bytes) -> None:
    async with made(raw, hangs_up=True) as port:
        seen = await look(f"http://127.0.0.1:{port}/", wait_seconds=3)
    assert (seen.outcome, up(seen)) == ("malformed", 0)


@pytest.mark.parametrize("raw", [b"", OK + b"Content-Length: 500\r\n\r\nshort"], ids=["nothing", "half"])
async def test_what_breaks_off_is_down_beside_a_reference_only(raw: bytes) -> None:
    async with made(raw, hangs_up=True) as port:
        near = await look(f"http://127.0.0.1:{port}/", reference=port)
        blind = await look(f"http://127.0.0.1:{port}/", reference=free_port())
    assert [(seen.outcome, up(seen)) for seen in (near, blind)] == [("malformed", 0), ("malformed", None)]


async def test_an_answer_in_another_compression_is_not_judged() -> None:
    async with made(OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc") as port:
        seen = await look(f"http://127.0.0.1:{port}/", reference=port)
    assert (seen.outcome, up(seen)) == ("malformed", None)


async def test_https_from_what_speaks_none() -> None:
    async with made(b"220 mail.example ESMTP\r\n", greets=True) as port:
        seen = await look(f"https://127.0.0.1:{port}/", wait_seconds=3)
    assert (seen.outcome, up(seen)) == ("malformed", 0)
    assert "no TLS" in seen.detail


async def test_a_slow_drip_ends() -> None:
    async with made(OK + b"\r\n", b"x", every=0.05, ever=True) as port:
        seen = await look(f"http://127.0.0.1:{port}/", wait_seconds=0.5)
    assert (seen.outcome, up(seen)) == ("timeout", None)
    assert seen.duration_seconds < 3


async def test_an_endless_page_is_read_in_part() -> None:
    async with made(OK + b"\r\n", TEXT.encode(), b"x" * 65536, ever=True) as port:
        seen = await look(f"http://127.0.0.1:{port}/", wait_seconds=10)
    assert (seen.outcome, up(seen)) == ("ok", 1)


async def test_a_small_answer_that_unfolds_is_bounded() -> None:
    packed = gzip.compress(TEXT.encode() + bytes(300_000_000), 1)
    async with made(OK + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode(), packed) as port:
        page = await http.fetch(f"http://127.0.0.1:{port}/", wait=10, trust=http.Trust())
    assert len(page.body) <= http.MAX_BODY_BYTES
    assert TEXT in page.text


@pytest.mark.parametrize("charset", ["zlib", "rot13", "idna", "no-such", "utf-16"])
async def test_a_charset_that_is_none(charset: str) -> None:
    body = TEXT.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\nContent-Length: {len(body)}\r\n\r\n"
    async with made(head.encode(), body) as port:
        seen = await look(f"http://127.0.0.1:{port}/")
    assert seen.outcome in ("ok", "malformed")  # utf-16 is what it says, if not what it is
    assert seen.outcome == "ok" or charset == "utf-16"


async def test_a_deep_json_answer_is_no_crash() -> None:
    deep = b"[" * 200_000
    async with made(OK + f"Content-Length: {len(deep)}\r\n\r\n".encode(), deep) as port:
        seen = await look(f"http://127.0.0.1:{port}/", expect={"json_key": "a"})
    assert (seen.outcome, up(seen)) == ("malformed", None)


async def test_a_search_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.clients.pattern.SEARCH_SECONDS", 0.5)
    with pytest.raises(Malformed, match="make it simpler"):
        await is_found("(a+)+$", "a" * 60 + "!")
    assert await is_found("^b$", "a\nb")
    assert not await is_found("c", "a\nb")


def test_the_end_of_a_certificate_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    for ends_at in (SOON, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2051, 1, 1, tzinfo=UTC)):
        path, _ = Authority(tmp_path).certificate("a.example", ends_at)
        found = x509.load_pem_x509_certificate(path.read_bytes())
        raw = found.public_bytes(serialization.Encoding.DER)
        assert end_of(raw) == found.not_valid_after_utc.timestamp() == ends_at.timestamp()
        for cut in range(0, 180, 7):
            with pytest.raises(Malformed):
                end_of(raw[:cut])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "ftp://a/"}, "a URL is accepted"),
        ({"url": "https://user:x@a/"}, "a URL is accepted"),
        ({"url": "https://a:99999/"}, "a URL is accepted"),
        ({"expect": {}}, "write one of"),
        ({"expect": {"text": "a", "pattern": "b"}}, "write one of"),
        ({"expect": {"pattern": "("}}, "a regular expression is accepted"),
        ({"expect": {"text": "a", "json_value": 1}}, "belongs to json_key"),
        ({"wait_seconds": 100}, "is accepted: such a check"),
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any], says: str) -> None:
    check = {"system": "exam_marking", "url": "https://a/", "expect": {"text": "a"}, **wrong}
    with pytest.raises(ValidationError, match=says):
        ServiceSettings.model_validate({"probe": "service", "device": "d", "check": check})
