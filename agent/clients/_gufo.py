"""The one module that knows gufo-snmp's insides: opens its sockets, and exchanges one message at a time.

Its own client is not used for polling: it reads a GETBULK answer row by row, leaves its socket unconnected, so that a
closed port looks like silence, and never sends anything twice. The private names used here are those of one release,
which pyproject.toml pins and a test holds to.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    BaseAuthKey,
    BasePrivKey,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    User,
)
from gufo.snmp._fast import GetIter, SnmpV2cClientSocket, SnmpV3ClientSocket
from gufo.snmp.user import KeyExpansion
from gufo.snmp.utils import format_sock_addr

from agent.errors import Malformed, Refused, Unreachable

__all__ = [
    "RELEASE",
    "Exchange",
    "GetIter",
    "NoAnswer",
    "Row",
    "SocketV3",
    "User",
    "Value",
    "open_v2c",
    "open_v3",
    "v3_user",
]

RELEASE = "0.13.0"

AUTH: dict[str, type[BaseAuthKey]] = {
    "md5": Md5Key,
    "sha": Sha1Key,
    "sha224": Sha224Key,
    "sha256": Sha256Key,
    "sha384": Sha384Key,
    "sha512": Sha512Key,
}
PRIVACY: dict[str, type[BasePrivKey]] = {"des": DesKey, "aes128": Aes128Key, "aes192": Aes192Key, "aes256": Aes256Key}
EXTENSION = {"blumenthal": KeyExpansion.Blumenthal, "reeder": KeyExpansion.Cisco}

Value = int | float | str | bytes
SocketV3 = SnmpV3ClientSocket
Row = tuple[str, Value | None] | None
T = TypeVar("T")


class NoAnswer(Exception):
    """Every attempt of a request passed without an answer."""


class GufoSocket(Protocol):
    """What is used of gufo's sockets; each `recv_…` raises BlockingIOError for an answer to another request."""

    def get_fd(self) -> int: ...
    def send_get_many(self, oids: list[str]) -> None: ...
    def recv_get_many(self) -> dict[str, Value | None]: ...
    def send_get_bulk(self, iter_getbulk: GetIter) -> None: ...
    def recv_get_bulk(self, iter_getnext: GetIter) -> list[Row]: ...


def v3_user(
    name: str,
    auth: tuple[str, bytes] | None,
    privacy: tuple[str, bytes] | None,
    extension: Literal["blumenthal", "reeder"],
) -> User:
    """A v3 user; `auth` and `privacy` are a protocol and a password each."""
    return User(
        name,
        auth_key=AUTH[auth[0]](auth[1]) if auth else None,
        priv_key=PRIVACY[privacy[0]](privacy[1]) if privacy else None,
        key_expansion=EXTENSION[extension],
    )


def open_v2c(address: str, port: int, community: str) -> SnmpV2cClientSocket:
    return SnmpV2cClientSocket(format_sock_addr(address, port), community, 0, 0, 0, 0)


def open_v3(address: str, port: int) -> SnmpV3ClientSocket:
    """A socket that can ask for the engine's id and nothing else yet (RFC 3414, 4)."""
    return SnmpV3ClientSocket(format_sock_addr(address, port), b"", "", 0, b"", 0, b"", 0, 0, 0, 0)


class Exchange:
    """Requests and answers on one socket, one at a time. Once an answer made gufo panic it is not used again."""

    def __init__(self, gufo: GufoSocket, address: str, port: int, where: str, timeout: float, retries: int) -> None:
        self._gufo, self._where, self._timeout, self._attempts = gufo, where, timeout, retries + 1
        self._loop = asyncio.get_running_loop()
        # Connected, so that the kernel drops answers from elsewhere and tells of a closed port. dup: gufo owns its own.
        self._python = socket.socket(fileno=os.dup(gufo.get_fd()))
        self._fd = self._python.fileno()
        self._broken = self._watched = False
        self._waiter: asyncio.Future[bool] | None = None
        try:
            self._python.connect((address, port))
        except OSError as error:
            self._python.close()
            raise self._network(error) from None

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._python.close()

    async def get_many(self, oids: list[str]) -> dict[str, Value | None]:
        """One GET. An answer with an error status is an empty dict, as is one without any of the objects."""
        return await self._ask(lambda: self._gufo.send_get_many(oids), self._gufo.recv_get_many)

    async def bulk(self, step: GetIter) -> list[Row] | None:
        """One GETBULK, whole; None in it is the end of the column, None instead of it an end of all or an error."""
        try:
            return await self._ask(lambda: self._gufo.send_get_bulk(step), lambda: self._gufo.recv_get_bulk(step))
        except StopAsyncIteration:
            return None

    async def refresh(self, v3: SocketV3) -> None:
        """v3: learn the engine's id, or with keys its clock (RFC 3414, 4)."""
        await self._ask(v3.send_refresh, v3.recv_refresh)

    async def _ask(self, send: Callable[[], None], receive: Callable[[], T]) -> T:
        """What `receive` makes of the answer to `send`. Raises NoAnswer, Refused, Unreachable or Malformed."""
        if self._broken:
            raise Malformed(f"{self._where} sent an answer that cannot be read; the session was given up")
        try:
            for _ in range(self._attempts):
                await self._send(send)
                answer = await self._answer(receive)
                if answer is not None:
                    return answer[0]
        except SnmpAuthError:
            raise Refused(f"{self._where} rejected the credentials, or their level shows nothing") from None
        except (SnmpError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "SnmpDecodeError" not in str(error):
                raise
            why = str(error).partition("[")[0].strip(" :")  # from "[" on it may quote the message, community and all
            raise Malformed(f"{self._where} sent an answer that cannot be read: {why}") from None
        except OSError as error:
            raise self._network(error) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            self._broken = True
            raise Malformed(f"{self._where} sent an answer that broke the decoder: {error}") from None
        raise NoAnswer

    async def _send(self, send: Callable[[], None]) -> None:
        try:
            send()
        except BlockingIOError:
            writable = self._loop.create_future()
            self._loop.add_writer(self._fd, _settle, writable, True)
            try:
                await writable
            finally:
                self._loop.remove_writer(self._fd)
            send()

    async def _answer(self, receive: Callable[[], T]) -> tuple[T] | None:
        """The answer, or None when the time for it is over. Others' answers do not prolong it."""
        loop = self._loop
        deadline = loop.time() + self._timeout
        while True:
            self._waiter = waiter = loop.create_future()
            timer = loop.call_at(deadline, _settle, waiter, False)
            if not self._watched:
                loop.add_reader(self._fd, self._readable)
                self._watched = True
            try:
                if not await waiter:
                    return None
                return (receive(),)
            except BlockingIOError:
                if loop.time() >= deadline:
                    return None
            finally:
                timer.cancel()
                self._waiter = None

    def _readable(self) -> None:
        """Stays registered from one request to the next; what comes when nobody waits ends that, lest it spin."""
        if self._waiter is not None:
            _settle(self._waiter, True)
        else:
            self._loop.remove_reader(self._fd)
            self._watched = False

    def _network(self, error: OSError) -> Refused | Unreachable:
        said = error.strerror or str(error)  # gufo's own have no errno, only Rust's words
        if error.errno == errno.ECONNREFUSED or "refused" in said.lower():
            return Refused(f"{self._where}: no SNMP agent listens on this port")
        return Unreachable(f"{self._where}: {said}")


def _settle(future: "asyncio.Future[bool]", value: bool) -> None:
    if not future.done():
        future.set_result(value)
