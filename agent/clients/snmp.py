"""Reads a device over SNMP v2c or v3 (RFC 3416, RFC 3414): single objects by GET, columns of a table by GETBULK.

gufo-snmp encodes and decodes; what it does not check is checked here, since a device's answers are not to be trusted:
OIDs must advance, an answer must be to what was asked, an error must not pass for the end of a table, and rows are
bounded. Counter types do not survive decoding: the width of a counter is the table's knowledge, not the answer's.
"""

import asyncio
import codecs
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from time import monotonic
from typing import Any, TypeVar

from pydantic import SecretStr

from agent.clients._gufo import Exchange, GetIter, NoAnswer, Row, SocketV3, User, Value, open_v2c, open_v3, v3_user
from agent.clients.snmp_settings import SnmpSettings
from agent.errors import Malformed, Refused, Silent, Unreachable
from common.secrets import Secret, SecretUnavailable

__all__ = ["MAX_ROWS", "Snmp", "Value", "connect", "text"]

MAX_ROWS = 100_000
T = TypeVar("T")
_GET_AT_ONCE = 24
_SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"  # RFC 3418: every agent has it
_REFRESH_SECONDS = 100.0  # RFC 3414, 3.2: a message is outside of the time window after 150 s
_MIN_PASSWORD = 8  # RFC 3414, 11.2


@asynccontextmanager
async def connect(settings: SnmpSettings) -> AsyncIterator["Snmp"]:
    """A session with a device; the name is resolved anew each time.

    Raises Unreachable (no name, no route), Refused (closed port, rejected credentials, a secret that cannot be read),
    Silent and Malformed, here or in the session's methods. No error holds a secret.
    """
    credentials = _Credentials(settings)
    session = _first(settings, credentials, await _addresses(settings))
    try:
        await session._begin()
        yield session
    finally:
        session._exchange.close()


def _first(settings: SnmpSettings, credentials: "_Credentials", addresses: Sequence[str]) -> "Snmp":
    """A session with the first address that there is a route to. Raises Unreachable."""
    for address in addresses[:-1]:
        with suppress(Unreachable):
            return Snmp(settings, credentials, address)
    return Snmp(settings, credentials, addresses[-1])


def text(value: Value) -> str:
    """An OCTET STRING as text: UTF-8, else GB 18030, else with replacement characters; NULs are dropped.

    Devices cut names at a number of octets, so an incomplete last character is left out.
    """
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode().replace("\0", "")
    except UnicodeDecodeError:
        pass
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return codecs.getincrementaldecoder(encoding)().decode(value).replace("\0", "")
    return value.decode("utf-8", "replace").replace("\0", "")


