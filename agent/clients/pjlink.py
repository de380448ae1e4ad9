"""PJLink class 1 and 2, read only, by aiopjlink. Numbers in brackets: sections of JBMIA's class 2 specification."""

import errno
from asyncio import LimitOverrunError
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from socket import gaierror
from typing import Literal, TypeVar

import aiopjlink
from aiopjlink import PJLink

from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable

Power = Literal["standby", "on", "cooling", "warming"]
_POWERS: dict[str, Power] = {"0": "standby", "1": "on", "2": "cooling", "3": "warming"}

EXCHANGE_SECONDS = 4.0
"""For one answer; the specification gives a projector 2 s."""
MAX_HOURS = 99_999
"""Lamp and filter hours have at most five digits (4.8, 4.20)."""
MAX_LAMPS = 8

T = TypeVar("T")


class AuthenticationFailed(Refused):
    """The password is wrong, or none was given where one is asked for."""


class PortClosed(Refused):
    """The machine is there and nothing listens on the port: PJLink is switched off, or this is no projector."""


class Declined(Malformed):
    """The device answered a question with an error code (2.2). Unless caught, an answer was needed and not given."""


class Undefined(Declined):
    """ERR1: it does not know the command; for LAMP, it has no lamp (4.8)."""


class OutOfParameter(Declined):
    """ERR2."""


class Unavailable(Declined):
    """ERR3: not in its present state, which is usual in standby."""


class Failed(Declined):
    """ERR4: the projector or display itself has failed."""


@dataclass(frozen=True, slots=True)
class LampUse:
    """`hours` is 0 when the device does not count them (4.8)."""

    hours: int
    on: bool


class Projector:
    """One open session. Each method asks one question and raises ProbeError; see Declined."""

    def __init__(self, host: str, port: int, password: str | None) -> None:
        self._host, self._port, self._password = host, port, password
        self._link: PJLink | None = None
        self._renewed = False

    async def power(self) -> Power:
        """POWR (4.2)."""
        state = await self._ask(lambda link: link.power.get())
        return _POWERS[state.value]

    async def errors(self) -> dict[str, int]:
        """ERST (4.7): 0 ok or not measured, 1 warning, 2 error, of fan, lamp, temperature, cover, filter and other."""
        levels = await self._ask(lambda link: link.errors.query())
        return {part.value: int(level.value) for part, level in levels.items()}

    async def lamps(self) -> list[LampUse]:
        """LAMP (4.8). Raises Undefined when the light source is no lamp."""
        told = await self._ask(lambda link: link.lamps.status())
        if len(told) > MAX_LAMPS:
            raise Malformed(f"{len(told)} lamps; PJLink has at most {MAX_LAMPS}")
        return [LampUse(_hours(hours), state.value == "1") for hours, state in told]

    async def filter_hours(self) -> int:
        """FILT (4.20), class 2: hours, 0 when it does not count them. Raises Undefined when it has no filter."""
        return _hours(await self._ask(lambda link: link.filter.hours()))

    async def pjlink_class(self) -> str:
        """CLSS (4.14): the class of commands that it knows, "1" or "2"."""
        return str(await self._ask(lambda link: link.transmit("CLSS", "?", PJLink.C1)))

    async def source(self) -> str:
        """INPT (4.4): kind of input and its number, 1 to 9 or A to Z, such as "digital 2"."""
        mode, number = await self._ask(lambda link: link.sources.get())
        if not (number.isascii() and number.isalnum()):
            raise Malformed(f"{number!r} is no number of an input")
        return f"{mode.name.lower()} {number}"

    async def muted(self) -> tuple[bool, bool]:
        """AVMT (4.6): whether picture and sound are muted."""
        picture, sound = await self._ask(lambda link: link.mute.status())
        return bool(picture), bool(sound)

    async def open(self) -> None:
        """Connect and authenticate."""
        try:
            await self._connect()
        except AuthenticationFailed as error:
            await self._renew(error)

    def close(self) -> None:
        """End the session; nothing waits."""
        link, self._link = self._link, None
        if link is not None and link._writer is not None:
            link._writer.close()

    async def _ask(self, question: Callable[[PJLink], Awaitable[T]]) -> T:
        try:
            with _failures_mapped():
                return await question(self._link)
        except AuthenticationFailed as error:
            await self._renew(error)
        with _failures_mapped():
            return await question(self._link)

    async def _renew(self, error: AuthenticationFailed) -> None:
        """A projector that reset its own digest answers ERRA to a good password: once, a new session settles it."""
        if self._renewed or self._password is None:
            raise error
        self._renewed = True
        self.close()
        await self._connect()

    async def _connect(self) -> None:
        self._link = _Link(self._host, self._port, self._password, EXCHANGE_SECONDS)
        with _failures_mapped():
            try:
                await self._link.__aenter__()
            except (aiopjlink.PJLinkERR1, aiopjlink.PJLinkERR2, aiopjlink.PJLinkERR3, aiopjlink.PJLinkERR4):
                return  # the answer to the POWR that carries the digest: authenticated, and power() will ask again


