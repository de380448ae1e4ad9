"""A PJLink projector, written from the specification: class 1 and 2, digest, power states, and misbehaviour on demand.

Knows no client of ours. Lines end in CR; the greeting is `PJLINK 0`, or `PJLINK 1 ` and eight random characters, and
then md5(random + password) in hex stands before the first command. A wrong digest is answered by `PJLINK ERRA`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import md5
from typing import Literal

Misbehaviour = Literal[
    "",
    "silent",
    "silent-after-greeting",
    "garbage",
    "flood",
    "short",
    "binary",
    "hangs-up",
    "stranger",
    "wrong-command",
]
STANDBY = {"POWR": "0", "ERST": "000000", "LAMP": "1203 0", "CLSS": "1", "INPT": "ERR3", "AVMT": "ERR3"}
ON = {"POWR": "1", "ERST": "000000", "LAMP": "1203 1", "CLSS": "1", "INPT": "32", "AVMT": "30"}


@dataclass
class Projector:
    """What it says by command, and how it misbehaves. `asked` is every command that it was sent."""

    says: dict[str, str] = field(default_factory=lambda: dict(ON))
    password: str = ""
    token: str = "498e4a67"
    misbehaves: Misbehaviour = ""
    hangs_up_at: str = ""
    """The command at which it closes the connection."""
    refuses_digests: int = 0
    """How many good digests it still answers with ERRA, as after a reset of its own."""
    erra_at: str = ""
    """The command that it answers once with ERRA, in the middle of a session."""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    sessions: int = 0
    first_line: str = ""
    _open: dict["asyncio.Task[None] | None", asyncio.StreamWriter] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator["Projector"]:
        server = await asyncio.start_server(self._session, host, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._open.values():
                writer.transport.abort()
            await asyncio.gather(*filter(None, self._open), return_exceptions=True)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._open[asyncio.current_task()] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._speak(reader, writer)
        writer.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = {
            "silent": b"",
            "garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "stranger": b"SSH-2.0-OpenSSH_9.2\r\n",
            "short": b"\r",
            "binary": b"\xff\xfe\x00PJLINK\r",
            "flood": b"",
            "hangs-up": b"",
        }.get(self.misbehaves)
        if self.misbehaves == "flood":
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        if greeting is not None:
            writer.write(greeting)
            if self.misbehaves != "hangs-up":
                await reader.read()
            return
        writer.write(f"PJLINK 1 {self.token}\r".encode() if self.password else b"PJLINK 0\r")
        expected = md5((self.token + self.password).encode()).hexdigest() if self.password else ""  # noqa: S324 - PJLink asks for it
        while True:
            line = (await reader.readuntil(b"\r")).decode().rstrip("\r")
            self.first_line = self.first_line or line
            if expected:
                digest, line = line[:32], line[32:]
                if digest != expected or self.refuses_digests:
                    self.refuses_digests -= digest == expected
                    writer.write(b"PJLINK ERRA\r")
                    return
                expected = ""
            if self.misbehaves == "silent-after-greeting":
                await reader.read()
                return
            command = line[2:6]
            self.asked.append(command)
            if command == self.hangs_up_at:
                return
            if command == self.erra_at:
                self.erra_at = ""
                writer.write(b"PJLINK ERRA\r")
                return
            if self.misbehaves == "wrong-command":
                writer.write(b"%1LOL!=1\r")
                continue
            writer.write(f"%{line[1]}{command}={self.says.get(command, 'ERR1')}\r".encode())
            await writer.drain()


@dataclass
class Responder(asyncio.DatagramProtocol):
    """The UDP side of a class 2 device: answers `%2SRCH` by `%2ACKN=` and its MAC, or by whatever `says` has."""

    address: str
    mac: str = ""
    says: list[bytes] = field(default_factory=list)
    answers_to_port: int = 0
    """Where its answer goes; 0 for the port that asked."""
    misses: int = 0
    """How many requests it does not hear."""
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data != b"%2SRCH\r" or self._transport is None:
            return
        if self.misses:
            self.misses -= 1
            return
        for answer in self.says or [f"%2ACKN={self.mac}\r".encode()]:
            self._transport.sendto(answer, (addr[0], self.answers_to_port or addr[1]))
