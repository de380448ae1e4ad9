"""One page by HTTP or HTTPS, read within bounds: no redirect to other hosts or to this machine, no endless answer."""

import asyncio
import codecs
import ssl
import zlib
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp

from agent.clients.certificate import EXPIRED, OTHER_NAME, untrusted_end
from agent.clients.own_machine import ElsewhereResolver, is_own
from agent.clients.tcp import CONNECT_SECONDS, closed_or_unreachable
from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable

MAX_BODY_BYTES = 512 * 1024
MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHARSETS = frozenset({"utf-8", "gb2312", "gbk", "gb18030", "big5", "iso-8859-1", "us-ascii", "utf-16"})
"""Others that Python knows unfold (zlib), take very long or are no text."""
_OWN = "it is the agent's own machine"
_USER_AGENT = "campus-monitor (read-only check)"


class Elsewhere(Refused):
    """A redirect that is not followed. `host` is where it leads."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"it redirects to {host[:80]}: {why}")
        self.host = host


class Unasked(Malformed):
    """A fair answer that this client cannot read: compressed in a way that it did not ask for."""


class BrokeOff(Malformed):
    """The connection ended before the answer did."""


class Untrusted(Refused):
    """A certificate that is not accepted. `ends` is in Unix time where it is the server's own, as its name shows."""

    def __init__(self, detail: str, *, is_expired: bool, ends: float | None) -> None:
        super().__init__(detail)
        self.is_expired = is_expired
        self.ends = ends