@asynccontextmanager
async def connect(host: str, port: int, password: str | None) -> AsyncIterator[Projector]:
    """An authenticated session. Raises Unreachable, PortClosed, AuthenticationFailed, Silent or Malformed."""
    projector = Projector(host, port, password)
    try:
        await projector.open()
        yield projector
    finally:
        projector.close()


class _Link(PJLink):  # type: ignore[misc]
    async def _read_next(self) -> str:
        """`PJLINK ERRA` can stand in the place of any answer; aiopjlink looks for it after the digest only."""
        line: str = await super()._read_next()
        if line.upper().startswith("PJLINK ERRA"):
            raise aiopjlink.PJLinkPassword("it wants another password (ERRA)")
        return line


@contextmanager
def _failures_mapped() -> Iterator[None]:
    try:
        yield
    except _CAUGHT as error:
        raise as_probe_error(error) from error


_CAUGHT = (
    aiopjlink.PJLinkException,
    OSError,  # a reset connection, and TimeoutError, that aiopjlink lets through
    LimitOverrunError,  # an answer without end
    ValueError,  # not UTF-8, or a value outside of aiopjlink's enumerations
    IndexError,  # an answer too short to have a header
)
_DECLINED: dict[type[Exception], type[Declined]] = {
    aiopjlink.PJLinkERR1: Undefined,
    aiopjlink.PJLinkERR2: OutOfParameter,
    aiopjlink.PJLinkERR3: Unavailable,
    aiopjlink.PJLinkERR4: Failed,
}
_BROKEN = (
    aiopjlink.PJLinkProtocolError,
    aiopjlink.PJLinkUnexpectedResponseParameter,
    aiopjlink.PJLinkProjectorError,
)


def as_probe_error(error: Exception) -> ProbeError:
    """What a failure of aiopjlink means for a probe."""
    if type(error) in _DECLINED:
        return _DECLINED[type(error)](f"the device answered: {error}")
    if isinstance(error, aiopjlink.PJLinkPassword):
        return AuthenticationFailed(str(error))
    if isinstance(error, aiopjlink.PJLinkNoConnection):
        return _no_connection(error.__cause__ or error.__context__)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Silent(f"the device accepted the connection and gave no answer in {EXCHANGE_SECONDS:g} s")
    if isinstance(error, OSError | aiopjlink.PJLinkConnectionClosed):
        return Malformed("the device ended the connection in the middle of an exchange")
    if isinstance(error, LimitOverrunError):
        return Malformed("the device sends without ever ending a line")
    if isinstance(error, _BROKEN):
        return Malformed(str(error))
    return Malformed(f"an answer breaks PJLink: {error}"[:200])


def _no_connection(cause: BaseException | None) -> ProbeError:
    if isinstance(cause, gaierror):
        return Unreachable(f"the name does not resolve: {cause}")
    if isinstance(cause, TimeoutError):
        return Unreachable(f"no connection in {EXCHANGE_SECONDS:g} s")
    # asyncio joins the failures of several addresses in one text without a number
    if isinstance(cause, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(cause):
        return PortClosed("the port is closed: PJLink is switched off there, or it is no projector")
    return Unreachable(f"no connection: {cause}"[:200])


def _hours(hours: int) -> int:
    if not 0 <= hours <= MAX_HOURS:
        raise Malformed(f"{hours} hours of use; PJLink has 0 to {MAX_HOURS}"[:200])
    return hours
