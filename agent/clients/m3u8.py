"""Playlists of HTTP Live Streaming (RFC 8216): the tags that say what is to be played, and nothing else."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from agent.errors import Malformed

MAX_PLAYLIST_BYTES = 1024 * 1024
MAX_SEGMENTS = 20_000
MAX_VARIANTS = 200
MAX_SEGMENT_SECONDS = 600.0
MAX_SEQUENCE_DIGITS = 18
_DECIMAL = re.compile(r"\d{1,18}", re.ASCII)
_SECONDS = re.compile(r"\d{1,6}(\.\d{0,12})?", re.ASCII)
_BANDWIDTH = re.compile(r"(?:^|,)\s*BANDWIDTH=(\d{1,18})(?:,|$)", re.ASCII)
_URI = re.compile(r'(?:^|,)\s*URI="([^"]{1,4096})"')
_QUOTED = re.compile(r'"[^"]*"')


class NoPlaylist(Malformed):
    """Something else: a web page, another file."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the stream; `part` is its first and last byte where it is a range of a file (4.3.2.2)."""

    playlist: str
    uri: str
    seconds: float
    part: tuple[int, int] | None
    number: int
    """Its media sequence number (4.3.3.2)."""

    @property
    def url(self) -> str:
        """Where it lies. Raises Malformed."""
        return _join(self.playlist, self.uri)


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """Segments in order of play. `ended` is EXT-X-ENDLIST: none will be added (4.3.3.4)."""

    url: str
    target_seconds: float
    segments: tuple[Segment, ...]
    first_number: int
    ended: bool
    is_encrypted: bool
    init: tuple[str, tuple[int, int] | None] | None
    """Where the initialisation section of the first segment lies (4.3.2.5)."""

    @property
    def next_number(self) -> int:
        """The number of the segment that is added next."""
        return self.first_number + len(self.segments)


@dataclass(frozen=True, slots=True)
class Variant:
    url: str
    bandwidth: int


@dataclass(frozen=True, slots=True)
class MasterPlaylist:
    """The same stream in several qualities, as listed (4.3.4.2)."""

    variants: tuple[Variant, ...]


def parse(data: bytes, url: str) -> MediaPlaylist | MasterPlaylist:
    """A playlist that was fetched from `url`. Raises Malformed."""
    if len(data) > MAX_PLAYLIST_BYTES:
        raise Malformed(f"a playlist of {len(data)} bytes; at most {MAX_PLAYLIST_BYTES} are taken")
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise NoPlaylist("no playlist: it is not UTF-8") from None
    if not lines or lines[0] != "#EXTM3U":
        raise NoPlaylist("no playlist: it does not begin with #EXTM3U")
    if any(line.startswith("#EXT-X-STREAM-INF:") for line in lines):
        return _master(lines, url)
    return _Reader(url).read(lines)


def _master(lines: list[str], url: str) -> MasterPlaylist:
    variants: list[Variant] = []
    bandwidth: int | None = None
    for line in lines:
        if line.startswith("#EXT-X-STREAM-INF:"):
            found = _BANDWIDTH.search(_QUOTED.sub("", line.partition(":")[2]))
            bandwidth = int(found[1]) if found else 0
        elif line and not line.startswith("#") and bandwidth is not None:
            variants.append(Variant(_join(url, line), bandwidth))
            bandwidth = None
            if len(variants) > MAX_VARIANTS:
                raise Malformed(f"more than {MAX_VARIANTS} variants")
    if not variants:
        raise Malformed("a master playlist without a variant")
    return MasterPlaylist(tuple(variants))


class _Reader:
    """Reads a media playlist line by line."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._target: float | None = None
        self._first = 0
        self._segments: list[Segment] = []
        self._ended = self._encrypted = False
        self._init: tuple[str, tuple[int, int] | None] | None = None
        self._seconds: float | None = None
        self._range: str | None = None
        self._after: tuple[str, int] = ("", 0)
        """Where the latest byte range ended: the next one of the same file may leave its start out."""

    def read(self, lines: list[str]) -> MediaPlaylist:
        for line in lines:
            if line.startswith("#EXT"):
                self._tag(*line.partition(":")[::2])
            elif line and not line.startswith("#"):
                self._segment(line)
        if self._target is None:
            raise Malformed("a playlist without #EXT-X-TARGETDURATION")
        return MediaPlaylist(
            self._url,
            self._target,
            tuple(self._segments),
            self._first,
            self._ended,
            self._encrypted,
            self._init,
        )

    def _tag(self, tag: str, value: str) -> None:
        match tag:
            case "#EXTINF":
                self._seconds = _seconds(value.partition(",")[0])
            case "#EXT-X-BYTERANGE":
                self._range = value
            case "#EXT-X-TARGETDURATION":
                self._target = _seconds(value)
            case "#EXT-X-MEDIA-SEQUENCE" if not self._segments:
                self._first = _number(value)
            case "#EXT-X-ENDLIST":
                self._ended = True
            case "#EXT-X-KEY":
                self._encrypted = self._encrypted or "METHOD=NONE" not in value
            case "#EXT-X-MAP" if not self._segments and (uri := _URI.search(value)):
                found = re.search(r'BYTERANGE="(\d{1,15}@\d{1,15})"', value, re.ASCII)
                self._init = _join(self._url, uri[1]), self._part(uri[1], found[1]) if found else None

    def _segment(self, uri: str) -> None:
        if self._seconds is None:
            raise Malformed("a segment without #EXTINF")
        if len(self._segments) >= MAX_SEGMENTS:
            raise Malformed(f"more than {MAX_SEGMENTS} segments")
        part = None if self._range is None else self._part(uri, self._range)
        number = self._first + len(self._segments)
        self._segments.append(Segment(self._url, uri, self._seconds, part, number))
        self._seconds = self._range = None

    def _part(self, uri: str, value: str) -> tuple[int, int]:
        length, at, start = value.partition("@")
        first = _number(start) if at else self._after[1] if self._after[0] == uri else None
        if first is None or _number(length) == 0:
            raise Malformed(f"a byte range without a start: {value[:40]}")
        last = first + _number(length) - 1
        self._after = uri, last + 1
        return first, last


def _seconds(text: str) -> float:
    text = text.strip()
    if not _SECONDS.fullmatch(text) or float(text) > MAX_SEGMENT_SECONDS:
        raise Malformed(f"no duration of a segment: {text[:40]!r}")
    return float(text)


def _number(text: str) -> int:
    text = text.strip()
    if not _DECIMAL.fullmatch(text):
        raise Malformed(f"no whole number: {text[:40]!r}")
    return int(text)


def _join(base: str, uri: str) -> str:
    try:
        return urljoin(base, uri)
    except ValueError:
        raise Malformed(f"an address that is none: {uri[:80]}") from None