@dataclass(frozen=True, slots=True)
class Page:
    """What was answered at last, after redirects that could be followed."""

    url: str
    status: int
    body: bytes
    """At most MAX_BODY_BYTES of it, decompressed."""
    charset: str
    seconds: float
    """From the first request to the end of what was read."""
    is_trusted: bool
    """Whether a certificate that this machine trusts shows who answered."""
    certificate_ends: float | None
    """Unix time."""

    @property
    def text(self) -> str:
        """The body by its declared character set, else UTF-8, else GB 18030, which older pages use undeclared."""
        declared = self.charset.lower()
        for charset in (declared if declared in _CHARSETS else "utf-8", "utf-8"):
            try:
                return codecs.getincrementaldecoder(charset)().decode(self.body)  # a cut character at the end is fine
            except ValueError:
                continue
        return self.body.decode("gb18030", "replace")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificates are taken: this machine's authorities, those of a file, or with `verify` off anyone's."""

    ca_file: Path | None = None
    verify: bool = True


async def fetch(url: str, *, wait: float, trust: Trust, hosts: frozenset[str] = frozenset()) -> Page:
    """The page at `url` within `wait` seconds, redirects to the same host and to `hosts` followed.

    Raises Elsewhere, Untrusted, Unasked, BrokeOff, Unreachable, Silent, Malformed, and PortClosed of
    agent/clients/tcp.py.
    """
    first = urlsplit(url)
    own = (first.hostname or "").lower()
    try:
        async with asyncio.timeout(wait):
            return await _followed(url, own, hosts | {own}, trust, wait)
    except TimeoutError as error:
        raise Silent(f"no whole answer in {wait:g} s") from error


async def _followed(url: str, own: str, hosts: frozenset[str], trust: Trust, wait: float) -> Page:
    ends: list[float] = []
    try:
        context = await asyncio.to_thread(_context, trust, ends)
    except OSError as error:  # ssl.SSLError is one
        raise Untrusted(f"the file of authorities cannot be used: {error}", is_expired=False, ends=None) from error
    resolver = ElsewhereResolver(own, lambda host: Elsewhere(host, _OWN))
    connector = aiohttp.TCPConnector(ssl=context, resolver=resolver, limit=2, force_close=True)
    start = monotonic()
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.CookieJar(unsafe=True),  # a session's cookie, also of a host without a name
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": _USER_AGENT},
        timeout=aiohttp.ClientTimeout(total=wait, sock_connect=CONNECT_SECONDS),
    ) as session:
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            try:
                async with session.get(url, allow_redirects=False) as response:
                    to = response.headers.get("Location", "")
                    if response.status in _REDIRECTS and to:
                        url = _next(url, to, own, hosts)
                        continue
                    body = await _body(response)
                    return Page(
                        url,
                        response.status,
                        body,
                        response.charset or "",
                        monotonic() - start,
                        parts.scheme == "https" and trust.verify,
                        ends[-1] if parts.scheme == "https" and ends else None,
                    )
            except aiohttp.ClientConnectorCertificateError as error:
                raise await _untrusted(error, parts) from error
            except (aiohttp.ClientError, ValueError) as error:
                raise as_probe_error(error, parts.netloc) from error
    raise Malformed(f"it redirects more than {MAX_REDIRECTS} times")


def _next(url: str, to: str, own: str, hosts: frozenset[str]) -> str:
    """Where a redirect leads. Raises Elsewhere and Malformed."""
    try:
        found = urljoin(url, to)
        parts = urlsplit(found)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Malformed("it redirects to something that is no address") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise Elsewhere(host or parts.scheme, "only plain http and https addresses are followed")
    if host not in hosts:
        raise Elsewhere(host, "it is another host")
    if host != own and is_own(host):
        raise Elsewhere(host, _OWN)
    if urlsplit(url).scheme == "https" and parts.scheme == "http":
        raise Elsewhere(host, "from https back to http")
    return found


async def _body(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        raw += chunk
        if len(raw) >= MAX_BODY_BYTES:
            break
    kind = response.headers.get("Content-Encoding", "identity").strip().lower()
    if kind in ("identity", ""):
        return bytes(raw[:MAX_BODY_BYTES])
    if kind not in ("gzip", "deflate"):
        raise Unasked(f"its answer is compressed by {kind[:20]}, unasked")
    try:  # bounded: a small answer may unfold into a huge one
        return zlib.decompressobj(47).decompress(bytes(raw), MAX_BODY_BYTES)
    except zlib.error as error:
        raise Malformed("its compressed answer is broken") from error


def _context(trust: Trust, ends: list[float]) -> ssl.SSLContext:
    """For one fetch: each handshake puts its certificate's end into `ends`."""

    class Noting(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            found = self.getpeercert()
            if found and "notAfter" in found:
                ends.append(float(ssl.cert_time_to_seconds(str(found["notAfter"]))))

    context = ssl.create_default_context(cafile=None if trust.ca_file is None else str(trust.ca_file))
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.sslobject_class = Noting
    return context


async def _untrusted(error: aiohttp.ClientConnectorCertificateError, parts: SplitResult) -> Untrusted:
    cause = error.certificate_error
    code = getattr(cause, "verify_code", 0)
    why = str(getattr(cause, "verify_message", "") or cause)[:120]
    host, port = parts.hostname or "", parts.port or 443
    ends = None if code in OTHER_NAME else await untrusted_end(host, port)
    return Untrusted(f"its certificate is not accepted: {why}", is_expired=code == EXPIRED, ends=ends)


def as_probe_error(error: Exception, where: str) -> ProbeError:
    """What a failure of aiohttp means for a probe."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unreachable(f"no connection to {where} within {CONNECT_SECONDS:g} s")
    if isinstance(error, TimeoutError):
        return Silent("no whole answer in time")
    if isinstance(error, aiohttp.ClientSSLError):
        return Malformed(f"no TLS with it: {getattr(error, 'os_error', error)}"[:200])
    if isinstance(error, aiohttp.ClientConnectorError):
        return closed_or_unreachable(error, where)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return BrokeOff("it closed the connection without an answer")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientOSError):
        return BrokeOff(f"the connection broke off: {error or type(error).__name__}"[:200])
    return Malformed(f"its answer breaks HTTP: {error or type(error).__name__}"[:200])
