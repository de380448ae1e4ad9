"""HTTP to one device, read only: bounded answers, a deadline for each exchange, and never another host."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from agent.clients.digest import Authorization, Login
from agent.clients.failures import AuthenticationFailed, no_connection
from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable

EXCHANGE_SECONDS = 5.0
"""For one answer to its last byte, with connecting."""
CONNECT_SECONDS = 3.0
MAX_BODY_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    date: datetime | None = None
    """The device's clock by the header Date, where it sends a readable one."""


class DeviceHttp:
    """Questions to one device. Each raises ProbeError where there is no answer."""

    def __init__(self, session: aiohttp.ClientSession, base: str, login: Login | None) -> None:
        self._session, self._base = session, base
        self._authorization = Authorization(login)

    async def get(self, path: str) -> Answer:
        """The answer to a GET of a path with its query, signed where the device asks for it."""
        return await self._signed("GET", path, None, {})

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        """The answer to a POST, for protocols that put questions so."""
        return await self._signed("POST", path, body, {"Content-Type": content_type})

    async def _signed(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        answer, challenges = await self._exchange(method, path, body, headers)
        if answer.status == 401 and challenges:
            self._authorization.challenged(challenges)
            answer, _ = await self._exchange(method, path, body, headers)
            if answer.status == 401:
                raise AuthenticationFailed("the device does not accept the user and password")
        return answer

    async def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Answer, list[str]]:
        url = URL(self._base + path, encoded=True)
        signed = {**headers, **self._authorization.header(method, url.raw_path_qs)}
        with failures_mapped(url.port or 0):
            async with (
                asyncio.timeout(EXCHANGE_SECONDS),
                self._session.request(method, url, data=body, headers=signed, allow_redirects=False) as response,
            ):
                if 300 <= response.status < 400:
                    raise Malformed(_redirected(response.headers.get("Location", "")))
                if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise Malformed("the answer is compressed, which was not asked for")
                answer = Answer(response.status, await _body(response), _date(response.headers.get("Date", "")))
                return answer, response.headers.getall("WWW-Authenticate", [])


@asynccontextmanager
async def connect(host: str, port: int, login: Login | None, *, https: bool = False) -> AsyncIterator[DeviceHttp]:
    """A device to put questions to. Its certificate is not checked: devices sign their own, and Digest does not show
    the password."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=_any_certificate() if https else True, limit=1, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
    ) as session:
        yield DeviceHttp(session, f"{'https' if https else 'http'}://{in_url(host)}:{port}", login)


def in_url(host: str) -> str:
    """A host as a URL holds it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


@contextmanager
def failures_mapped(port: int) -> Iterator[None]:
    """Failures of aiohttp and of time as errors of agent/errors.py."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # ValueError: a header it cannot take
        raise as_probe_error(error, port) from error


def as_probe_error(error: Exception, port: int) -> ProbeError:
    """What a failure of aiohttp means for a probe."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unreachable(f"no connection to port {port} in {CONNECT_SECONDS:g} s")
    if isinstance(error, TimeoutError):
        return Silent(f"no answer on port {port} in {EXCHANGE_SECONDS:g} s")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Malformed(f"no TLS on port {port}: {error}"[:200])
    if isinstance(error, aiohttp.ClientConnectorError):
        return no_connection(error.os_error, port)
    if isinstance(error, aiohttp.ClientResponseError):
        return Malformed(f"no HTTP on port {port}: {error.message}"[:200])
    return Malformed(f"the exchange on port {port} broke off: {error}"[:200])


def refused_by(answer: Answer, what: str) -> ProbeError:
    """What a status other than 200 means. 403 is a user without the right to look."""
    if answer.status == 401:
        return AuthenticationFailed("the device does not accept the user and password")
    if answer.status == 403:
        return AuthenticationFailed(f"the user may not read {what} (403)")
    return Refused(f"{what}: the device answered {answer.status}")


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            response.close()
            raise Malformed(f"the answer is longer than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:100])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _redirected(location: str) -> str:
    parts = urlsplit(location)
    where = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another path"
    return f"the device redirects to {where[:100]}, which is not followed"


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
