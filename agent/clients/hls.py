"""HTTP Live Streaming (RFC 8216), as a player takes it: playing a sample, and watching whether a stream is live."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Literal

from agent.clients.m3u8 import (
    MAX_PLAYLIST_BYTES,
    MasterPlaylist,
    MediaPlaylist,
    Segment,
    parse,
)
from agent.clients.media_http import Body, Media, NotThere
from agent.clients.player import Sample
from agent.errors import Malformed, Silent

ANSWER_SECONDS = 10.0
"""For a playlist, its variant's included."""
MAX_SEGMENT_BYTES = 64 * 1024 * 1024
STALE_TARGETS = 3
"""A player starts three target durations before the end (6.3.3), so that it runs dry when none is added for as long.
A server has to add one within one and a half (6.2.2); those that are later than that are not yet called stale."""
STALE_LEAST_SECONDS = 6.0
LIVE_SEGMENTS = 3
RESTART_LEAST = 3
"""A sequence that falls back by less is another server of the same stream, which is a little behind."""
MAX_PAUSE_SECONDS = 5.0
_HEAD = 512
SHORT_BYTES = 32 * 1024

Quality = Literal["first", "lowest", "highest"]


class NotLive(Malformed):
    """The playlist says that it has an end."""


class NoMedia(Malformed):
    """Something else where media should be: a web page, another file."""


class Stale(Malformed):
    """Nothing was added for so long that a player has run dry."""


class TooSlowToWatch(Malformed):
    """Its segments are so long that nothing can be said within the time that there is."""


@dataclass
class Live:
    """What was seen of a live stream; what stands is told, whatever ends the watching."""

    response_seconds: float | None = None
    delivery: float | None = None
    """Seconds of the stream / seconds that they took to arrive."""
    target_seconds: float | None = None
    next_number: int | None = None
    restarts: int = 0
    """How often the sequence fell back while it was watched, as it does when an encoder starts anew."""