class Snmp:
    """One session with one device. Its methods may be called at the same time; requests then wait for each other."""

    def __init__(self, settings: SnmpSettings, credentials: "_Credentials", address: str) -> None:
        self._settings, self._credentials = settings, credentials
        self._where = f"{settings.host}:{settings.port}"
        self._v3 = open_v3(address, settings.port) if credentials.user else None
        gufo = self._v3 or open_v2c(address, settings.port, credentials.community or "")
        timeout, retries = settings.request_timeout_seconds, settings.retries
        self._exchange = Exchange(gufo, address, settings.port, self._where, timeout, retries)
        self._lock = asyncio.Lock()
        self._stage = "start" if self._v3 else "v2c"
        self._refreshed = 0.0

    async def get(self, oids: Iterable[str]) -> dict[str, Value]:
        """The objects that the device has, by OID. One that it lacks, or answers with an error, is absent."""
        asked = list(dict.fromkeys(oids))
        found: dict[str, Value] = {}
        async with self._lock:
            for start in range(0, len(asked), _GET_AT_ONCE):
                found.update(await self._get(asked[start : start + _GET_AT_ONCE]))
        return {oid: found[oid] for oid in asked if oid in found}

    async def has(self, oid: str) -> bool:
        """Whether the device shows anything under this OID."""
        async with self._lock:
            batch = await self._answered(self._exchange.bulk(GetIter(oid, 1)))
        return bool(batch) and batch[0] is not None  # type: ignore[index]

    async def column(self, oid: str, max_rows: int = MAX_ROWS, in_order: bool = True) -> dict[str, Value]:
        """One column of a table: index (the OID's end, such as "1" or "6.0.11") to value, in the device's order.

        Without `in_order` a device may give its rows in an order of its own, as some do whose tables change while they
        are read or are sorted by another key than their index (LLDP-MIB's time mark); only a repeated row ends it.
        """
        async with self._lock:
            return await self._walk(oid, max_rows, self._settings.max_repetitions, in_order)

    async def columns(
        self, oids: Iterable[str], max_rows: int = MAX_ROWS, until: str | None = None
    ) -> dict[str, dict[str, Value]]:
        """Columns of one table, by OID. A column that the device lacks is an empty dict.

        `until` is the last index that is of use: the rest of a column is not asked for, which in a small table saves
        every second request.
        """
        columns: dict[str, dict[str, Value]] = {}
        repetitions = self._settings.max_repetitions
        async with self._lock:
            for oid in oids:
                rows = await self._walk(oid, max_rows, repetitions, until=until)
                columns[oid] = rows
                if rows:  # its neighbours are as long: do not make a small device fetch what is thrown away
                    repetitions = min(self._settings.max_repetitions, len(rows) + 1)
        return columns

    async def _get(self, oids: Sequence[str]) -> dict[str, Value]:
        found = await self._get_once(oids)
        if found or len(oids) == 1:
            return found
        # Nothing at all: either none exists, or one of them made the device answer the whole with an error, which
        # gufo hides. An object that every device has tells which.
        if _SYS_UP_TIME in await self._get_once([*oids, _SYS_UP_TIME]):
            return {}
        middle = len(oids) // 2
        return {**await self._get(oids[:middle]), **await self._get(oids[middle:])}

    async def _get_once(self, oids: Sequence[str]) -> dict[str, Value]:
        answer = await self._answered(self._exchange.get_many(list(oids)))
        if strange := answer.keys() - set(oids):
            raise Malformed(f"{self._where} answered for {min(strange)}, which was not asked for")
        return {oid: value for oid, value in answer.items() if value is not None}

    async def _walk(
        self, oid: str, max_rows: int, repetitions: int, in_order: bool = True, until: str | None = None
    ) -> dict[str, Value]:
        end = None if until is None else _arcs(until)
        step = GetIter(oid, repetitions)
        rows: dict[str, Value] = {}
        last, seen = "", 0
        while batch := await self._answered(self._exchange.bulk(step)):
            last = self._take(batch, oid, last, rows) if in_order else self._take_any(batch, oid, last, rows)
            if batch[-1] is None or (end is not None and _arcs(last) >= end):
                return rows
            seen += len(batch)
            if seen > max_rows:
                raise Malformed(f"{self._where} has more than {max_rows} rows in {oid}")
        # An end of all objects, or an error of the device's, which gufo shows the same way: ask beyond the column.
        if await self._answered(self._exchange.bulk(GetIter(f"{oid}.4294967295", 1))):
            raise Malformed(f"{self._where} broke off {oid} with an error after {seen} rows")
        return rows

    def _take(self, batch: Sequence[Row], oid: str, last: str, rows: dict[str, Value]) -> str:
        """Put an answer's objects into `rows`; returns the last index. Each must come after the one before it."""
        start = len(oid) + 1
        number = int(last) if last.isdecimal() else -1
        for row in batch:
            if row is None:
                break
            index = row[0][start:]
            if number >= 0 and index.isdecimal():
                advances = (following := int(index)) > number
            else:
                advances = bool(index) and _arcs(index) > _arcs(last)
                following = int(index) if index.isdecimal() else -1
            if not advances:
                what = f"{index or 'itself'} after {last or 'itself'}"
                raise Malformed(f"{self._where} does not advance in {oid}: {what}")
            last, number = index, following
            if row[1] is not None:
                rows[index] = row[1]
        return last

    def _take_any(self, batch: Sequence[Row], oid: str, last: str, rows: dict[str, Value]) -> str:
        """As `_take`, in whatever order the device has; no row may come twice."""
        for row in batch:
            if row is None:
                break
            index = row[0][len(oid) + 1 :]
            if not index or index in rows:
                raise Malformed(f"{self._where} repeats itself in {oid}: {index or 'itself'} after {last or 'itself'}")
            last = index
            if row[1] is not None:
                rows[index] = row[1]
        return last

    async def _begin(self) -> None:
        """v3: learn the engine's id, set the keys, learn the engine's clock."""
        v3, user = self._v3, self._credentials.user
        if v3 is None or user is None:
            return
        async with self._lock:
            await self._refresh(v3)
            v3.set_keys(user.name, user.get_auth_alg(), user.get_auth_key(), user.get_priv_alg(), user.get_priv_key())
            self._stage = "keyed"
            if user.require_auth():
                await self._refresh(v3)

    async def _refresh(self, v3: SocketV3) -> None:
        self._refreshed = monotonic()
        await self._unless_silent(self._exchange.refresh(v3))

    async def _answered(self, asking: Coroutine[Any, Any, T]) -> T:
        """An answer to a request of ours, with the v3 engine's clock learnt again when it may have drifted."""
        if self._v3 is not None and monotonic() - self._refreshed > _REFRESH_SECONDS:
            await self._refresh(self._v3)
        answer = await self._unless_silent(asking)
        self._stage = "answering"
        return answer

    async def _unless_silent(self, asking: Coroutine[Any, Any, T]) -> T:
        try:
            return await asking
        except NoAnswer:
            raise Silent(f"{self._where}: no answer{_SILENCE[self._stage]}") from None


