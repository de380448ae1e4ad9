"""Streams and their pieces over HTTP, by aiohttp: bounded in size and time, and led to no host that was not named."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import AddressFamily, inet_aton
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from agent.clients.tcp import CONNECT_SECONDS, closed_or_unreachable
from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable

READ_SECONDS = 5.0
"""The longest wait for more bytes."""
MAX_REDIRECTS = 5
MAX_URL_CHARACTERS = 4096
CERTIFICATE_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED (OpenSSL, x509_vfy.h)."""

Arrived = Callable[[int, int | None], bool]
"""Told of each chunk: its bytes, and the length of the whole where the server says it. False: no more is needed."""


class Denied(Refused):
    """401, 403 or 407: this client is not let in, which says nothing of the stream."""


class NotThere(Refused):
    """404 or 410: the server is there, and has no such thing."""


class ServerFault(Refused):
    """429 or 5xx: the server says that it cannot."""


class GatewayFault(ServerFault):
    """502 or 504: a proxy, which may be one on the way, gets nothing good from what is behind it (RFC 9110, 15.6)."""


class Untrusted(Refused):
    """No trusted TLS connection."""


class Expired(Refused):
    """The certificate has run out: every player refuses it."""


class BrokeOff(Malformed):
    """The connection ended in the middle, by the server or by something on the way."""


class Unasked(Malformed):
    """A fair answer to another question: the whole where a part was asked for, which a server may give (RFC 9110,
    14.2), or a compressed one."""


class LedAway(Malformed):
    """A redirect or a playlist leads to a host that was not named, to this machine, or out of TLS."""


@dataclass(frozen=True, slots=True)
class Body:
    """`data` is what was kept of it, `seconds` from asking to its end, `first_seconds` to its first byte."""

    url: str
    data: bytes
    total: int | None
    """Bytes of the whole, where a range was asked for and the server said it (RFC 9110, 14.4)."""
    seconds: float
    first_seconds: float


class Media:
    """One stream's session. Every method raises ProbeError."""

    def __init__(self, session: aiohttp.ClientSession, url: str, hosts: Collection[str], ends: list[float]) -> None:
        self._session = session
        self._home = _host(url)
        self._needs_tls = url.lower().startswith("https:")
        self._hosts = {host.lower().rstrip(".") for host in hosts}
        self._ends = ends

    @property
    def certificate_ends(self) -> float | None:
        """When the certificate of the first TLS connection ends, in Unix time."""
        return self._ends[0] if self._ends else None

    async def get(
        self,
        url: str,
        at_most: int,
        *,
        keep: int | None = None,
        part: tuple[int, int] | None = None,
        arrived: Arrived | None = None,
    ) -> Body:
        """The body, or its bytes `part` (first, last). More than `at_most` is Malformed; the first `keep` are kept."""
        start = monotonic()
        with failures_mapped(url):
            async with self._opened(url, part) as response:
                return await self._read(response, start, at_most, at_most if keep is None else keep, arrived)

    @asynccontextmanager
    async def _opened(self, url: str, part: tuple[int, int] | None) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {} if part is None else {"Range": f"bytes={part[0]}-{part[1]}"}
        for _ in range(MAX_REDIRECTS + 1):
            self._check(url)
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = _joined(url, response.headers.get("Location", ""))
                    continue
                _accepted(response, part)
                yield response
                response.close()  # what is still on its way is not waited for
                return
        raise Malformed(f"more than {MAX_REDIRECTS} redirects")

    async def _read(
        self, response: aiohttp.ClientResponse, start: float, at_most: int, keep: int, arrived: Arrived | None
    ) -> Body:
        length = response.content_length
        if length is not None and length > at_most:
            raise Malformed(f"{length} bytes at {_shown(str(response.url))}; at most {at_most} are taken")
        data, count, first = bytearray(), 0, 0.0
        async for chunk in response.content.iter_any():
            first = first or monotonic() - start
            count += len(chunk)
            if count > at_most:
                raise Malformed(f"more than {at_most} bytes at {_shown(str(response.url))}")
            data += chunk[: max(0, keep - len(data))]
            if arrived is not None and not arrived(len(chunk), length):
                break
        seconds = monotonic() - start
        return Body(str(response.url), bytes(data), _total(response), seconds, first or seconds)

    def _check(self, url: str) -> None:
        """A host is the stream's own or one that the settings name; of these, none may be this machine."""
        if len(url) > MAX_URL_CHARACTERS:
            raise Malformed("an address is too long")
        try:
            parts = urlsplit(url)
            host, _ = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise Malformed("an address that is none") from None
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise LedAway(f"an address that is not plain http or https: {_shown(url)}")
        if self._needs_tls and parts.scheme != "https":
            raise LedAway(f"leads out of TLS: {_shown(url)}")
        if host != self._home and (host not in self._hosts or _is_own(host)):
            raise LedAway(f"leads to another host, {host[:100]}; name it in `hosts` if that is right")


