"""A projector that speaks PJLink class 1 and 2 over TCP.

Source: JBMIA, "PJLink Specifications", class 1 and class 2.
"""

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Self

IDLE_SECONDS = 30.0
"""A projector closes a connection that has been idle for this long."""
MAX_COMMAND = 136
"""A command line's longest form: 2 + 4 + 1 + 128 + CR."""

STANDBY, ON, COOLING, WARMING = "0", "1", "2", "3"
NO_ERRORS = "000000"
LAMP_FAULT = "020000"
"""ERST: fan, lamp, temperature, cover, filter, other; 0 none, 1 warning, 2 error."""


@dataclass
class Projector:
    """One projector. Change a field and the next answer says so.

    `writes` counts commands that would change something, all of them refused. `password` empty: no authentication.
    A `laser` has no lamp and answers ERR1 to LAMP. A `silent` projector accepts connections and says nothing.
    """

    name: str
    password: str = ""
    power: str = ON
    errors: str = NO_ERRORS
    lamps: tuple[tuple[int, bool], ...] = ((1203, True),)
    laser: bool = False
    pjlink_class: int = 2
    silent: bool = False
    port: int = 0
    writes: int = 0

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1; `port` says which."""
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=MAX_COMMAND + 40)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        self._server.close()
        conversations = [task for task in self._open.values() if task is not None]
        for writer in list(self._open):
            writer.close()
        await asyncio.gather(*conversations)
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            await self._converse(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            del self._open[writer]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            await reader.read()
            return
        token = secrets.token_hex(4)
        digest = hashlib.md5((token + self.password).encode()).hexdigest()  # noqa: S324 (the protocol's own)
        writer.write(f"PJLINK 1 {token}\r".encode() if self.password else b"PJLINK 0\r")
        trusted = not self.password
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                line = (await reader.readuntil(b"\r"))[:-1].decode("ascii", "replace")
            if not trusted:
                if not hmac.compare_digest(line[:32].encode(), digest.encode()):
                    writer.write(b"PJLINK ERRA\r")
                    return
                trusted, line = True, line[32:]
            elif line.startswith(digest):
                line = line[32:]  # a client may send it again with each command
            writer.write(self._answer(line).encode() + b"\r")
            await writer.drain()

    def _answer(self, line: str) -> str:
        head, body, value = line[:2], line[2:6].upper(), line[7:]
        if head not in ("%1", "%2") or line[6:7] != " " or not value:
            return f"{line[:6]}=ERR1"
        if value != "?" and not (body == "INNM" and value.startswith("?")):
            self.writes += 1
            return f"{head}{body}=ERR3"
        return f"{head}{body}={self._value(head, body)}"

    def _value(self, head: str, body: str) -> str:
        lit = self.power == ON
        common = {
            "POWR": self.power,
            "ERST": self.errors,
            "INPT": "31" if lit else "ERR3",
            "AVMT": "30" if lit else "ERR3",
            "INST": "11 31 32" + (" 51" if self.pjlink_class == 2 else ""),
        }
        first = {
            "LAMP": "ERR1" if self.laser else " ".join(f"{hours} {int(on and lit)}" for hours, on in self.lamps),
            "NAME": self.name,
            "INF1": "EPSON",
            "INF2": "CB-L210W" if self.laser else "CB-X49",
            "INFO": "",
            "CLSS": str(self.pjlink_class),
        }
        second = {
            "SNUM": "X8PN0400123",
            "SVER": "1.04",
            "INNM": "HDMI1",
            "IRES": "1920x1080" if lit else "ERR3",
            "RRES": "1920x1200",
            "FILT": "412",
            "RLMP": "ERR1" if self.laser else "ELPLP96",
            "RFIL": "ELPAF54",
            "FREZ": "0" if lit else "ERR3",
        }
        if head == "%1":
            return {**common, **first}.get(body, "ERR1")
        return {**common, **second}.get(body, "ERR1") if self.pjlink_class == 2 else "ERR1"
