"""Live streaming: nginx fed by ffmpeg, live, frozen, started anew and over a slow link; and scripted sequences."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.clients import hls, media_http
from agent.probes.service import live_streaming
from tests.agent.services import HEAD, TS, live, values
from tests.peers.far_side import FarSide, far_side
from tests.peers.pages import closed_port, page, pages, silent, tcp_server
from tests.peers.streams import Server, encoding, segments, streaming_server, wait_for


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with streaming_server(tmp_path_factory.mktemp("near")) as server:
        yield server


@pytest.fixture
def side() -> Iterator[FarSide]:
    with far_side() as made:
        yield made


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


async def test_a_stream_with_an_end_is_not_live() -> None:
    async with pages({"/a.m3u8": page(HEAD + b"#EXTINF:2,\n/b.ts\n#EXT-X-ENDLIST\n")}) as base:
        seen = await live(f"{base}/a.m3u8")
    assert (seen.outcome, values(seen)["up"]) == ("malformed", 0)
    assert "not live" in seen.detail


async def test_a_live_stream_over_a_link_that_is_too_slow(tmp_path: Path, side: FarSide) -> None:
    playlist = tmp_path / "live" / "slow.m3u8"
    with streaming_server(tmp_path, side) as far, encoding("-f", "flv", f"{far.rtmp}/slow", side=side):
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


async def test_what_came_of_a_segment_in_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of two seconds in half a second: 0.4."""
    monkeypatch.setattr(live_streaming, "PATIENCE", 0.25)
    asked = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        if (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"/live":
            asked += 1
            pieces = b"#EXTINF:2,\n/b.ts\n" * asked
            writer.write(page(HEAD + pieces))
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * len(TS)) + TS)
        await silent(reader, writer)

    async with tcp_server(speak) as port:
        seen = await live(f"http://127.0.0.1:{port}/live")
    assert (seen.outcome, values(seen)["up"]) == ("ok", 1)
    assert 0.3 < values(seen)["delivery_ratio"] < 0.41


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