@asynccontextmanager
async def media(
    url: str, hosts: Collection[str] = (), *, ca_file: Path | None = None, verify: bool = True
) -> AsyncIterator[Media]:
    """A session for the stream at `url`, whose pieces may lie on `hosts` too. Cookies, proxies and compression are
    not used. Raises Untrusted where `ca_file` holds no certificates."""
    ends: list[float] = []
    try:
        context = await asyncio.to_thread(_context, ca_file, verify, ends)
    except OSError as error:  # ssl.SSLError is one
        raise Untrusted(f"{ca_file} holds no usable certificates: {error}") from error
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=2, resolver=_Resolver(_host(url))),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
    ) as session:
        yield Media(session, url, hosts, ends)


def _context(ca_file: Path | None, verify: bool, ends: list[float]) -> ssl.SSLContext:
    """Each handshake puts its certificate's end into `ends`: a short answer has let its connection go by then."""

    class Noting(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            if not ends and (told := (self.getpeercert() or {}).get("notAfter")):
                ends.append(float(ssl.cert_time_to_seconds(str(told))))

    context = ssl.create_default_context(cafile=ca_file)
    context.sslobject_class = Noting
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _joined(url: str, to: str) -> str:
    try:
        return urljoin(url, to)
    except ValueError:
        raise Malformed("a redirect to an address that is none") from None


class _Resolver(AbstractResolver):
    """The system's resolver; a name other than the stream's own that resolves to this machine is not followed."""

    def __init__(self, home: str) -> None:
        self._home, self._system = home, ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if host != self._home and any(_is_own(each["host"]) for each in found):
            raise LedAway(f"{host[:100]} resolves to this machine")
        return found

    async def close(self) -> None:
        await self._system.close()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_own(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address: IPv4Address | IPv6Address = IPv4Address(inet_aton(host))  # odd spellings too, such as 127.1
    except OSError:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified or mapped.is_link_local)


def _accepted(response: aiohttp.ClientResponse, part: tuple[int, int] | None) -> None:
    status = response.status
    where = _shown(str(response.url))
    if status in (401, 403, 407):
        raise Denied(f"the server answered {status} at {where}")
    if status in (404, 410):
        raise NotThere(f"the server answered {status} at {where}")
    if status == 429 or status >= 500:
        raise (GatewayFault if status in (502, 504) else ServerFault)(f"the server answered {status} at {where}")
    if part is not None and status == 200:
        raise Unasked(f"the server gives no byte ranges at {where}")
    if status != (200 if part is None else 206):
        raise Malformed(f"the server answered {status} at {where}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unasked(f"a compressed answer, which was not asked for, at {where}")


def _total(response: aiohttp.ClientResponse) -> int | None:
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isascii() and total.isdigit() and len(total) < 16 else None


def _shown(url: str) -> str:
    """Where, without what may be a token."""
    return urlsplit(url)._replace(query="", fragment="").geturl()[:120]


@contextmanager
def failures_mapped(url: str) -> Iterator[None]:
    """What failures of aiohttp mean for a probe. A deadline that the caller set passes through."""
    try:
        yield
    except (aiohttp.ClientError, aiohttp.ServerTimeoutError) as error:
        raise _as_probe_error(error, url) from error
    except UnicodeError as error:  # a host that IDNA does not take
        raise Malformed(f"an address that is none: {_shown(url)}") from error


def _as_probe_error(error: Any, url: str) -> ProbeError:
    where = _shown(url)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unreachable(f"no connection within {CONNECT_SECONDS:g} s: {where}")
    if isinstance(error, TimeoutError):
        return Silent(f"nothing came for {READ_SECONDS:g} s: {where}")
    if getattr(getattr(error, "certificate_error", None), "verify_code", 0) == CERTIFICATE_EXPIRED:
        return Expired(f"the certificate has run out: {where}")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return Untrusted(f"no trusted TLS connection: {error}")
    if isinstance(error, aiohttp.ClientConnectorError):
        return closed_or_unreachable(error, where)
    if isinstance(error, aiohttp.ClientResponseError):
        return Malformed(f"no HTTP: {where}: {error.message}")
    return BrokeOff(f"the connection broke off: {where}: {error or type(error).__name__}")
