"""Reading a request body within bounds, before and after decompression."""

import zlib

import zstandard
from aiohttp import web

from wire.limits import MAX_BODY_BYTES, MAX_PLAIN_BYTES


class BadBody(Exception):
    """A body that is not taken; `status` is the answer's."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def plain_body(request: web.Request) -> bytes:
    """The body, decompressed (gzip, zstd or none). Raises BadBody."""
    raw = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise BadBody(413, f"the body is larger than {MAX_BODY_BYTES} bytes")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return bytes(raw)
    if encoding == "gzip":
        return _gunzip(bytes(raw))
    if encoding == "zstd":
        return _unzstd(bytes(raw))
    raise BadBody(415, f"Content-Encoding {encoding[:20]!r} is not known; gzip, zstd or none is accepted")


def _gunzip(raw: bytes) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        plain = unzip.decompress(raw, MAX_PLAIN_BYTES + 1)
    except zlib.error as error:
        raise BadBody(400, f"the body is not gzip: {error}") from None
    if len(plain) > MAX_PLAIN_BYTES:
        raise BadBody(413, f"the body unpacks to more than {MAX_PLAIN_BYTES} bytes")
    if not unzip.eof:
        raise BadBody(400, "the gzip body ends too early")
    return plain


def _unzstd(raw: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw) as reader:
            plain = reader.read(MAX_PLAIN_BYTES + 1)
    except zstandard.ZstdError as error:
        raise BadBody(400, f"the body is not zstd: {error}") from None
    if len(plain) > MAX_PLAIN_BYTES:
        raise BadBody(413, f"the body unpacks to more than {MAX_PLAIN_BYTES} bytes")
    return plain
