"""The collector's embedded throughput test, seen from the agent: a slot, then each direction in turn."""

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ValidationError

from agent.clients.transfer import Transfer
from agent.errors import Busy, Malformed, ProbeError, Refused, Silent, Unreachable
from common.marks import RAMP_SHARE, Marks
from common.pace import Pace
from wire.api import SLOT_HEADER, THROUGHPUT, THROUGHPUT_SLOTS, SlotGrant, SlotRequest, SlotState, ThroughputResult
from wire.problem import Problem

CONNECT_SECONDS = 5.0
READ_SECONDS = 5.0
GRACE_SECONDS = 10.0
"""What one direction may take beyond its window, with connecting and answering."""
RELEASE_SECONDS = 2.0
BLOCK = bytes(256 * 1024)
READ_BUFFER = 1024 * 1024
PACED_PIECE = 64 * 1024
MAX_ANSWER_BYTES = 64 * 1024
HALF = 0.5
SLOT_SHARE = 0.95
"""Of a slot's seconds, those that are used: this machine's clock may run slow, and another's test begins after them."""

Answer = TypeVar("Answer", bound=BaseModel)


class Slot:
    """Leave to test, held for as long as `slot` is open, and no longer than until `ends_at` of the loop's clock."""

    def __init__(self, session: aiohttp.ClientSession, grant: SlotGrant, asked_at: float) -> None:
        self._session = session
        self._slot = grant.slot
        self._headers = {SLOT_HEADER: grant.slot, "Accept-Encoding": "identity"}
        self.seconds = grant.seconds
        self.ends_at = asked_at + grant.seconds * SLOT_SHARE
        self.bytes_per_second = None if grant.bits_per_second is None else grant.bits_per_second / 8

    async def download(self, seconds: float) -> Transfer:
        """What arrived here, between two marks of the window. Raises ProbeError."""
        marks, pace = Marks(seconds), Pace(self.bytes_per_second)
        with _failures_mapped():
            async with self._session.get(
                THROUGHPUT, params={"seconds": str(seconds)}, headers=self._headers, timeout=_timeout(seconds)
            ) as response:
                await _accepted(response)
                content = response.content
                pieces = content.iter_any() if self.bytes_per_second is None else content.iter_chunked(PACED_PIECE)
                async for chunk in pieces:
                    if not marks.arrived(len(chunk), monotonic()):
                        break
                    await pace.passed(len(chunk))
                marks.ended(monotonic())
                response.close()  # the window is over; what is still on its way is not waited for
        rate = _rate(*marks.counted(), seconds)
        return Transfer(rate, marks.total, server_limited=pace.held(rate) or await self._limited("download"))

    async def upload(self, seconds: float) -> Transfer:
        """What arrived at the collector, by its own count. Raises ProbeError."""
        sent = 0
        pace = Pace(self.bytes_per_second)

        async def body() -> AsyncIterator[bytes]:
            nonlocal sent
            end = monotonic() + seconds
            while monotonic() < end:
                await pace.passed(len(BLOCK))
                sent += len(BLOCK)
                yield BLOCK

        with _failures_mapped():
            async with self._session.post(
                THROUGHPUT,
                params={"seconds": str(seconds)},
                headers=self._headers,
                data=body(),
                timeout=_timeout(seconds, quiet=seconds),
            ) as response:
                await _accepted(response)
                result = await _parsed(response, ThroughputResult)
                response.close()  # what still waits in buffers was not counted and need not be sent
        if result.bytes > sent:
            raise Malformed(f"the collector counted {result.bytes} bytes; at most {sent} were sent")
        rate = _rate(result.bytes, result.seconds, seconds)
        return Transfer(rate, sent, server_limited=pace.held(rate) or await self._limited("upload"))

    async def _limited(self, direction: str) -> bool:
        """Whether the collector says that it was the limit itself. One that does not know the question says nothing."""
        try:
            async with self._session.get(f"{THROUGHPUT_SLOTS}/{self._slot}", timeout=_timeout(0)) as response:
                if response.status != 200:
                    return False
                return direction in (await _parsed(response, SlotState)).limited
        except (aiohttp.ClientError, TimeoutError, Malformed):
            return False


