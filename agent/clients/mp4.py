"""A file of ISO/IEC 14496-12 (MP4) over HTTP, by byte ranges: how long it plays, and playing a sample of it."""

import asyncio
from dataclasses import dataclass

from agent.clients.hls import ANSWER_SECONDS, NoMedia
from agent.clients.media_http import Media
from agent.clients.player import Sample
from agent.errors import Malformed, Silent

MAX_BOXES = 64
MAX_SAMPLE_BYTES = 256 * 1024 * 1024
_HEAD = 4096
_MVHD_END = 40
"""Bytes of moov, from its start, that hold what is read of mvhd, the first box in it (8.2.1, 8.2.2)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`seconds` of media in `length` bytes that begin at `start`."""

    seconds: float
    start: int
    length: int


async def play(media: Media, url: str, seconds: float, at_most_seconds: float, sample: Sample) -> None:
    """Play the first `seconds` of a file, whose media count as spread evenly over its bytes; see hls.play."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            shape = await _shape(media, url, sample)
    except TimeoutError:
        raise Silent(f"the file did not tell its length within {ANSWER_SECONDS:g} s") from None
    rate = shape.seconds / shape.length
    wanted = min(seconds, shape.seconds * 0.999)

    def arrived(count: int, length: int | None) -> bool:
        sample.bytes += count
        sample.feed(count * rate)
        return sample.player.buffered < wanted

    last = shape.start + min(shape.length, int(wanted / rate) + _HEAD) - 1
    async with sample.within(at_most_seconds):
        await media.get(url, MAX_SAMPLE_BYTES, keep=0, part=(shape.start, last), arrived=arrived)


async def _shape(media: Media, url: str, sample: Sample) -> Shape:
    """Walks the boxes of the file's top level, wherever the movie box lies (4.2)."""
    offset, seconds, data = 0, None, None
    for number in range(MAX_BOXES):
        body = await media.get(url, _HEAD, part=(offset, offset + _HEAD - 1))
        if sample.response_seconds is None:
            sample.response_seconds = body.first_seconds
        total = body.total
        if total is None:
            raise Malformed("the server does not say how long the file is")
        size, kind, header = _box(body.data)
        if number == 0 and kind not in (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"):
            raise NoMedia("no MP4 file")
        size = size or total - offset
        if kind == b"moov":
            seconds = _movie_seconds(body.data[header:])
        elif kind == b"mdat" and data is None:
            data = offset + header, min(size, total - offset) - header
        if seconds is not None and data is not None:
            if data[1] <= 0:
                raise Malformed("an MP4 file without media")
            return Shape(seconds, *data)
        offset += size
        if offset >= total:
            break
    raise Malformed("an MP4 file without a movie box or without media")


def _box(data: bytes) -> tuple[int, bytes, int]:
    """Size (0: to the end of the file), kind, and length of the header (4.2)."""
    if len(data) < 16:
        raise Malformed("an MP4 file that ends in a box")
    size, kind, header = int.from_bytes(data[:4]), data[4:8], 8
    if size == 1:
        size, header = int.from_bytes(data[8:16]), 16
    if size and size < header:
        raise Malformed("an MP4 box that is shorter than its header")
    return size, kind, header


def _movie_seconds(inner: bytes) -> float:
    """Duration / timescale of mvhd (8.2.2)."""
    if inner[4:8] != b"mvhd" or len(inner) < _MVHD_END:
        raise Malformed("an MP4 movie box that does not begin with its header")
    at, width = (20, 4) if inner[8] == 0 else (28, 8)
    scale, duration = int.from_bytes(inner[at : at + 4]), int.from_bytes(inner[at + 4 : at + 4 + width])
    if not scale or not duration or duration == (1 << 8 * width) - 1:
        raise Malformed("an MP4 file that does not say how long it plays")
    return duration / scale
