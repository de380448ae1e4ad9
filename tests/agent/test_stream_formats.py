"""Playlists, a player's buffer, RTP and transport streams: pure functions of any bytes."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agent.clients.m3u8 import MAX_SEGMENTS, MasterPlaylist, MediaPlaylist, parse
from agent.clients.mpegts import Analyser, looks_like
from agent.clients.player import Player
from agent.clients.rtp import Counter, Packet
from agent.clients.rtp import parse as rtp_packet
from agent.errors import Malformed

URL = "http://vod.example/a/b.m3u8"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n"
TAGS = some.sampled_from(
    [
        "#EXTM3U", "#EXTINF:", "#EXT-X-TARGETDURATION:", "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-BYTERANGE:", "#EXT-X-MAP:",
        "#EXT-X-KEY:", "#EXT-X-STREAM-INF:", "#EXT-X-ENDLIST", "",
    ]
)  # fmt: skip


def media(text: str) -> MediaPlaylist:
    found = parse(text.encode(), URL)
    assert isinstance(found, MediaPlaylist)
    return found


def test_a_media_playlist() -> None:
    found = media(
        f'{HEAD}#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@0"\n'
        "#EXTINF:9.009,name, with commas\r\n#EXT-X-BYTERANGE:50@100\nx.mp4\n#EXTINF:4\n#EXT-X-BYTERANGE:10\nx.mp4\n"
        "# a comment\n#EXT-X-UNKNOWN:1\n#EXTINF:2,\nhttp://other.example/y.ts?a=b\n"
    )
    assert [(s.url, s.seconds, s.part, s.number) for s in found.segments] == [
        ("http://vod.example/a/x.mp4", 9.009, (100, 149), 7),
        ("http://vod.example/a/x.mp4", 4, (150, 159), 8),
        ("http://other.example/y.ts?a=b", 2, None, 9),
    ]
    assert found.init == ("http://vod.example/a/init.mp4", (0, 99))
    assert (found.next_number, found.ended, found.is_encrypted, found.target_seconds) == (10, False, False, 10)


def test_an_end_and_a_key() -> None:
    assert media(f"{HEAD}#EXTINF:1,\na\n#EXT-X-ENDLIST\n").ended
    assert media(f'{HEAD}#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:1,\na\n').is_encrypted
    assert not media(f"{HEAD}#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\na\n").is_encrypted


def test_a_master_playlist() -> None:
    found = parse(
        b'#EXTM3U\n#EXT-X-STREAM-INF:CODECS="a,BANDWIDTH=9",AVERAGE-BANDWIDTH=1,BANDWIDTH=500\nlow\n'
        b"#EXT-X-STREAM-INF:BANDWIDTH=2000\n\nhigh\n#EXT-X-I-FRAME-STREAM-INF:URI=x\n",
        URL,
    )
    assert isinstance(found, MasterPlaylist)
    assert [(v.url.rpartition("/")[2], v.bandwidth) for v in found.variants] == [("low", 500), ("high", 2000)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#EXTINF:1,\na\n",
        "#EXTM3U8\n",
        "#EXTM3U\n#EXTINF:1,\na\n",
        f"{HEAD}a.ts\n",
        f"{HEAD}#EXTINF:nan,\na\n",
        f"{HEAD}#EXTINF:-1,\na\n",
        f"{HEAD}#EXTINF:1e3,\na\n",
        f"{HEAD}#EXTINF:9999,\na\n",
        f"{HEAD}#EXTINF:,\na\n",
        f"{HEAD}#EXTINF:１,\na\n",
        f"{HEAD}#EXT-X-MEDIA-SEQUENCE:{'9' * 5000}\n",
        f"{HEAD}#EXT-X-MEDIA-SEQUENCE:-1\n",
        f"{HEAD}#EXTINF:1,\n#EXT-X-BYTERANGE:5\na\n",
        f"{HEAD}#EXTINF:1,\n#EXT-X-BYTERANGE:0@5\na\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:inf\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
        HEAD + "#EXTINF:1,\na\n" * (MAX_SEGMENTS + 1),
        "#EXTM3U\n" + "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n" * 201,
        "#EXTM3U\n" + "#" * 1024 * 1024,
    ],
)
def test_broken_playlists(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text.encode(), URL)


@given(some.lists(some.tuples(TAGS, some.text(max_size=20)), max_size=12), some.booleans())
def test_any_lines_are_a_playlist_or_malformed(lines: list[tuple[str, str]], begins: bool) -> None:
    text = "\n".join(tag + rest for tag, rest in lines)
    try:
        found = parse((HEAD * begins + text).encode("utf-8", "surrogatepass"), URL)
    except Malformed:
        return
    if isinstance(found, MediaPlaylist):
        assert all(0 <= segment.seconds <= 600 for segment in found.segments)
        assert [s.number for s in found.segments] == list(range(found.first_number, found.next_number))


# A player's buffer


def test_a_player_that_is_fed_in_time_does_not_stall() -> None:
    player = Player(2)
    for second in range(10):
        player.arrived(1.5, float(second))
    assert (player.started_at, player.stalled) == (1.0, 0)


def test_a_player_stalls_for_what_came_late() -> None:
    player = Player(2)
    player.arrived(2, 10.0)
    player.arrived(2, 15.0)  # played out at 12
    player.arrived(2, 16.0)
    player.until(20.0)  # played out at 19
    assert (player.started_at, player.played, player.stalled) == (10.0, 6, 4)


@given(some.lists(some.tuples(some.floats(0, 10), some.floats(0, 10)), min_size=1, max_size=50))
def test_a_player_plays_or_stalls_from_its_start(steps: list[tuple[float, float]]) -> None:
    player, now = Player(2), 0.0
    for pause, seconds in steps:
        now += pause
        player.arrived(seconds, now)
    assert player.played <= player.buffered + 1e-9
    assert player.stalled >= 0
    if player.started_at is not None:
        assert player.played + player.stalled == pytest.approx(now - player.started_at, abs=1e-6)


# RTP


def packet(sequence: int, source: int = 1) -> Packet:
    return Packet(96, sequence & 0xFFFF, 0, source, b"x")


@pytest.mark.parametrize(
    ("sequences", "loss", "restarts"),
    [
        pytest.param(range(100), 0, 0, id="all"),
        pytest.param([n for n in range(100) if n % 4 != 1], 0.25, 0, id="a quarter lost"),
        pytest.param([0, 2, 1, 3, 5, 4], 0, 0, id="out of order"),
        pytest.param([0, 1, 1, 2, 2, 3], 0, 0, id="twice"),
        pytest.param(range(65_500, 65_700), 0, 0, id="wrapped"),
        pytest.param([*range(100), *range(30_000, 30_100)], 0, 1, id="started anew"),
    ],
)
def test_loss_by_sequence(sequences: list[int], loss: float, restarts: int) -> None:
    counter = Counter()
    for sequence in sequences:
        counter.take(packet(sequence))
    assert counter.loss == pytest.approx(loss, abs=0.02)
    assert counter.restarts == restarts


@given(some.lists(some.tuples(some.integers(0, 0xFFFF), some.integers(0, 40)), max_size=200))
def test_loss_of_any_packets_is_a_share(packets: list[tuple[int, int]]) -> None:
    counter = Counter()
    for sequence, source in packets:
        counter.take(packet(sequence, source))
    assert counter.loss is None or 0 <= counter.loss <= 1
    assert counter.sources <= 16


def test_header_with_everything() -> None:
    head = bytes([0b1011_0010, 0x80 | 33]) + b"\x00\x07" + b"\x00\x00\x00\x09" + b"\x00\x00\x00\x05"
    datagram = head + bytes(8) + b"\xbe\xde\x00\x01" + bytes(4) + b"payload" + b"\x00\x00\x03"
    assert rtp_packet(datagram) == Packet(33, 7, 9, 5, b"payload")


@given(some.binary(max_size=64))
def test_any_datagram_is_a_packet_or_none(datagram: bytes) -> None:
    found = rtp_packet(datagram)
    assert found is None or (found.payload and found.payload in datagram)


# Transport streams


@pytest.fixture(scope="module")
def film() -> bytes:
    made = ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10", "-t", "2"]
    done = subprocess.run([*made, "-f", "mpegts", "-"], capture_output=True, check=True, timeout=60)
    return done.stdout


def test_a_whole_stream(film: bytes) -> None:
    seen = Analyser()
    assert looks_like(film)
    seen.take(film)
    assert (seen.continuity_errors, len(seen.programs), seen.has_video, seen.scrambled) == (0, 1, True, False)
    assert seen.media_packets > 10


def test_packets_that_are_missing(film: bytes) -> None:
    media_at = [n for n in range(0, len(film), 188) if film[n + 1] & 0x1F == 1 and film[n + 3] & 0x10]
    gone = media_at[len(media_at) // 2]
    seen = Analyser()
    seen.take(film[:gone] + film[gone + 188 :])
    assert seen.continuity_errors == 1


@given(some.lists(some.binary(min_size=187, max_size=187), max_size=20))
def test_any_packets_are_taken(packets: list[bytes]) -> None:
    seen = Analyser()
    seen.take(b"".join(b"\x47" + rest for rest in packets))
    assert seen.packets == len(packets)
