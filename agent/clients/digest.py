"""Digest and Basic authentication for HTTP and RTSP (RFC 7616, RFC 7617; RTSP takes them over, RFC 2326 section 14).

docs/decisions/0016 says why aiohttp's own is not used.
"""

import base64
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import md5, sha256
from typing import Any, Literal

from agent.clients.failures import AuthenticationFailed
from agent.errors import Malformed

MAX_HEADER_CHARACTERS = 4096
_HASHES: dict[str, Callable[[bytes], Any]] = {"SHA-256": sha256, "MD5": md5}
"""The strongest first."""
_PARTS = re.compile(
    r"\b(?P<scheme>digest|basic)\s+(?=[\w-]+\s*=)"
    r'|(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Login:
    """Whom the device is asked as. `allow_basic`: whether the password may be sent in clear."""

    user: str
    password: str = field(repr=False)
    allow_basic: bool = False


@dataclass(frozen=True, slots=True)
class _Challenge:
    scheme: Literal["digest", "basic"]
    realm: str = ""
    nonce: str = ""
    algorithm: str = "MD5"
    """As the device wrote it."""
    has_qop: bool = False
    opaque: str | None = None

    @property
    def base(self) -> str:
        return self.algorithm.upper().removesuffix("-SESS")


class Authorization:
    """What answers a device's challenges, and signs the requests that follow."""

    def __init__(self, login: Login | None) -> None:
        self._login = login
        self._challenge: _Challenge | None = None
        self._count = 0

    def challenged(self, headers: Iterable[str]) -> None:
        """Take the WWW-Authenticate headers of a 401. Raises AuthenticationFailed when they cannot be answered, and
        Malformed when there is no challenge that this client knows."""
        if self._login is None:
            raise AuthenticationFailed("the device asks for a password and none is set")
        found = list(_challenges(headers))
        digests = [each for each in found if each.scheme == "digest"]
        if digests:
            self._challenge = min(digests, key=lambda each: list(_HASHES).index(each.base))
        elif any(each.scheme == "basic" for each in found):
            if not self._login.allow_basic:
                raise AuthenticationFailed("the device wants the password in clear (Basic); allow_basic is not set")
            self._challenge = _Challenge("basic")
        else:
            raise Malformed("the device asks for authentication in a way that is not known")
        self._count = 0

    def header(self, method: str, uri: str) -> dict[str, str]:
        """The Authorization header of a request; none before there was a challenge."""
        if self._login is None or self._challenge is None:
            return {}
        if self._challenge.scheme == "basic":
            pair = f"{self._login.user}:{self._login.password}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        self._count += 1
        return {"Authorization": _digest(self._challenge, self._login, method, uri, self._count, secrets.token_hex(8))}


def _digest(challenge: _Challenge, login: Login, method: str, uri: str, count: int, cnonce: str) -> str:
    """RFC 7616 section 3.4.1; without qop, RFC 2617 section 3.2.2.1."""

    def hashed(text: str) -> str:
        return str(_HASHES[challenge.base](text.encode()).hexdigest())

    secret = hashed(f"{login.user}:{challenge.realm}:{login.password}")
    if challenge.algorithm.upper().endswith("-SESS"):
        secret = hashed(f"{secret}:{challenge.nonce}:{cnonce}")
    request = hashed(f"{method}:{uri}")
    middle = f"{count:08x}:{cnonce}:auth:" if challenge.has_qop else ""
    fields = {
        "username": _quoted(login.user),
        "realm": _quoted(challenge.realm),
        "nonce": _quoted(challenge.nonce),
        "uri": _quoted(uri),
        "response": f'"{hashed(f"{secret}:{challenge.nonce}:{middle}{request}")}"',
        "algorithm": challenge.algorithm,
    }
    if challenge.opaque is not None:
        fields["opaque"] = _quoted(challenge.opaque)
    if challenge.has_qop:
        fields |= {"qop": "auth", "nc": f"{count:08x}"}
    if challenge.has_qop or challenge.algorithm.upper().endswith("-SESS"):
        fields["cnonce"] = _quoted(cnonce)
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def _challenges(headers: Iterable[str]) -> Iterator[_Challenge]:
    """Those that can be answered; a header may hold several (RFC 9110 section 11.6.1)."""
    for header in headers:
        groups: list[tuple[str, dict[str, str]]] = []
        for part in _PARTS.finditer(header[:MAX_HEADER_CHARACTERS]):
            if part["scheme"]:
                groups.append((part["scheme"].lower(), {}))
            elif groups:
                value = part["plain"] or re.sub(r"\\(.)", r"\1", part["quoted"] or "")
                groups[-1][1].setdefault(part["name"].lower(), value)
        for scheme, values in groups:
            if scheme == "basic":
                yield _Challenge("basic")
            elif challenge := _usable(values):
                yield challenge


def _usable(values: dict[str, str]) -> _Challenge | None:
    qops = {each.strip().lower() for each in values.get("qop", "").split(",")} - {""}
    found = _Challenge(
        "digest",
        values.get("realm", ""),
        values.get("nonce", ""),
        values.get("algorithm", "MD5"),
        bool(qops),
        values.get("opaque"),
    )
    printable = all(value.isprintable() for value in values.values())  # a stray CR would split our own header
    return found if found.nonce and found.base in _HASHES and printable and (not qops or "auth" in qops) else None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
