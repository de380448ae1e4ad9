"""Video on demand and live streaming, against nginx fed by ffmpeg, links of known rate, and peers that misbehave."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from agent.clients import hls, media_http, tcp
from agent.probes.base import CollectorLink, Context
from agent.probes.service import video_on_demand
from agent.probes.service.probe import PROBE
from agent.runner import observe
from tests.peers.far_side import FarSide, far_side
from tests.peers.pages import closed_port, garbage, page, pages, silent, tcp_server, without_end
from tests.peers.streams import Server, encoding, make_films, segments, streaming_server, wait_for
from tests.peers.tls import Authority
from wire.report import Observation

HEAD = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
TS = (b"\x47" + bytes(187)) * 20


async def look(
    system: str, url: str, *, reference: int | None = None, context: Context | None = None, **check: Any
) -> Observation:
    entry: dict[str, Any] = {"probe": "service", "device": "区平台", "service": "main", "timeout_seconds": 300}
    entry["check"] = {"system": system, "url": url, **check}
    if reference is not None:
        entry["reference"] = {"host": "127.0.0.1", "port": reference}
    return await observe(PROBE, PROBE.settings.model_validate(entry), context or Context(Path()))


async def vod(url: str, **more: Any) -> Observation:
    return await look("video_on_demand", url, **more)


async def live(url: str, **more: Any) -> Observation:
    return await look("live_streaming", url, **{"sample_seconds": 2, **more})


def values(seen: Observation) -> dict[str, float]:
    """Every reading, without what all their names begin with."""
    labels = {tuple(reading.labels.items()) for reading in seen.readings}
    assert labels <= {(("system", label), ("service", "main")) for label in ("video_on_demand", "live_streaming")}
    return {reading.measure.removeprefix("service_"): reading.value for reading in seen.readings}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_films(folder)
    return folder


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory, films: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("near")
    (folder / "films").symlink_to(films)
    with streaming_server(folder) as server:
        yield server


@pytest.fixture
def side() -> Iterator[FarSide]:
    with far_side() as made:
        yield made


@pytest.fixture
def far(tmp_path: Path, films: Path, side: FarSide) -> Iterator[Server]:
    (tmp_path / "films").symlink_to(films)
    with streaming_server(tmp_path, side) as server:
        yield server


# Video on demand


@pytest.mark.parametrize(
    ("kind", "name"),
    [("hls", "film.m3u8"), ("hls", "parts.m3u8"), ("mp4", "film.mp4"), ("mp4", "late.mp4")],
)
async def test_a_film_plays(near: Server, kind: str, name: str) -> None:
    seen = await vod(f"{near.http}/films/{name}", kind=kind, sample_seconds=4)
    told = values(seen)
    assert (seen.outcome, seen.detail, told["up"], told["sample_stall_seconds"]) == ("ok", "", 1, 0)
    assert 3.9 < told["sample_played_seconds"] < 6.1  # it comes in chunks of any size
    assert 0 < told["response_seconds"] <= told["sample_start_seconds"]


async def test_a_sample_longer_than_the_film_is_the_film(near: Server) -> None:
    told = values(await vod(f"{near.http}/films/film.m3u8", sample_seconds=60))
    assert told["up"] == 1
    assert told["sample_played_seconds"] == pytest.approx(8, abs=0.2)


@pytest.mark.parametrize(("kind", "name"), [("hls", "film.m3u8"), ("mp4", "film.mp4")])
async def test_a_film_stalls_on_a_slow_link(far: Server, side: FarSide, kind: str, name: str) -> None:
    """2 Mbit/s of film over 1 Mbit/s: half of the time that it takes to come is stalled, after the start."""
    side.limit("1mbit")
    seen = await vod(f"{far.http}/films/{name}", kind=kind, sample_seconds=2, start_seconds=0.2)
    told = values(seen)
    assert (seen.outcome, told["up"]) == ("ok", 1)
    assert 1.0 < told["sample_stall_seconds"] < 3.5
    assert told["sample_played_seconds"] >= 1.9


async def test_a_film_that_comes_much_too_slowly_tells_what_it_stalled(
    far: Server, side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_on_demand, "PATIENCE", 2)
    side.limit("400kbit")
    seen = await vod(f"{far.http}/films/film.m3u8", sample_seconds=2, start_seconds=0.2)
    told = values(seen)
    assert (seen.outcome, told["up"]) == ("ok", 1)
    assert told["sample_played_seconds"] < 2  # ended after twice its length
    assert told["sample_stall_seconds"] > 1.5


@pytest.mark.parametrize(
    ("path", "outcome", "up"),
    [
        ("/films/none.m3u8", "refused", None),  # something on the way may have said so, and there is no reference
        ("/broken", "refused", None),
        ("/locked", "refused", None),  # the agent is not let in: nothing is known of the service
        ("/away", "malformed", None),  # `hosts` does not name it
        ("/round", "malformed", 0),
        ("/moved", "ok", 1),
        ("/films/film.mp4", "malformed", 0),
        ("/films/film0.ts", "malformed", None),  # as a captive portal would answer
    ],
)
async def test_answers_of_the_server(near: Server, path: str, outcome: str, up: float | None) -> None:
    seen = await vod(near.http + path, sample_seconds=2)
    assert (seen.outcome, values(seen).get("up")) == (outcome, up)


async def test_garbage_is_down() -> None:
    async with tcp_server(garbage) as port:
        seen = await vod(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("malformed", {"up": 0})


async def test_a_closed_port_is_down() -> None:
    with closed_port() as port:
        seen = await vod(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("refused", {"up": 0})


# Not heard: down, or not known


async def test_silence_is_down_only_where_the_reference_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_http, "READ_SECONDS", 0.3)
    async with tcp_server(silent) as port:
        url = f"http://127.0.0.1:{port}/a.m3u8"
        alone = await vod(url)
        beside = await vod(url, reference=port)
        with closed_port() as closed:
            cut_off = await vod(url, reference=closed)
        link = CollectorLink(f"http://127.0.0.1:{port}", lambda: SecretStr(""))
        by_collector = await vod(url, context=Context(Path(), link))
    assert {one.outcome for one in (alone, beside, cut_off, by_collector)} == {"timeout"}
    assert [values(one) for one in (alone, beside, cut_off, by_collector)] == [{}, {"up": 0}, {}, {"up": 0}]


async def test_a_link_that_is_cut_says_nothing_of_the_service(
    far: Server, side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (media_http, tcp):
        monkeypatch.setattr(module, "CONNECT_SECONDS", 0.5)
    side.cut()
    url = f"{far.http}/films/film.m3u8"
    async with tcp_server(silent) as reachable:
        seen, beside = await vod(url), await vod(url, reference=reachable)
    assert (seen.outcome, values(seen)) == ("unreachable", {})
    assert (beside.outcome, values(beside)) == ("unreachable", {"up": 0})


async def test_a_name_that_does_not_resolve() -> None:
    seen = await vod("http://vod.invalid/a.m3u8")
    assert (seen.outcome, values(seen)) == ("unreachable", {})


# Peers that mean no good


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


# Live streaming


async def test_a_live_stream(near: Server) -> None:
    playlist = near.folder / "live" / "healthy.m3u8"
    with encoding("-f", "flv", f"{near.rtmp}/healthy"):
        wait_for(lambda: segments(playlist) > 0)
        seen = await live(f"{near.http}/live/healthy.m3u8")
    told = values(seen)
    assert (seen.outcome, seen.detail, told["up"], told["stream_restarts"]) == ("ok", "", 1, 0)
    assert told["delivery_ratio"] > 1
    assert told["media_sequence"] >= 2


async def test_a_frozen_encoder_is_stale(near: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hls, "STALE_LEAST_SECONDS", 1.0)
    playlist = near.folder / "live" / "frozen.m3u8"
    with encoding("-f", "flv", f"{near.rtmp}/frozen") as encoder:
        wait_for(lambda: segments(playlist) > 1)
        encoder.freeze()
        wait_for(lambda: near.settled(playlist))
        seen = await live(f"{near.http}/live/frozen.m3u8")
    told = values(seen)
    assert (seen.outcome, told["up"]) == ("malformed", 0)
    assert "no segment was added" in seen.detail
    assert told["delivery_ratio"] > 1  # what it has still arrives
    assert seen.duration_seconds >= 3


async def test_an_encoder_that_starts_anew_is_no_outage(near: Server) -> None:
    playlist = near.folder / "live" / "anew.m3u8"
    with encoding("-f", "flv", f"{near.rtmp}/anew"):
        wait_for(lambda: segments(playlist) > 2)
    wait_for(lambda: near.settled(playlist))
    watching = asyncio.create_task(live(f"{near.http}/live/anew.m3u8"))
    await asyncio.to_thread(wait_for, lambda: near.asked("/live/anew.m3u8") > 1)
    with encoding("-f", "flv", f"{near.rtmp}/anew"):
        seen = await watching
    told = values(seen)
    assert (seen.outcome, told["up"], told["stream_restarts"]) == ("ok", 1, 1)


async def test_a_stream_with_an_end_is_not_live(near: Server) -> None:
    seen = await live(f"{near.http}/films/film.m3u8")
    assert (seen.outcome, values(seen)["up"]) == ("malformed", 0)
    assert "not live" in seen.detail


async def test_a_live_stream_over_a_link_that_is_too_slow(far: Server, side: FarSide) -> None:
    playlist = far.folder / "live" / "slow.m3u8"
    with encoding("-f", "flv", f"{far.rtmp}/slow", side=side):
        wait_for(lambda: segments(playlist) > 2)
        side.limit("80kbit")
        seen = await live(f"{far.http}/live/slow.m3u8")
    told = values(seen)
    assert (seen.outcome, told["up"]) == ("ok", 1)  # slow is judged by its ratio
    assert 0.05 < told["delivery_ratio"] < 0.9


def listed(first: int | None, *names: str) -> bytes:
    """A playlist of segments that play for a second."""
    number = "" if first is None else f"#EXT-X-MEDIA-SEQUENCE:{first}\n"
    pieces = "".join(f"#EXTINF:1,\n/{name}\n" for name in names)
    return page(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{number}{pieces}".encode())


GONE = page(b"", "404 Not Found")


@pytest.mark.parametrize(
    ("answers", "up", "restarts"),
    [
        pytest.param([listed(9, "a", "b"), listed(8, "a"), listed(10, "b", "c")], 1, 0, id="a server that is behind"),
        pytest.param([listed(None, "a", "b"), listed(None, "b", "c")], 1, 0, id="without numbers"),
        pytest.param([listed(9, "a"), GONE, listed(0, "a"), listed(0, "a", "b")], 1, 1, id="gone and started anew"),
        pytest.param([listed(9, "a"), listed(0, "a"), listed(0, "a")], 0, 1, id="started anew and stopped"),
        pytest.param([listed(9, "a"), GONE], 0, 0, id="gone"),
        pytest.param([listed(9, "a"), listed(9, "a")], 0, 0, id="the same"),
    ],
)
async def test_what_a_sequence_does(
    monkeypatch: pytest.MonkeyPatch, answers: list[bytes], up: float, restarts: float
) -> None:
    monkeypatch.setattr(hls, "STALE_LEAST_SECONDS", 0.5)
    monkeypatch.setattr(hls, "STALE_TARGETS", 0.5)
    monkeypatch.setattr(hls, "MAX_PAUSE_SECONDS", 0.1)
    asked = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        writer.write(answers[min(asked, len(answers) - 1)] if path == b"/live" else page(TS))
        asked += path == b"/live"

    async with tcp_server(speak) as port:
        seen = await live(f"http://127.0.0.1:{port}/live")
    told = values(seen)
    assert (told["up"], told["stream_restarts"]) == (up, restarts), seen.detail


async def test_a_server_without_byte_ranges_is_not_judged() -> None:
    async with pages({"/a.mp4": page(b"\0\0\0\x10ftypmp42" + bytes(100))}) as base:
        seen = await vod(f"{base}/a.mp4", kind="mp4")
    assert (seen.outcome, values(seen)) == ("malformed", {})


async def test_a_silent_live_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_http, "READ_SECONDS", 0.3)
    async with tcp_server(silent) as port:
        seen = await live(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("timeout", {})


async def test_a_closed_live_port() -> None:
    with closed_port() as port:
        seen = await live(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("refused", {"up": 0})


@pytest.mark.parametrize(
    ("body", "up", "says"),
    [
        pytest.param(b"\x00\xff", None, "no playlist", id="garbage"),
        pytest.param(b"#EXTM3U\n#EXT-X-TARGETDURATION:60\n#EXTINF:60,\n/b.ts\n", None, "cannot be watched", id="long"),
        pytest.param(HEAD + b"#EXTINF:2,\n/gone.ts\n", 0, "is not there", id="a segment that is not there"),
    ],
)
async def test_live_answers(body: bytes, up: float | None, says: str) -> None:
    async with pages({"/a.m3u8": page(body), "/b.ts": page(TS)}) as base:
        seen = await live(f"{base}/a.m3u8")
    assert (seen.outcome, values(seen).get("up")) == ("malformed", up)
    assert says in seen.detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "rtsp://vod.example/a"},
        {"url": "http://"},
        {"url": "http://user:secret@vod.example/"},
        {"url": "http://[::1"},
        {"url": "http://a/", "sample_seconds": 100},  # longer than timeout_seconds allows
        {"url": "http://a/", "more": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PROBE.settings.model_validate(
            {"probe": "service", "device": "d", "check": {"system": "video_on_demand", **wrong}}
        )
