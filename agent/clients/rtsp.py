"""RTSP 1.0 (RFC 2326) up to a stream that is set up, over one TCP connection; only questions and, on request, PLAY.

The connection is the one that the configuration names: URLs in answers are only ever put into requests on it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent.clients.digest import Authorization, Login
from agent.clients.failures import AuthenticationFailed, no_connection
from agent.errors import Malformed, Refused, Silent, Unreachable

EXCHANGE_SECONDS = 5.0
"""For one answer to its last byte."""
CONNECT_SECONDS = 3.0
GOODBYE_SECONDS = 1.0
MAX_LINE_BYTES = 8 * 1024
MAX_HEADERS = 64
MAX_BODY_BYTES = 64 * 1024
MAX_FRAMES = 512
"""Interleaved frames that are passed over while an answer is waited for."""
USER_AGENT = "campus-monitor"

_URL = re.compile(r"[!-~]{1,1000}")
"""Visible ASCII: anything else would change the request that it stands in."""
_STATUS = re.compile(r"RTSP/1\.\d (\d{3})(?: .*)?")


class NoStream(Refused):
    """The device answers, and says that it has no such stream (404) or does not give it now."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    """By lower-case name."""
    body: bytes = b""

    def header(self, name: str) -> str:
        return (self.headers.get(name) or [""])[0]


@dataclass(frozen=True, slots=True)
class Description:
    """What DESCRIBE told: the URL to SETUP the first video track with, and how many video tracks there are."""

    control: str
    video_tracks: int


@dataclass(slots=True)
class Rtsp:
    """One connection. Each method is one exchange and raises ProbeError."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    base: str
    authorization: Authorization
    _sequence: int = 0
    _session: str = ""
    _described: str = field(default="", repr=False)

    async def options(self) -> None:
        """OPTIONS: whether RTSP is spoken at all. Many devices want no password for it; a refusal proves RTSP too."""
        await self._exchange("OPTIONS", self.base, {})

    async def describe(self, path: str) -> Description:
        """DESCRIBE a stream. Raises NoStream, AuthenticationFailed, Malformed."""
        url = self.base + _checked(path if path.startswith("/") else "/" + path)
        answer = await self._signed("DESCRIBE", url, {"Accept": "application/sdp"})
        # RFC 2326 C.1.1: Content-Base, Content-Location, then the request's own URL
        base = answer.header("content-base") or answer.header("content-location") or url
        self._described = url
        return _description(answer.body, base)

    async def set_up(self, description: Description) -> None:
        """SETUP of the video track within this connection (RFC 2326 section 10.12)."""
        transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        answer = await self._signed("SETUP", description.control, transport)
        session = answer.header("session").partition(";")[0].strip()
        if not session:
            raise Malformed("the answer to SETUP names no session")
        self._session = _checked(session)
        if "interleaved" not in answer.header("transport").lower():
            raise Malformed("SETUP did not give the transport that was asked for")

    async def play(self) -> None:
        """PLAY until the first packet of RTP has come. Raises Silent when none does."""
        await self._signed("PLAY", self._described, {"Range": "npt=0.000-"})
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                for _ in range(MAX_FRAMES):
                    channel, frame = await self._frame()
                    if channel == 0 and len(frame) >= 12 and frame[0] >> 6 == 2:  # RFC 3550 section 5.1: version 2
                        return
        except TimeoutError:
            raise Silent(f"no packet of the stream in {EXCHANGE_SECONDS:g} s of PLAY") from None
        except (OSError, EOFError) as error:
            raise Malformed("the device ended the connection in the middle of the stream") from error
        raise Malformed("what comes after PLAY is no RTP")

    async def tear_down(self) -> None:
        """TEARDOWN of what was set up; the end of the connection frees it too, so that a failure costs nothing."""
        if not self._session:
            return
        with suppress(OSError, EOFError, TimeoutError, Malformed, Refused, Silent):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._exchange("TEARDOWN", self._described, {})

    async def _signed(self, method: str, url: str, headers: dict[str, str]) -> Answer:
        answer = await self._exchange(method, url, headers)
        if answer.status == 401:
            self.authorization.challenged(answer.headers.get("www-authenticate", []))
            answer = await self._exchange(method, url, headers)
            if answer.status == 401:
                raise AuthenticationFailed("the device does not accept the user and password for RTSP")
        if answer.status == 403:
            raise AuthenticationFailed(f"the user may not {method} the stream (403)")
        if answer.status == 404:
            raise NoStream("the device has no stream of this path (404)")
        if 300 <= answer.status < 400:
            raise Malformed(f"{method} is redirected ({answer.status}), which is not followed")
        if answer.status != 200:
            raise NoStream(f"the device answered {answer.status} to {method}")
        return answer

    async def _exchange(self, method: str, url: str, headers: dict[str, str]) -> Answer:
        self._sequence += 1
        lines = {"CSeq": str(self._sequence), "User-Agent": USER_AGENT, **headers}
        if self._session:
            lines["Session"] = self._session
        lines |= self.authorization.header(method, url)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                self.writer.write(f"{method} {url} RTSP/1.0\r\n{head}\r\n".encode())
                await self.writer.drain()
                answer = await self._answer()
        except TimeoutError:
            raise Silent(f"no answer to {method} in {EXCHANGE_SECONDS:g} s") from None
        except (OSError, EOFError) as error:
            raise Malformed(f"the device ended the connection at {method}") from error
        if answer.header("cseq") not in ("", str(self._sequence)):
            raise Malformed(f"the answer to {method} is one to another request")
        return answer

    async def _answer(self) -> Answer:
        line = await self._line()
        status = _STATUS.fullmatch(line)
        if status is None:
            raise Malformed(f"no RTSP: {line[:60]!r}")
        headers: dict[str, list[str]] = {}
        for _ in range(MAX_HEADERS):
            line = await self._line()
            if not line:
                break
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        else:
            raise Malformed(f"more than {MAX_HEADERS} headers")
        answer = Answer(int(status[1]), headers)
        length = answer.header("content-length") or "0"
        if not length.isascii() or not length.isdigit() or len(length) > 9 or int(length) > MAX_BODY_BYTES:
            raise Malformed(f"Content-Length {length[:20]!r}; at most {MAX_BODY_BYTES} bytes are accepted")
        return Answer(answer.status, headers, await self.reader.readexactly(int(length)))

    async def _line(self) -> str:
        """The next line of an answer; frames of media before it are passed over (RFC 2326 section 10.12)."""
        for _ in range(MAX_FRAMES):
            first = await self.reader.readexactly(1)
            if first != b"$":
                break
            await self._rest_of_frame()
        else:
            raise Malformed("frames of media instead of an answer")
        if first == b"\n":
            return ""
        try:
            rest = await self.reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise Malformed(f"a line of more than {MAX_LINE_BYTES} bytes") from None
        return (first + rest).decode("utf-8", "replace").rstrip("\r\n")

    async def _frame(self) -> tuple[int, bytes]:
        if await self.reader.readexactly(1) != b"$":
            raise Malformed("what comes after PLAY is no interleaved RTP")
        return await self._rest_of_frame()

    async def _rest_of_frame(self) -> tuple[int, bytes]:
        head = await self.reader.readexactly(3)
        return head[0], await self.reader.readexactly(int.from_bytes(head[1:], "big"))


