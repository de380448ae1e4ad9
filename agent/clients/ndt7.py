"""ndt7 (m-lab/ndt-server, spec/ndt7-protocol.md, v0.11): one TCP connection a direction, over WebSocket.

The subprotocol is net.measurementlab.ndt.v7; binary messages fill the path and are thrown away, text messages carry
measurements as JSON (AppInfo, TCPInfo, with microseconds), both ways. A test takes ten seconds; who receives may end
it earlier. Our download is counted here, our upload by the server's own measurements.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from types import SimpleNamespace

import aiohttp
from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from agent.clients.throughput_http import as_probe_error
from agent.clients.transfer import Transfer
from agent.errors import Busy, Malformed, ProbeError, Refused, Silent, Unreachable
from common.marks import RAMP_SHARE
from common.pace import Pace

SUBPROTOCOL = "net.measurementlab.ndt.v7"
CONNECT_SECONDS = 5.0
READ_SECONDS = 5.0
GRACE_SECONDS = 10.0
"""What one direction may take beyond its window, with connecting and closing."""
CLOSE_SECONDS = 2.0
MAX_MESSAGE_BYTES = 1 << 24
"""The specification's bound: a party must take messages of this size."""
FIRST_MESSAGE_BYTES = 1 << 13
OUR_LARGEST_MESSAGE_BYTES = 1 << 16
"""Larger ones are allowed; a server counts whole messages, so that they would only make its count coarse."""
GROWTH = 16
"""A message may be doubled while it is smaller than this part of what was sent."""
MAX_TEXT_BYTES = 64 * 1024
MAX_TEXTS = 1000
"""About ten a second are allowed."""
STALL_SHARE = 0.25
"""A silence of so much of the window at its end is a stall, and counts as time."""
HALF = 0.5
_BUSY = (429, 503)


class _AppInfo(BaseModel):
    num_bytes: NonNegativeInt = Field(alias="NumBytes")
    elapsed: NonNegativeInt = Field(alias="ElapsedTime")


class _TcpInfo(BaseModel):
    elapsed: NonNegativeInt | None = Field(None, alias="ElapsedTime")
    busy: NonNegativeInt | None = Field(None, alias="BusyTime")
    window_limited: NonNegativeInt | None = Field(None, alias="RWndLimited")
    buffer_limited: NonNegativeInt | None = Field(None, alias="SndBufLimited")


class _Measurement(BaseModel):
    app: _AppInfo | None = Field(None, alias="AppInfo")
    tcp: _TcpInfo | None = Field(None, alias="TCPInfo")


async def run(
    host: str,
    port: int,
    seconds: float,
    *,
    download: bool,
    tls: ssl.SSLContext | bool = True,
    bytes_per_second: float | None = None,
) -> Transfer:
    """One test in one direction; `tls` False is for a server without it.

    Raises Busy (no capacity), Refused, Unreachable, Silent and Malformed.
    """
    scheme = "wss" if tls else "ws"
    bracketed = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{bracketed}:{port}/ndt/v7/{'download' if download else 'upload'}"
    pace = Pace(bytes_per_second)
    try:
        async with asyncio.timeout(seconds + GRACE_SECONDS), _connected(url, tls) as socket:
            return await (_download if download else _upload)(socket, seconds, pace)
    except TimeoutError:
        raise Silent("the server gave no answer, or the transfer stalled") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Malformed(f"the connection broke off: {error or type(error).__name__}") from error


@asynccontextmanager
async def _connected(url: str, tls: ssl.SSLContext | bool) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_no_redirect)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    connector = aiohttp.TCPConnector(ssl=tls or True, limit=2)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trace_configs=[trace]) as session:
        try:
            async with asyncio.timeout(CONNECT_SECONDS + READ_SECONDS):
                socket = await session.ws_connect(
                    url,
                    protocols=(SUBPROTOCOL,),
                    max_msg_size=MAX_MESSAGE_BYTES + 1,
                    compress=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                )
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise Unreachable(f"no connection within {CONNECT_SECONDS:g} s") from None
            raise Silent("the server did not answer the WebSocket handshake") from None
        except aiohttp.WSServerHandshakeError as error:
            raise _refusal(error) from None
        except aiohttp.ClientError as error:
            raise as_probe_error(error) from error
        try:
            if socket.protocol != SUBPROTOCOL:
                raise Malformed("the server did not choose the subprotocol of ndt7")
            yield socket
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await socket.close()


async def _no_redirect(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestRedirectParams
) -> None:
    raise Malformed(f"the server sends us elsewhere (status {params.response.status})")


def _refusal(error: aiohttp.WSServerHandshakeError) -> ProbeError:
    if error.status in _BUSY:
        told = error.headers.get("Retry-After", "").strip() if error.headers else ""
        again_in = float(told) if told.isascii() and told.isdigit() and len(told) <= 7 else None
        return Busy(f"test server busy: it answered {error.status}", again_in=again_in)
    if 400 <= error.status < 600:
        return Refused(f"the server answered {error.status} to the WebSocket handshake")
    return Malformed(f"no WebSocket handshake: {error.message or error.status}"[:200])