_SILENCE = {
    "v2c": " (wrong address, community or access list?)",
    "start": " (wrong address or access list, or no SNMP v3?)",
    "keyed": " (wrong user, privacy password or protocol?)",
    "answering": " any more",
}
"""What silence may mean: an agent does not say why it drops a request (RFC 3414, 3.2; RFC 3584, 5.2.1)."""


class _Credentials:
    """The secrets of one session, read once."""

    def __init__(self, settings: SnmpSettings) -> None:
        self.community: str | None = None
        self.user: User | None = None
        if settings.version == "2c":
            self.community = _read(settings.community).get_secret_value() if settings.community else ""
            return
        auth, privacy = settings.auth, settings.privacy
        self.user = v3_user(
            settings.user or "",
            (auth.protocol, _password(auth.password)) if auth else None,
            (privacy.protocol, _password(privacy.password)) if privacy else None,
            privacy.key_extension if privacy else "blumenthal",
        )


def _read(secret: Secret) -> SecretStr:
    try:
        return secret.read()
    except SecretUnavailable as error:
        raise Refused(f"no credential: {error}") from None


def _password(secret: Secret) -> bytes:
    password = _read(secret).get_secret_value().encode()
    if len(password) < _MIN_PASSWORD:
        raise Refused(f"the password in {secret.file or secret.env} has fewer than {_MIN_PASSWORD} characters")
    return password


async def _addresses(settings: SnmpSettings) -> list[str]:
    """The host's addresses, the resolver's first choice first."""
    if _is_address(settings.host):
        return [settings.host]  # the resolver works in a thread, which costs as much as a small table
    try:
        found = await asyncio.get_running_loop().getaddrinfo(settings.host, settings.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{settings.host}: {getattr(error, 'strerror', None) or 'not a name'}") from None
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # a scope id is the resolver's to understand


def _arcs(index: str) -> tuple[int, ...]:
    return tuple(map(int, index.split("."))) if index else ()