@asynccontextmanager
async def slot(
    url: str, token: str, context: ssl.SSLContext | None, request: SlotRequest | None = None
) -> AsyncIterator[Slot]:
    """Take a slot at the collector and give it back at the end. Raises Busy when there is none now."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise Unreachable(f"the collector's address is no http or https URL: {url[:100]}")
    async with aiohttp.ClientSession(
        base_url=url.rstrip("/") + "/",
        connector=aiohttp.TCPConnector(ssl=context or True, limit=4),
        headers={"Authorization": f"Bearer {token}"},
        auto_decompress=False,
        read_bufsize=READ_BUFFER,
    ) as session:
        # The collector's seconds begin after this moment, so that ours are over first.
        asked_at = asyncio.get_running_loop().time()
        with _failures_mapped():
            body = (request or SlotRequest()).model_dump_json().encode()
            headers = {"Content-Type": "application/json"}
            async with session.post(THROUGHPUT_SLOTS, data=body, headers=headers, timeout=_timeout(0)) as response:
                await _accepted(response)
                grant = await _parsed(response, SlotGrant)
        try:
            yield Slot(session, grant, asked_at)
        finally:
            await _give_back(session, grant)


async def _give_back(session: aiohttp.ClientSession, grant: SlotGrant) -> None:
    """The slot ends by itself too, so a failure here costs the next agent a wait and this one nothing."""
    timeout = aiohttp.ClientTimeout(total=RELEASE_SECONDS)
    try:
        async with session.delete(f"{THROUGHPUT_SLOTS}/{grant.slot}", timeout=timeout):
            pass
    except (aiohttp.ClientError, TimeoutError):
        return


def _timeout(seconds: float, *, quiet: float = 0.0) -> aiohttp.ClientTimeout:
    """For a transfer of `seconds`, in which the other side sends nothing for `quiet` seconds by design."""
    return aiohttp.ClientTimeout(
        total=seconds + GRACE_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=quiet + READ_SECONDS
    )


def _rate(counted: int, took: float, asked: float) -> float:
    if took < asked * (1 - RAMP_SHARE) * HALF:
        raise Malformed(f"the transfer ended early: {took:.1f} of {asked * (1 - RAMP_SHARE):.1f} s could be counted")
    if counted <= 0:
        raise Silent(f"nothing arrived in {took:.1f} s")
    return counted / took


async def _accepted(response: aiohttp.ClientResponse) -> None:
    if response.status in (200, 201):
        return
    body = await _body(response)
    try:
        problem = Problem.model_validate_json(body)
        says = f"{problem.title}: {problem.detail}" if problem.detail else problem.title
    except ValidationError:
        says = response.reason or "no reason given"
    if response.status == 503:
        raise Busy(f"test server busy: {says[:200]}", again_in=_retry_after(response))
    raise Refused(f"the collector answered {response.status}: {says[:200]}")


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); its form as a date would need two clocks that agree."""
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) <= 7 else None


async def _parsed(response: aiohttp.ClientResponse, model: type[Answer]) -> Answer:
    try:
        return model.model_validate_json(await _body(response))
    except ValidationError as error:
        raise Malformed(f"the collector's answer is no {model.__name__} ({error.error_count()} faults)") from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise Malformed(f"the collector's answer is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


@contextmanager
def _failures_mapped() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise as_probe_error(error) from error


def as_probe_error(error: Exception) -> ProbeError:
    """What a failure of aiohttp means for a probe."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unreachable(f"no connection within {CONNECT_SECONDS:g} s")
    if isinstance(error, TimeoutError):
        return Silent("the collector gave no answer, or the transfer stalled")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return Refused(f"no trusted TLS connection: {error}")
    if isinstance(error, aiohttp.ClientConnectorError):
        if error.errno == errno.ECONNREFUSED or f"[Errno {errno.ECONNREFUSED}]" in str(error):
            return Refused(f"the port is closed: {error}")
        return Unreachable(str(error))
    return Malformed(f"the connection broke off: {error or type(error).__name__}")
