"""Head-ends: multicast from ffmpeg behind a link, HLS by nginx, RTSP by GStreamer, and senders that mean no good."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.clients import hls, media_http, rtsp
from agent.probes.base import Context
from agent.probes.head_end.probe import PROBE
from agent.runner import observe
from common.secrets import Secret
from tests.peers.far_side import FarSide, far_side
from tests.peers.free import free_udp_port
from tests.peers.gst_rtsp import gst_rtsp
from tests.peers.pages import closed_port, garbage, page, pages, silent, tcp_server
from tests.peers.streams import Server, encoding, segments, streaming_server, wait_for
from wire.report import Observation

GROUP = "239.192.77.7"
NULLS = (b"\x47\x1f\xff\x10" + bytes(184)) * 7


async def look(stream: dict[str, Any], **more: Any) -> Observation:
    entry = {
        "probe": "head_end",
        "device": "电视前端",
        "place": "机房",
        "timeout_seconds": 300,
        "stream": stream,
        **more,
    }
    return await observe(PROBE, PROBE.settings.model_validate(entry), Context(Path()))


def state(seen: Observation, place: str = "机房") -> tuple[str, float | None]:
    """The state at a place, and whether it is up."""
    at = [reading for reading in seen.readings if reading.labels.get("place") == place]
    assert {reading.labels["system"] for reading in at} == {"cctv"}
    ups = [reading.value for reading in at if reading.measure == "av_device_up"]
    states = [reading.labels["state"] for reading in at if reading.measure == "av_device_state"]
    assert len(states) == 1
    return states[0], ups[0] if ups else None


def values(seen: Observation) -> dict[str, float]:
    return {r.measure.removeprefix("head_end_"): r.value for r in seen.readings if "place" not in r.labels}


@pytest.fixture(scope="module")
def side() -> Iterator[FarSide]:
    with far_side() as made:
        yield made


@pytest.fixture
def port() -> int:
    return free_udp_port()


def group(side: FarSide, port: int, **more: Any) -> dict[str, Any]:
    return {"by": "multicast", "group": GROUP, "port": port, "interface": side.here, "seconds": 1, **more}


@contextlib.asynccontextmanager
async def sending(side: FarSide, port: int, *datagrams: bytes) -> AsyncIterator[None]:
    """Sends the datagrams to the group, over and over until it is ended."""

    async def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(side.here))
            while True:
                for datagram in datagrams:
                    sender.sendto(datagram, (GROUP, port))
                    await asyncio.sleep(0.005)

    task = asyncio.create_task(send())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def rtp(sequence: int, source: int = 7, payload: bytes = b"picture", kind: int = 96) -> bytes:
    return bytes([0x80, kind]) + sequence.to_bytes(2) + bytes(4) + source.to_bytes(4) + payload


# Multicast


@pytest.mark.parametrize(
    ("muxer", "scheme", "told"),
    [
        ("rtp", "rtp", {"packet_loss_ratio": 0, "sources": 1, "restarts": 0}),
        (
            "rtp_mpegts",
            "rtp",
            {"packet_loss_ratio": 0, "sources": 1, "continuity_errors": 0, "programs": 1, "has_video": 1},
        ),
        ("mpegts", "udp", {"continuity_errors": 0, "programs": 1, "has_video": 1}),
    ],
)
async def test_a_head_end_that_sends(
    side: FarSide, port: int, muxer: str, scheme: str, told: dict[str, float], tmp_path: Path
) -> None:
    description = ("-sdp_file", str(tmp_path / "sdp")) if muxer == "rtp" else ()
    with encoding("-f", muxer, *description, f"{scheme}://{GROUP}:{port}?ttl=4&pkt_size=1316", side=side):
        seen = await look(group(side, port))
    assert (seen.outcome, seen.detail, state(seen)) == ("ok", "", ("ok", 1))
    assert values(seen).items() >= told.items()
    assert values(seen)["receive_bytes_per_second"] > 5000
    assert 0 < values(seen)["longest_pause_seconds"] < 1


async def test_only_the_sender_that_counts_is_heard(side: FarSide, port: int) -> None:
    with encoding("-f", "mpegts", f"udp://{GROUP}:{port}?ttl=4&pkt_size=1316", side=side):
        right = await look(group(side, port, source=side.there))
        wrong = await look(group(side, port, source="198.18.255.254", wait_seconds=0.5))
    assert (right.outcome, state(right)) == ("ok", ("ok", 1))
    assert (wrong.outcome, state(wrong)) == ("timeout", ("unknown", None))


async def test_a_head_end_that_has_frozen_sends_nothing(side: FarSide, port: int) -> None:
    with encoding("-f", "mpegts", f"udp://{GROUP}:{port}?ttl=4&pkt_size=1316", side=side) as encoder:
        first = await look(group(side, port, seconds=0.5))
        encoder.freeze()
        seen = await look(group(side, port, wait_seconds=0.5))
    assert state(first) == ("ok", 1)
    assert (seen.outcome, state(seen), values(seen)) == ("timeout", ("unknown", None), {})


async def test_nobody_sends(side: FarSide, port: int) -> None:
    seen = await look(group(side, port, wait_seconds=0.3))
    assert (seen.outcome, state(seen), values(seen)) == ("timeout", ("unknown", None), {})


async def test_a_few_stray_packets_are_no_stream(side: FarSide, port: int) -> None:
    async def stray() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(side.here))
            sender.sendto(rtp(1), (GROUP, port))

    looking = asyncio.create_task(look(group(side, port, seconds=0.3)))
    while not looking.done():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.shield(looking)
        await stray()
    seen = await looking
    assert (seen.outcome, state(seen)) == ("timeout", ("unknown", None))


async def test_a_card_that_is_not_there(side: FarSide, port: int) -> None:
    seen = await look(group(side, port, interface="203.0.113.9"))
    assert (seen.outcome, state(seen)) == ("unreachable", ("unreachable", None))


@pytest.mark.parametrize(
    "datagrams",
    [
        pytest.param([b"\x00\xff nonsense"], id="nonsense"),
        pytest.param([b""], id="empty"),
        pytest.param([b"\x80"], id="short"),
        pytest.param([bytes([0x80, 200]) + bytes(24)], id="rtcp"),
        pytest.param([b"\x47" + bytes(186)], id="a packet of a transport stream that is cut"),
        pytest.param([rtp(n, source=n) for n in range(40)], id="each from another sender"),
        pytest.param([bytes([0x9F, 96]) + bytes(40)], id="a header that is longer than the packet"),
    ],
)
async def test_garbage_proves_nothing(side: FarSide, port: int, datagrams: list[bytes]) -> None:
    async with sending(side, port, *datagrams):
        seen = await look(group(side, port, seconds=0.4))
    assert (seen.outcome, state(seen)) == ("malformed", ("unknown", None))


@pytest.mark.parametrize("packet", [NULLS, rtp(1, payload=NULLS, kind=33)], ids=["udp", "rtp"])
async def test_stuffing_is_no_programme(side: FarSide, port: int, packet: bytes) -> None:
    async with sending(side, port, packet):
        seen = await look(group(side, port, seconds=0.4))
    assert (seen.outcome, state(seen)) == ("malformed", ("fault", 0))


async def test_loss_and_a_second_sender_are_told(side: FarSide, port: int) -> None:
    kept = [rtp(n) for n in range(0, 1000) if n % 5] + [rtp(n, source=9) for n in range(20)]
    async with sending(side, port, *kept):
        seen = await look(group(side, port, seconds=0.8))
    assert (seen.outcome, state(seen)) == ("ok", ("ok", 1))
    assert 0.1 < values(seen)["packet_loss_ratio"] < 0.3


async def test_what_it_serves_has_its_word(side: FarSide, port: int) -> None:
    async with sending(side, port, *[rtp(n) for n in range(1000)]):
        seen = await look(group(side, port, seconds=0.4), serves=["三年二班", "操场"])
    assert [state(seen, place) for place in ("机房", "三年二班", "操场")] == [("ok", 1)] * 3


async def test_a_flood_is_not_counted_to_its_end(side: FarSide, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.probes.head_end.probe.MAX_DATAGRAMS", 20)
    async with sending(side, port, *[rtp(n) for n in range(1000)]):
        seen = await look(group(side, port, seconds=60))
    assert state(seen) == ("ok", 1)
    assert seen.duration_seconds < 10


# HLS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with streaming_server(tmp_path_factory.mktemp("head")) as made:
        yield made


async def test_hls_that_is_live_and_then_frozen(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hls, "STALE_LEAST_SECONDS", 1.0)
    playlist = server.folder / "live" / "tv.m3u8"
    stream = {"by": "hls", "url": f"{server.http}/live/tv.m3u8", "sample_seconds": 2}
    with encoding("-f", "flv", f"{server.rtmp}/tv") as encoder:
        wait_for(lambda: segments(playlist) > 0)
        healthy = await look(stream)
        encoder.freeze()
        wait_for(lambda: server.settled(playlist))
        frozen = await look(stream)
    assert (healthy.outcome, state(healthy)) == ("ok", ("ok", 1))
    assert values(healthy)["delivery_ratio"] > 1
    assert (frozen.outcome, state(frozen)) == ("malformed", ("fault", 0))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/live/none.m3u8", ("fault", 0)),
        ("/broken", ("fault", 0)),
        ("/locked", ("authentication_failed", None)),
        ("/away", ("unknown", None)),
    ],
)
async def test_hls_answers(server: Server, path: str, expected: tuple[str, float | None]) -> None:
    assert state(await look({"by": "hls", "url": server.http + path})) == expected


async def test_hls_with_an_end_is_a_fault() -> None:
    body = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/b.ts\n#EXT-X-ENDLIST\n"
    async with pages({"/a.m3u8": page(body)}) as base:
        seen = await look({"by": "hls", "url": f"{base}/a.m3u8"})
    assert (seen.outcome, state(seen)) == ("malformed", ("fault", 0))


async def test_hls_that_is_silent_closed_or_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_http, "READ_SECONDS", 0.3)
    async with tcp_server(silent) as mute, tcp_server(garbage) as odd:
        with closed_port() as closed:
            seen = [await look({"by": "hls", "url": f"http://127.0.0.1:{port}/a"}) for port in (mute, odd, closed)]
    assert [(one.outcome, state(one)) for one in seen] == [
        ("timeout", ("unknown", None)),
        ("malformed", ("unknown", None)),
        ("refused", ("unreachable", None)),
    ]


# RTSP


def by_rtsp(port: int, path: str = "/live", **more: Any) -> dict[str, Any]:
    return {"by": "rtsp", "host": "127.0.0.1", "port": port, "path": path, **more}


async def test_rtsp() -> None:
    with gst_rtsp() as port:
        seen = [await look(by_rtsp(port, path)) for path in ("/live", "/none", "/dead")]
    assert [(one.outcome, state(one)) for one in seen] == [
        ("ok", ("ok", 1)),
        ("refused", ("fault", 0)),
        ("refused", ("fault", 0)),
    ]


async def test_rtsp_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HEAD_END", "right")
    monkeypatch.setenv("TEST_HEAD_END_WRONG", "wrong")
    with gst_rtsp("digest", "tv", "right") as port:
        right = await look(by_rtsp(port, user="tv", password=Secret(env="TEST_HEAD_END")))
        wrong = await look(by_rtsp(port, user="tv", password=Secret(env="TEST_HEAD_END_WRONG")))
        unset = await look(by_rtsp(port, user="tv", password=Secret(env="TEST_HEAD_END_UNSET")))
    assert (right.outcome, state(right)) == ("ok", ("ok", 1))
    assert (wrong.outcome, state(wrong)) == ("refused", ("authentication_failed", None))
    assert (unset.outcome, state(unset)) == ("refused", ("unknown", None))


async def test_rtsp_that_is_silent_closed_or_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp, "EXCHANGE_SECONDS", 0.3)
    async with tcp_server(silent) as mute, tcp_server(garbage) as odd:
        with closed_port() as closed:
            seen = [await look(by_rtsp(port)) for port in (mute, odd, closed)]
    assert [(one.outcome, state(one)) for one in seen] == [
        ("timeout", ("unknown", None)),
        ("malformed", ("unknown", None)),
        ("refused", ("unreachable", None)),
    ]


async def test_rtsp_that_agrees_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp, "EXCHANGE_SECONDS", 0.5)
    sdp = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=control:t\r\n"
    answers = {
        b"OPTIONS": b"",
        b"DESCRIBE": b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(sdp),
        b"SETUP": b"Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
        b"PLAY": b"Session: 1\r\n",
    }

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            method = request.split()[0]
            sequence = next(line for line in request.split(b"\r\n") if line.startswith(b"CSeq"))
            writer.write(b"RTSP/1.0 200 OK\r\n" + sequence + b"\r\n" + answers.get(method, b"") + b"\r\n")
            writer.write(sdp if method == b"DESCRIBE" else b"")

    async with tcp_server(speak) as port:
        seen = await look(by_rtsp(port))
    assert (seen.outcome, state(seen)) == ("timeout", ("fault", 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "multicast", "group": "192.0.2.1", "port": 5004},
        {"by": "multicast", "group": "ff02::1", "port": 5004},
        {"by": "multicast", "group": "239.1.1.1", "port": 5004, "interface": "eth0"},
        {"by": "hls", "url": "ftp://tv.example/a"},
        {"by": "rtsp", "host": "tv", "path": "/a b"},
        {"by": "hls", "url": "http://tv.example/a", "watch_seconds": 300},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PROBE.settings.model_validate({"probe": "head_end", "device": "d", "place": "p", "stream": wrong})
