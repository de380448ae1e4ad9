"""Streams from peers that mean no good, and from those that a certificate vouches for."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.resolver import ThreadedResolver

from agent.clients import hls
from agent.probes.service import video_on_demand
from tests.agent.services import HEAD, MASTER, TS, values, vod
from tests.peers.pages import page, pages, tcp_server, without_end
from tests.peers.tls import Authority


async def test_a_playlist_without_end_is_not_read_to_it() -> None:
    async with tcp_server(without_end(b"#EXTM3U\n", b"#EXTINF:1,\na.ts\n" * 4096, 0)) as port:
        seen = await vod(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("malformed", {"up": 0})


async def test_a_slow_drip_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hls, "ANSWER_SECONDS", 0.5)
    async with tcp_server(without_end(b"#EXTM3U\n", b"#\n", 0.02)) as port:
        seen = await vod(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("timeout", {})
    assert seen.duration_seconds < 5


async def test_a_segment_that_drips_ends_with_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_on_demand, "PATIENCE", 0.5)
    async with tcp_server(without_end(TS, b"\x47", 0.05)) as slow:
        playlist = HEAD + f"#EXTINF:2,\nhttp://127.0.0.1:{slow}/b\n".encode()
        async with pages({"/a.m3u8": page(playlist)}) as base:
            seen = await vod(f"{base}/a.m3u8", sample_seconds=2)
    assert (seen.outcome, set(values(seen))) == ("timeout", {"response_seconds"})
    assert seen.duration_seconds < 10


NAMED = {"hosts": ("127.0.0.2", "localhost", "127.1")}


@pytest.mark.parametrize(
    ("answer", "up"),
    [
        pytest.param(page(MASTER + b"/a.m3u8\n"), 0, id="a master playlist that leads to itself"),
        pytest.param(page(HEAD + b"#EXTINF:2,\n/html\n"), None, id="a web page for a segment"),
        pytest.param(page(HEAD + b"#EXTINF:2,\nhttp://127.0.0.2/b.ts\n"), None, id="a segment on this machine"),
        pytest.param(page(HEAD + b"#EXTINF:2,\nhttp://localhost/b.ts\n"), None, id="by a name"),
        pytest.param(page(HEAD + b"#EXTINF:2,\nhttp://127.1/b.ts\n"), None, id="by an odd name"),
        pytest.param(page(HEAD + b"#EXTINF:2,\nhttp://elsewhere.invalid/b.ts\n"), None, id="a host not named"),
        pytest.param(page(HEAD + b"#EXTINF:2,\nfile:///etc/passwd\n"), None, id="a file"),
        pytest.param(page(HEAD + b"#EXTINF:2,\nhttp://[::1\n"), 0, id="no address"),
        pytest.param(page(HEAD), 0, id="no segment"),
        pytest.param(page(HEAD, Content_Encoding="gzip"), None, id="compressed"),
        pytest.param(page(b"", "302 Found", Location="http://127.0.0.2/"), None, id="a redirect to this machine"),
        pytest.param(page(b"", "302 Found", Location="gopher://127.0.0.1/"), None, id="a redirect to another scheme"),
        pytest.param(page(b"", "302 Found"), 0, id="a redirect to itself"),
        pytest.param(page(b"", "204 No Content"), 0, id="no content"),
        pytest.param(page(HEAD, "200 OK", Content_Length="2000000"), 0, id="a length that is too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n#EXTM3U", None, id="a hang-up midway"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", 0, id="a header without end"),
    ],
)
async def test_hostile_answers(answer: bytes, up: float | None) -> None:
    async with pages({"/a.m3u8": answer, "/html": page(b"<html>sign in</html>")}) as base:
        seen = await vod(f"{base}/a.m3u8", **NAMED)
    assert (seen.outcome, values(seen).get("up")) == ("malformed", up)
    assert seen.duration_seconds < 5


@pytest.mark.parametrize(
    ("path", "outcome", "up"),
    [("/none", "refused", 0), ("/broken", "refused", 0), ("/gateway", "refused", None), ("/html", "malformed", 0)],
)
async def test_a_trusted_certificate_shows_who_says_no(
    tmp_path: Path, path: str, outcome: str, up: float | None
) -> None:
    answers = {
        "/broken": page(b"", "500 Internal Server Error"),
        "/gateway": page(b"", "504 Gateway Timeout"),
        "/html": page(b"<html>"),
    }
    authority, tls, ends = trusted(tmp_path, timedelta(days=30))
    async with pages(answers, tls) as base:
        seen = await vod(base + path, ca_file=authority)
    told = values(seen)
    assert (seen.outcome, told.get("up")) == (outcome, up)
    assert told["certificate_expiry_timestamp_seconds"] == ends


async def test_the_reference_decides_what_a_refusal_over_http_is() -> None:
    async with pages({}) as base:
        seen = await vod(f"{base}/a.m3u8", reference=int(base.rpartition(":")[2]))
    assert (seen.outcome, values(seen)) == ("refused", {"up": 0})


async def test_a_film_by_tls(tmp_path: Path) -> None:
    authority, tls, ends = trusted(tmp_path, timedelta(days=30))
    async with pages({"/a.m3u8": page(HEAD + b"#EXTINF:2,\n/b.ts\n"), "/b.ts": page(TS)}, tls) as base:
        seen = await vod(f"{base}/a.m3u8", ca_file=authority, sample_seconds=2)
    told = values(seen)
    assert (seen.outcome, told["up"], told["certificate_expiry_timestamp_seconds"]) == ("ok", 1, ends)


async def test_tls_is_not_left(tmp_path: Path) -> None:
    authority, tls, _ = trusted(tmp_path, timedelta(days=30))
    async with pages({"/b.ts": page(TS)}) as plain:
        answers = {
            "/redirect": page(b"", "302 Found", Location=f"{plain}/b.ts"),
            "/mixed": page(HEAD + f"#EXTINF:2,\n{plain}/b.ts\n".encode()),
        }
        async with pages(answers, tls) as base:
            seen = [await vod(base + path, ca_file=authority) for path in answers]
    assert [(one.outcome, values(one).get("up")) for one in seen] == [("malformed", None)] * 2


async def test_a_certificate_that_has_run_out_is_down_and_one_that_nobody_trusts_is_not_known(tmp_path: Path) -> None:
    authority, tls, _ = trusted(tmp_path, timedelta(days=-1))
    async with pages({}, tls) as base:
        expired, unknown = await vod(f"{base}/a", ca_file=authority), await vod(f"{base}/a")
    assert (expired.outcome, values(expired)) == ("refused", {"up": 0})
    assert "run out" in expired.detail
    assert (unknown.outcome, values(unknown)) == ("refused", {})


def trusted(folder: Path, left: timedelta) -> tuple[Path, ssl.SSLContext, float]:
    """A file of authorities, a server's side with a certificate of theirs, and when that ends."""
    authority = Authority(folder)
    ends = (datetime.now(UTC) + left).replace(microsecond=0)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.certificate("127.0.0.1", ends))
    return authority.file, tls, ends.timestamp()


async def test_a_name_that_leads_to_this_machine_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def here(*_: Any) -> list[dict[str, Any]]:
        return [{"hostname": "cdn.example", "host": "127.0.0.1", "port": 80, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr(ThreadedResolver, "resolve", here)
    async with pages({"/a.m3u8": page(HEAD + b"#EXTINF:2,\nhttp://cdn.example/b.ts\n")}) as base:
        seen = await vod(f"{base}/a.m3u8", hosts=("cdn.example",))
    assert (seen.outcome, values(seen).get("up")) == ("malformed", None)
    assert "resolves to this machine" in seen.detail


async def test_a_server_without_byte_ranges_is_not_judged() -> None:
    async with pages({"/a.mp4": page(b"\0\0\0\x10ftypmp42" + bytes(100))}) as base:
        seen = await vod(f"{base}/a.mp4", kind="mp4")
    assert (seen.outcome, values(seen)) == ("malformed", {})
