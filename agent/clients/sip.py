"""SIP as a client that only asks (RFC 3261): OPTIONS, and the list of a registrar's bindings; over UDP and TCP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex
from time import monotonic
from typing import Literal

from agent.clients.digest import Authorization, Login
from agent.clients.failures import AuthenticationFailed
from agent.clients.sip_message import (
    COOKIE,
    MAX_HEAD_BYTES,
    Message,
    Method,
    Question,
    head_end,
    read_datagram,
    read_head,
    shown,
)
from agent.clients.tcp import CONNECT_SECONDS, PortClosed, closed_or_unreachable
from agent.errors import Malformed, ProbeError, Silent, Unreachable

Transport = Literal["udp", "tcp"]
PORT = 5060

T1, T2 = 0.5, 4.0
"""Seconds to the first repetition of a request over UDP, and between the last ones (17.1.2.2, timer E)."""
MAX_STRAY = 1000
"""Messages that answer none of our questions, before a peer counts as broken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `seconds` are from the question as it was sent first; a provisional status (1xx) is the last word
    only where no final one came in time."""

    status: int
    reason: str
    seconds: float
    bindings: int

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.status} {self.reason}".strip()


class _Open:
    """A question that waits for its answer."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.final: asyncio.Future[tuple[Message, float]] = asyncio.get_running_loop().create_future()
        self.provisional: tuple[Message, float] | None = None


class UserAgent:
    """One socket to one peer. Several questions may be open at once; answers find theirs by its branch (17.1.3)."""

    def __init__(self, host: str, transport: Transport, local: str, send: Callable[[bytes], None]) -> None:
        self._host = f"[{host}]" if ":" in host else host
        self._transport: Transport = transport
        self._local = local
        self._send = send
        self._open: dict[str, _Open] = {}
        self._stray = 0
        self._broken: ProbeError | None = None
        self._lost: ProbeError | None = None

    async def ask(
        self,
        method: Method,
        user: str = "",
        *,
        domain: str = "",
        wait: float,
        max_forwards: int = 70,
        repeats: bool = True,
        login: Login | None = None,
    ) -> Answer:
        """The answer to one question about `user` (the peer itself unless set), waited for at most `wait` seconds.

        A question over UDP is repeated as the RFC says, unless `repeats` is off; a challenge is answered once where
        there are credentials. Raises Silent, PortClosed, Unreachable, and Malformed where nothing but other than SIP
        came.
        """
        domain = domain or self._host
        address = f"sip:{user}@{domain}" if user else f"sip:{domain}"
        question = Question(
            method,
            f"sip:{domain}" if method == "REGISTER" else address,
            address,
            COOKIE + token_hex(12),
            token_hex(12),
            token_hex(6),
            max_forwards=max_forwards,
        )
        start = monotonic()
        message, at = await self._asked(question, wait, repeats)
        proof = _answer_to(message, question, login) if login else None
        if proof is not None:
            again = Question(
                method, question.uri, question.to, COOKIE + token_hex(12), question.call_id, question.tag,
                question.sequence + 1, max_forwards, proof,
            )  # fmt: skip
            start = monotonic()
            message, at = await self._asked(again, wait, repeats)
        return Answer(message.status or 0, message.reason, at - start, message.bindings)

    async def _asked(self, question: Question, wait: float, repeats: bool) -> tuple[Message, float]:
        asked = self._open[question.branch] = _Open(question)
        raw = question.encoded(self._transport, self._local)
        try:
            async with asyncio.timeout(wait):
                self._check()
                self._send(raw)
                pause = T1
                while repeats and self._transport == "udp":
                    await asyncio.wait({asked.final}, timeout=pause)
                    if asked.final.done():
                        break
                    self._send(raw)
                    pause = T2 if asked.provisional else min(2 * pause, T2)
                return await asked.final
        except TimeoutError as error:
            if asked.provisional is not None:
                return asked.provisional
            if self._broken is not None:
                raise self._broken from error
            raise Silent(f"no SIP answer in {wait:g} s") from error
        finally:
            del self._open[question.branch]
            if not asked.final.cancel() and not asked.final.cancelled():
                asked.final.exception()  # looked at, so that asyncio does not call it forgotten

    def _check(self) -> None:
        if self._lost is not None:
            raise self._lost

    def arrived(self, message: Message) -> None:
        """Hand a message to the question that it answers; requests and answers to others are passed over."""
        at = monotonic()
        asked = self._open.get(message.branch)
        if asked is not None and message.status is not None and asked.question.is_answered_by(message):
            if message.status < 200:
                asked.provisional = message, at
            elif not asked.final.done():
                asked.final.set_result((message, at))
            return
        self._stray += 1
        if self._stray > MAX_STRAY:
            self.lost(Malformed("it keeps sending SIP that answers no question"))

    def broke(self, error: ProbeError) -> None:
        """Something else than SIP came over UDP; an answer may yet follow."""
        self._broken = error
        self._stray += 1
        if self._stray > MAX_STRAY:
            self.lost(error)

    def lost(self, error: ProbeError) -> None:
        """Nothing more will come."""
        self._lost = self._lost or error
        for asked in self._open.values():
            if not asked.final.done():
                asked.final.set_exception(self._lost)


