"""Reads SNMP notifications as far as it takes to know who sent them; what they say is not looked at.

SNMPv1 (RFC 1157, 4.1.6), v2c (RFC 3416, 4.2.6 and 4.2.7) and v3 with authentication (RFC 3412, 6; RFC 3414, 6 and 7;
RFC 7860, 4.2). A v3 notification is checked by its digest and its engine's clock; its content may be encrypted and is
not decrypted. Nothing is ever answered, so an InformRequest is heard and not confirmed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.clients.snmp_settings import AuthProtocol

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_TRAP_V1, _INFORM, _TRAP_V2 = 0xA4, 0xA6, 0xA7
_V1, _V2C, _V3 = 0, 1, 3
_USM = 3  # RFC 3411, 5: the user-based security model
_AUTHENTICATED, _ENCRYPTED, _REPORTABLE = 1, 2, 4  # msgFlags, RFC 3412, 6.4
_WINDOW_SECONDS = 150  # RFC 3414, 2.2.3
_PASSWORD_OCTETS = 1024 * 1024  # RFC 3414, A.2
MIN_PASSWORD = 8
"""Octets; RFC 3414, 11.2."""
MAX_ENGINES = 1024
_HASHES: dict[AuthProtocol, tuple[str, int]] = {
    "md5": ("md5", 12),
    "sha": ("sha1", 12),
    "sha224": ("sha224", 16),
    "sha256": ("sha256", 24),
    "sha384": ("sha384", 32),
    "sha512": ("sha512", 48),
}
"""The hash of each protocol, and how much of its digest travels."""


class NotOne(ValueError):
    """The datagram is no notification, or of nobody who may send one."""


@dataclass(frozen=True, slots=True)
class UserKey:
    """What proves a v3 user: made once of its password (RFC 3414, A.2)."""

    protocol: AuthProtocol
    key: bytes

    @classmethod
    def of(cls, protocol: AuthProtocol, password: bytes) -> "UserKey":
        """Takes some milliseconds: a mebibyte is hashed."""
        whole = password * (_PASSWORD_OCTETS // len(password) + 1)
        return cls(protocol, hashlib.new(_HASHES[protocol][0], whole[:_PASSWORD_OCTETS]).digest())

    def proves(self, message: bytes, engine: bytes, digest: tuple[int, int]) -> bool:
        """Whether the digest at this place of the message is the engine's (RFC 3414, 6.3.2)."""
        name, size = _HASHES[self.protocol]
        start, end = digest
        if end - start != size:
            return False
        own = hashlib.new(name, self.key + engine + self.key).digest()
        blank = message[:start] + bytes(size) + message[end:]
        return hmac.compare_digest(hmac.digest(own, blank, name)[:size], message[start:end])


@dataclass(slots=True)
class Senders:
    """Who may send: v1 and v2c by a community, v3 by a user. A user without a key is taken at its word."""

    community: bytes | None = None
    users: Mapping[bytes, UserKey | None] = field(default_factory=dict)
    _clocks: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """The latest boots and time of each engine that proved itself."""

    def check(self, message: bytes) -> None:
        """Returns for a notification of one of them. Raises NotOne."""
        reader = _Reader(message).inside(_SEQUENCE)
        version = reader.integer()
        if version == _V3:
            self._check_v3(message, reader)
        elif version in (_V1, _V2C):
            community = reader.octets()
            kinds = (_TRAP_V1,) if version == _V1 else (_TRAP_V2, _INFORM)
            if self.community is None or not hmac.compare_digest(community, self.community):
                raise NotOne("another community")
            if reader.tag() not in kinds:
                raise NotOne("no notification")
        else:
            raise NotOne("no such version")

    def _check_v3(self, message: bytes, reader: "_Reader") -> None:
        header = reader.inside(_SEQUENCE)
        header.integer()  # msgID
        header.integer()  # msgMaxSize
        flags = (header.octets() or b"\0")[0]
        if header.integer() != _USM:
            raise NotOne("another security model")
        security = reader.inside(_OCTETS).inside(_SEQUENCE)
        engine, boots, time, user = security.octets(), security.integer(), security.integer(), security.octets()
        digest = security.place(_OCTETS)
        if user not in self.users:
            raise NotOne("another user")
        key = self.users[user]
        if key is not None:
            if not flags & _AUTHENTICATED or not key.proves(message, engine, digest):
                raise NotOne("not proven")
            self._check_clock(engine, boots, time)
        if flags & _ENCRYPTED:
            # Only a notification comes from the engine that speaks for itself and asks for no report (RFC 3412, 7.1).
            if flags & _REPORTABLE or reader.tag() != _OCTETS:
                raise NotOne("no notification")
            return
        scoped = reader.inside(_SEQUENCE)
        scoped.octets()  # contextEngineID
        scoped.octets()  # contextName
        if scoped.tag() not in (_TRAP_V2, _INFORM):
            raise NotOne("no notification")

    def _check_clock(self, engine: bytes, boots: int, time: int) -> None:
        """Refuse what was recorded and is sent again (RFC 3414, 3.2, 7 b)."""
        last_boots, last_time = self._clocks.get(engine, (0, 0))
        if boots < last_boots or (boots == last_boots and time < last_time - _WINDOW_SECONDS):
            raise NotOne("an old message")
        if len(self._clocks) >= MAX_ENGINES:
            self._clocks.pop(next(iter(self._clocks)))
        self._clocks[engine] = max((boots, time), (last_boots, last_time))


class _Reader:
    """Reads BER (X.690), definite lengths only, within a part of a message. Every fault is NotOne."""

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data, self._at, self._end = data, at, len(data) if end is None else end

    def tag(self) -> int:
        """The tag of what comes next; it is not taken."""
        if self._at >= self._end:
            raise NotOne("cut off")
        return self._data[self._at]

    def place(self, tag: int) -> tuple[int, int]:
        """Take the next value: where its content begins and ends in the message."""
        if self.tag() != tag or self._at + 1 >= self._end:
            raise NotOne("another type")
        size, start = self._data[self._at + 1], self._at + 2
        if size >= 0x80:
            octets = size - 0x80
            if not 1 <= octets <= 4 or start + octets > self._end:
                raise NotOne("no length")
            size, start = int.from_bytes(self._data[start : start + octets]), start + octets
        if start + size > self._end:
            raise NotOne("cut off")
        self._at = start + size
        return start, start + size

    def inside(self, tag: int) -> "_Reader":
        return _Reader(self._data, *self.place(tag))

    def octets(self) -> bytes:
        start, end = self.place(_OCTETS)
        return self._data[start:end]

    def integer(self) -> int:
        start, end = self.place(_INTEGER)
        if not 1 <= end - start <= 5:
            raise NotOne("no number")
        return int.from_bytes(self._data[start:end], signed=True)