async def playlist(media: Media, url: str, quality: Quality) -> tuple[MediaPlaylist, float]:
    """The media playlist, and seconds until the first answer. A master playlist within another is Malformed."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            body = await media.get(url, MAX_PLAYLIST_BYTES)
            found = await _parsed(body)
            if isinstance(found, MediaPlaylist):
                return found, body.seconds
            inner = await media.get(_chosen(found, quality), MAX_PLAYLIST_BYTES)
            chosen = await _parsed(inner)
    except TimeoutError:
        raise Silent(f"no playlist within {ANSWER_SECONDS:g} s") from None
    if isinstance(chosen, MasterPlaylist):
        raise Malformed("a master playlist that leads to another one")
    return chosen, body.seconds


async def _parsed(body: Body) -> MediaPlaylist | MasterPlaylist:
    """A long one would hold up the loop."""
    if len(body.data) <= SHORT_BYTES:
        return parse(body.data, body.url)
    return await asyncio.to_thread(parse, body.data, body.url)


def _chosen(master: MasterPlaylist, quality: Quality) -> str:
    if quality == "first":
        return master.variants[0].url
    by_bandwidth = sorted(master.variants, key=lambda variant: variant.bandwidth)
    return by_bandwidth[0 if quality == "lowest" else -1].url


async def play(
    media: Media, url: str, quality: Quality, seconds: float, at_most_seconds: float, sample: Sample
) -> None:
    """Play the first `seconds` of a stream; `sample` tells how far that came, also when it is not there in time."""
    found, sample.response_seconds = await playlist(media, url, quality)
    if not found.segments:
        raise Malformed("a playlist without a segment")
    async with sample.within(at_most_seconds):
        if found.init is not None:
            await media.get(found.init[0], MAX_SEGMENT_BYTES, keep=0, part=found.init[1])
        for segment in found.segments:
            await _play_segment(media, segment, found, seconds, sample)
            if sample.player.buffered >= seconds:
                break


async def _play_segment(media: Media, segment: Segment, found: MediaPlaylist, seconds: float, sample: Sample) -> None:
    credited = 0.0

    def arrived(count: int, length: int | None) -> bool:
        nonlocal credited
        sample.bytes += count
        if length:
            share = segment.seconds * count / length
            credited += share
            sample.feed(share)
        return sample.player.buffered < seconds

    body = await media.get(segment.url, MAX_SEGMENT_BYTES, keep=_HEAD, part=segment.part, arrived=arrived)
    _check(body.data, found)
    if not credited:
        sample.feed(segment.seconds)


async def watch(
    media: Media, url: str, quality: Quality, seconds: float, fetch_seconds: float, watch_seconds: float, live: Live
) -> None:
    """Fetch `seconds` of a live stream's end, in at most `fetch_seconds`; then wait for a segment that is new.

    Raises NotLive, Stale, TooSlowToWatch and every other ProbeError.
    """
    found, live.response_seconds = await playlist(media, url, quality)
    begun = monotonic()
    live.target_seconds, live.next_number = found.target_seconds, found.next_number
    if found.ended:
        raise NotLive("the stream has an end (#EXT-X-ENDLIST): it is not live")
    if not found.segments:
        raise Malformed("a playlist without a segment")
    await _fetch(media, found, seconds, fetch_seconds, live)
    await _until_new(media, found, begun, watch_seconds, live)


async def _fetch(media: Media, found: MediaPlaylist, seconds: float, at_most_seconds: float, live: Live) -> None:
    got, took = 0.0, 0.0
    share = 0.0

    def arrived(count: int, length: int | None) -> bool:
        nonlocal share
        share = min(1.0, share + count / length) if length else 1.0
        return True

    start = monotonic()
    try:
        async with asyncio.timeout(at_most_seconds):
            for segment in found.segments[-LIVE_SEGMENTS:]:
                start, share = monotonic(), 0.0
                body = await media.get(segment.url, MAX_SEGMENT_BYTES, keep=_HEAD, part=segment.part, arrived=arrived)
                _check(body.data, found)
                got, took = got + segment.seconds, took + body.seconds
                if got >= seconds:
                    break
    except TimeoutError:  # what came of the last one counts, so that a slow way is not called a silent one
        got, took = got + segment.seconds * share, took + monotonic() - start
        if got == 0:
            raise Silent(f"nothing of the stream came within {at_most_seconds:g} s") from None
    except NotThere as error:
        if got == 0:
            raise Malformed(f"a segment that the playlist lists is not there: {error}") from error
    if got > 0:  # an encoder that was stopped may leave a segment that plays for no time
        live.delivery = got / max(took, 1e-6)


async def _until_new(media: Media, found: MediaPlaylist, begun: float, watch_seconds: float, live: Live) -> None:
    stale_after = max(STALE_TARGETS * found.target_seconds, STALE_LEAST_SECONDS)
    if stale_after > watch_seconds:
        raise TooSlowToWatch(f"segments of up to {found.target_seconds:g} s cannot be watched in {watch_seconds:g} s")
    pause = min(max(found.target_seconds / 2, 0.5), MAX_PAUSE_SECONDS)  # 6.3.4: half of it while nothing changes
    number, last = found.next_number, found.segments[-1].uri
    since = begun
    deadline = begun + watch_seconds
    while True:
        try:
            now, _ = await playlist(media, found.url, "first")
        except NotThere:
            now = None  # an encoder that starts anew takes its playlist away for a moment
        at = monotonic()
        if now is not None:
            live.next_number = now.next_number
            if now.ended:
                raise NotLive("the stream ended while it was watched (#EXT-X-ENDLIST)")
            renamed = now.next_number == number and now.segments and now.segments[-1].uri != last
            if now.next_number > number or renamed:  # renamed: by a server that numbers nothing
                return
            if number - now.next_number >= RESTART_LEAST:
                live.restarts += 1
                number, since = now.next_number, at
                last = now.segments[-1].uri if now.segments else ""
        if at - since > stale_after or at > deadline:
            raise Stale(f"no segment was added in {at - since:.0f} s; they are up to {found.target_seconds:g} s long")
        await asyncio.sleep(pause)


def _check(head: bytes, found: MediaPlaylist) -> None:
    """A web page in place of a segment is none. What is encrypted cannot be looked at."""
    if found.is_encrypted or not head:
        return
    is_ts = head[0] == 0x47 and (len(head) <= 188 or head[188] == 0x47)  # ISO/IEC 13818-1, 2.4.3.2
    is_mp4 = head[4:8] in (b"ftyp", b"styp", b"moof", b"sidx", b"emsg", b"prft", b"mdat", b"free")  # 14496-12, 4.2
    is_audio = head[:3] == b"ID3" or (head[0] == 0xFF and len(head) > 1 and head[1] & 0xF6 == 0xF0)  # RFC 8216, 3.4
    is_text = head.lstrip(b"\xef\xbb\xbf").startswith(b"WEBVTT")
    if not (is_ts or is_mp4 or is_audio or is_text):
        raise NoMedia("a segment that holds no media")