@asynccontextmanager
async def connect(host: str, port: int, login: Login | None) -> AsyncIterator[Rtsp]:
    """A connection; what was set up on it is torn down at the end. Raises Unreachable or PortClosed."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, limit=MAX_LINE_BYTES)
    except TimeoutError:
        raise Unreachable(f"no connection to port {port} in {CONNECT_SECONDS:g} s") from None
    except OSError as error:
        raise no_connection(error, port) from error
    base = f"rtsp://{f'[{host}]' if ':' in host else host}:{port}"
    link = Rtsp(reader, writer, base, Authorization(login))
    try:
        yield link
        await link.tear_down()
    finally:
        writer.transport.abort()


def path_of(url: str) -> str:
    """Path and query of an rtsp URL. Raises Malformed for anything else."""
    try:
        parts = urlsplit(_checked(url))
    except ValueError:
        raise Malformed("the device gives a stream address that is no URL") from None
    if parts.scheme not in ("rtsp", "rtsps") or not parts.netloc:
        raise Malformed("the device gives a stream address that is no rtsp URL")
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _description(body: bytes, base: str) -> Description:
    """SDP (RFC 8866) as RTSP uses it (RFC 2326 C.1.1)."""
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    if not lines or not lines[0].startswith("v="):
        raise Malformed("the answer to DESCRIBE is no SDP")
    media: list[tuple[bool, str]] = []
    for line in lines:
        if line.startswith("m="):
            media.append((line.startswith("m=video "), ""))
        elif line.startswith("a=control:") and media:
            media[-1] = (media[-1][0], line.removeprefix("a=control:").strip())
    video = [control for is_video, control in media if is_video]
    if not video:
        raise Malformed("the stream has no video")
    return Description(_joined(base, video[0]), len(video))


def _joined(base: str, control: str) -> str:
    if control in ("", "*"):
        return _checked(base)
    if control.lower().startswith(("rtsp://", "rtsps://")):
        return _checked(control)
    return _checked(base.rstrip("/") + "/" + control.lstrip("/"))


def _checked(text: str) -> str:
    if not _URL.fullmatch(text):
        raise Malformed("the device gives an address with characters that none may have")
    return text