@asynccontextmanager
async def connect(host: str, port: int = PORT, transport: Transport = "udp") -> AsyncIterator[UserAgent]:
    """A user agent for one peer. Raises Unreachable and PortClosed."""
    if transport == "udp":
        async with _udp(host, port) as agent:
            yield agent
    else:
        async with _tcp(host, port) as agent:
            yield agent


@asynccontextmanager
async def _udp(host: str, port: int) -> AsyncIterator[UserAgent]:
    class Socket(asyncio.DatagramProtocol):
        """Connected: the kernel keeps what others send away."""

        def datagram_received(self, data: bytes, addr: object) -> None:
            try:
                agent.arrived(read_datagram(data))
            except Malformed as error:
                agent.broke(error)

        def error_received(self, exc: Exception) -> None:
            agent.lost(closed_or_unreachable(exc, f"{host}:{port} (UDP)"))

    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket, _ = await loop.create_datagram_endpoint(Socket, remote_addr=(host, port))
    except (OSError, UnicodeError) as error:  # TimeoutError, of a slow resolver, is an OSError
        raise Unreachable(f"{host}: {error or 'the name was not resolved in time'}") from error
    agent = UserAgent(host, "udp", _local(socket), socket.sendto)
    try:
        yield agent
    finally:
        socket.abort()


@asynccontextmanager
async def _tcp(host: str, port: int) -> AsyncIterator[UserAgent]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, limit=MAX_HEAD_BYTES)
    except TimeoutError as error:
        raise Unreachable(f"no connection to {host}:{port} within {CONNECT_SECONDS:g} s") from error
    except (OSError, UnicodeError) as error:
        raise closed_or_unreachable(error, f"{host}:{port}") from error
    agent = UserAgent(host, "tcp", _local(writer.transport), writer.write)
    reading = asyncio.create_task(_read(reader, agent))
    try:
        yield agent
    finally:
        reading.cancel()
        writer.transport.abort()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


async def _read(reader: asyncio.StreamReader, agent: UserAgent) -> None:
    """Messages off a stream, told apart by Content-Length, which every one of them must have there (18.3)."""
    buffer = bytearray()
    try:
        while chunk := await reader.read(MAX_HEAD_BYTES):
            buffer += chunk
            while (taken := _next(buffer, agent)) is not None:
                del buffer[:taken]
        agent.lost(Malformed("it closed the connection without an answer"))
    except OSError:
        agent.lost(Malformed("it broke the connection off without an answer"))
    except Malformed as error:
        agent.lost(error)


def _next(buffer: bytearray, agent: UserAgent) -> int | None:
    """Bytes of the first message, once it is there whole and handed over; None before. Raises Malformed."""
    skipped = len(buffer) - len(buffer.lstrip(b"\r\n"))  # empty lines keep a connection open (7.5)
    del buffer[:skipped]
    end = head_end(buffer)
    if end is None:
        line, ended, _ = bytes(buffer).partition(b"\r\n")
        if ended:
            read_head(line)  # the first line alone may show that it is not SIP
        elif not b"SIP/2.0 ".startswith(line[:8]):
            agent.broke(Malformed(f"it answered with something that is not SIP: {shown(line)}"))
        return None
    message = read_head(bytes(buffer[:end]))
    length = message.body_length
    if length is None:
        raise Malformed("a SIP message on TCP has no Content-Length")
    if len(buffer) < end + length:
        return None
    agent.arrived(message)
    return end + length


_CHALLENGES = {
    401: ("www-authenticate", "Authorization"),
    407: ("proxy-authenticate", "Proxy-Authorization"),
}
"""By status: the header with the challenge, and the one with its answer (RFC 3261, 22.2 and 22.3)."""


def _answer_to(message: Message, question: Question, login: Login) -> tuple[str, str] | None:
    """Name and value of the header that answers a challenge; None where there is none that can be answered."""
    asked, given = _CHALLENGES.get(message.status or 0, ("", ""))
    if asked not in message.headers:
        return None
    authorization = Authorization(login)
    try:
        authorization.challenged(message.headers[asked])
    except (AuthenticationFailed, Malformed):
        return None
    return given, authorization.header(question.method, question.uri)["Authorization"]


def _local(transport: asyncio.BaseTransport) -> str:
    host, port = transport.get_extra_info("sockname")[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


__all__ = ["PORT", "Answer", "Login", "Method", "PortClosed", "Transport", "UserAgent", "connect"]