class _Texts:
    """The other side's measurements; bounded in size and number."""

    def __init__(self) -> None:
        self._count = 0
        self.first: _AppInfo | None = None
        self.last: _AppInfo | None = None
        self.tcp: _TcpInfo | None = None

    def take(self, text: str, ramp_seconds: float) -> None:
        """Raises Malformed."""
        self._count += 1
        if self._count > MAX_TEXTS or len(text) > MAX_TEXT_BYTES:
            raise Malformed("the server sends more measurements than the specification allows")
        try:
            told = _Measurement.model_validate_json(text)
        except ValidationError:
            raise Malformed("a measurement of the server is not JSON as specified") from None
        self.tcp = told.tcp or self.tcp
        if told.app is None:
            return
        if self.last is not None and (told.app.elapsed < self.last.elapsed or told.app.num_bytes < self.last.num_bytes):
            raise Malformed("the server's count went backwards")
        self.last = told.app
        if self.first is None and told.app.elapsed >= ramp_seconds * 1e6:
            self.first = told.app


async def _download(socket: aiohttp.ClientWebSocketResponse, seconds: float, pace: Pace) -> Transfer:
    """Both marks are set where a message ends: what has come of one that has not is not known here."""
    texts, moved = _Texts(), 0
    opened: float | None = None
    first: tuple[float, int] | None = None
    last: tuple[float, int] = (0.0, 0)
    now = monotonic()
    while opened is None or now < opened + seconds:
        left = READ_SECONDS if opened is None else max(0.01, opened + seconds - now)
        try:
            async with asyncio.timeout(min(left, READ_SECONDS)):
                message = await socket.receive()
        except TimeoutError:
            if opened is None:
                raise Silent(f"no data within {READ_SECONDS:g} s") from None
            now = monotonic()
            break
        now = monotonic()
        if opened is None:
            opened = now
        if message.type is aiohttp.WSMsgType.BINARY:
            moved += len(message.data)
            last = (now, moved)
            if first is None and now >= opened + seconds * RAMP_SHARE:
                first = last
            await pace.passed(len(message.data))
        elif message.type is aiohttp.WSMsgType.TEXT:
            texts.take(message.data, 0)
        elif message.type is aiohttp.WSMsgType.ERROR:
            raise Malformed(f"not the WebSocket protocol: {socket.exception()}"[:200])
        else:
            break
    ended = now if now - last[0] > seconds * STALL_SHARE else last[0]
    if moved == 0:
        raise Silent("nothing arrived")
    rate = _rate(last[1] - (first or last)[1], ended - (first or last)[0], seconds)
    server, agent = _limits(texts.tcp)
    return Transfer(rate, moved, server_limited=server or pace.held(rate), agent_limited=agent)


async def _upload(socket: aiohttp.ClientWebSocketResponse, seconds: float, pace: Pace) -> Transfer:
    texts = _Texts()
    listening = asyncio.create_task(_listen(socket, texts, seconds * RAMP_SHARE))
    sent, size = 0, FIRST_MESSAGE_BYTES
    block = bytes(OUR_LARGEST_MESSAGE_BYTES)
    end = monotonic() + seconds
    try:
        while monotonic() < end and not listening.done():
            while size < sent // GROWTH and size < OUR_LARGEST_MESSAGE_BYTES:
                size *= 2
            await pace.passed(size)
            try:
                async with asyncio.timeout(READ_SECONDS):
                    await socket.send_bytes(block[:size])
            except ConnectionError:
                break  # the server may end the test; what it counted stands
            sent += size
        if not listening.done():
            # While it still listens: a cancelled receive would make the library drop the connection without a word.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await socket.close()
        if listening.done() and (error := listening.exception()) is not None:
            raise error
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, Malformed):
            await listening
    first, last = texts.first, texts.last
    if first is None or last is None:
        raise Malformed("the server told no count of what it received")
    if last.num_bytes > sent:
        raise Malformed(f"the server counted {last.num_bytes} bytes; {sent} were sent")
    rate = _rate(last.num_bytes - first.num_bytes, (last.elapsed - first.elapsed) / 1e6, seconds)
    return Transfer(rate, sent, server_limited=pace.held(rate))


async def _listen(socket: aiohttp.ClientWebSocketResponse, texts: _Texts, ramp_seconds: float) -> None:
    """Take the server's measurements until it closes. Raises Malformed: it must not send binary messages now."""
    while True:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            texts.take(message.data, ramp_seconds)
        elif message.type is aiohttp.WSMsgType.BINARY:
            raise Malformed("the server sends data during an upload")
        elif message.type is aiohttp.WSMsgType.ERROR:
            raise Malformed(f"not the WebSocket protocol: {socket.exception()}"[:200])
        else:
            return


def _limits(tcp: _TcpInfo | None) -> tuple[bool, bool]:
    """(server, agent) by the server's TCP_INFO of a download: it had nothing to send or too small a buffer for most of
    the time; our receive window was full for most of it."""
    if tcp is None or not tcp.busy or not tcp.elapsed:
        return False, False
    idle = tcp.busy < HALF * tcp.elapsed
    return idle or (tcp.buffer_limited or 0) > HALF * tcp.busy, (tcp.window_limited or 0) > HALF * tcp.busy


def _rate(counted: int, took: float, asked: float) -> float:
    if took < asked * (1 - RAMP_SHARE) * HALF:
        raise Malformed(f"the test ended early: {took:.1f} of {asked * (1 - RAMP_SHARE):.1f} s could be counted")
    if counted <= 0:
        raise Silent(f"nothing arrived in {took:.1f} s")
    return counted / took
