"""An ndt7 server written from its specification (m-lab/ndt-server) and RFC 6455, on plain sockets.

It never imports the client. What it gets wrong, it gets wrong because a test asked for it (`Wrong`).
"""

import asyncio
import base64
import hashlib
import json
import os
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

SUBPROTOCOL = "net.measurementlab.ndt.v7"
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_TEXT, _BINARY, _CLOSE = 1, 2, 8
LARGEST = 1 << 24
GROWTH = 16
MEASURE_SECONDS = 0.1
"""At most ten measurements a second."""

Wrong = Literal[
    "nothing", "silent", "garbage", "hangs-up", "no-subprotocol", "elsewhere", "bad-accept", "binary-in-upload",
    "bad-json", "chatter", "counts-back", "counts-too-much", "no-counts", "stalls", "long-text", "silent-after-upgrade",
]  # fmt: skip


@dataclass
class Server:
    """How this server behaves, and what it saw."""

    seconds: float = 10.0
    rate: float | None = None
    """Bytes per second each way; as fast as it goes when None."""
    status: int = 101
    headers: tuple[str, ...] = ()
    wrong: Wrong = "nothing"
    tcp: dict[str, int] = field(default_factory=dict)
    """TCPInfo of its measurements, beside ElapsedTime."""
    port: int = 0
    paths: list[str] = field(default_factory=list)
    sent_sizes: list[int] = field(default_factory=list)
    got_sizes: list[int] = field(default_factory=list)
    texts: list[dict[str, object]] = field(default_factory=list)
    closed_well: int = 0
    """Tests that the client ended by a close frame."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.wrong == "silent":
            await reader.read()
            return
        if self.wrong == "garbage":
            writer.write(b"\x00\xffnonsense\r\n\r\n" * 50)
            return
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, _, rest = head.partition("\r\n")
        path = request.split()[1].partition("?")[0]
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest.split("\r\n"))
        }
        self.paths.append(path)
        right = headers.get("sec-websocket-version") == "13" and SUBPROTOCOL in headers.get(
            "sec-websocket-protocol", ""
        )
        status = self.status if right else 400
        if self.wrong == "elsewhere":
            status = 302
        if self.wrong == "hangs-up":
            return
        if status != 101:
            lines = [f"HTTP/1.1 {status} No", "Content-Length: 0", *self.headers]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await writer.drain()
            return
        digest = hashlib.sha1((headers["sec-websocket-key"] + _GUID).encode()).digest()  # noqa: S324 - RFC 6455 says so
        accept = base64.b64encode(digest if self.wrong != "bad-accept" else b"x" * 20).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {accept}")
        if self.wrong != "no-subprotocol":
            lines.append(f"Sec-WebSocket-Protocol: {SUBPROTOCOL}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        if self.wrong == "silent-after-upgrade":
            await reader.read()
            return
        await (self._download if path.endswith("/download") else self._upload)(reader, writer)

    async def _download(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening = asyncio.create_task(self._listen(reader))
        began, total, size, told = monotonic(), 0, 1 << 13, 0.0
        block = os.urandom(1 << 20)
        try:
            while (now := monotonic()) < began + self.seconds and not listening.done():
                if self.wrong == "stalls" and now > began + self.seconds * 0.3:
                    await listening
                if now - told >= MEASURE_SECONDS or self.wrong == "chatter":
                    writer.write(
                        _frame(_TEXT, self._measurement(began, total)) * (100 if self.wrong == "chatter" else 1)
                    )
                    told = now
                while size < total // GROWTH and size < (LARGEST if self.rate is None else 1 << 15):
                    size *= 2
                writer.write(_head(_BINARY, size))
                for at in range(0, size, len(block)):
                    writer.write(block[: min(len(block), size - at)])
                    await writer.drain()
                total += size
                self.sent_sizes.append(size)
                await self._pace(began, total)
            if not listening.done():
                writer.write(_frame(_CLOSE, struct.pack("!H", 1000)))
                await writer.drain()
                await listening
        finally:
            listening.cancel()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """The client's side of a download: it may send text, and closes."""
        async for opcode, payload in _frames(reader):
            assert opcode != _BINARY, "a client must not send binary messages during a download"
            if opcode == _TEXT:
                self.texts.append(json.loads(payload))

    async def _upload(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began, told = monotonic(), 0.0
        total = 0
        if self.wrong == "binary-in-upload":
            writer.write(_frame(_BINARY, b"x"))
        async for opcode, payload in _frames(reader):
            now = monotonic()
            if opcode == _BINARY:
                total += len(payload)
                self.got_sizes.append(len(payload))
            if opcode == _CLOSE:
                self.closed_well += 1
                writer.write(_frame(_CLOSE, payload[:2]))
                await writer.drain()
                return
            if now >= began + self.seconds:
                writer.write(_frame(_CLOSE, struct.pack("!H", 1000)))
                await writer.drain()
            elif now - told >= MEASURE_SECONDS or self.wrong == "chatter":
                writer.write(_frame(_TEXT, self._measurement(began, total)))
                told = now
            await self._pace(began, total)

    def _measurement(self, began: float, total: int) -> bytes:
        elapsed = int((monotonic() - began) * 1e6)
        if self.wrong == "bad-json":
            return b'{"AppInfo": {"NumBytes": "many"}}'
        if self.wrong == "long-text":
            return b'{"Origin": "%b"}' % (b"x" * 100_000)
        if self.wrong == "counts-back" and total > 1 << 16:
            total = max(0, 10**12 - total)
        if self.wrong == "counts-too-much":
            total += 1 << 40
        tcp = {"ElapsedTime": elapsed, **{name: int(share * elapsed / 100) for name, share in self.tcp.items()}}
        told: dict[str, object] = {"Origin": "server", "TCPInfo": tcp}
        if self.wrong != "no-counts":
            told["AppInfo"] = {"NumBytes": total, "ElapsedTime": elapsed}
        return json.dumps(told).encode()

    async def _pace(self, began: float, total: int) -> None:
        if self.rate is not None:
            await asyncio.sleep(max(0.0, began + total / self.rate - monotonic()))


@asynccontextmanager
async def ndt7_server(
    server: Server, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """The server on a free port; its sessions are ended with it."""
    sessions: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions[task] = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await server.serve(reader, writer)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(session, host, port, limit=1 << 20, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for _ in range(3):
            await asyncio.sleep(0)  # a connection that was just accepted has its session by then
        for writer in sessions.values():
            if not writer.transport.is_closing():  # one that is closed has no loop left to abort in
                writer.transport.abort()
        done = await asyncio.gather(*sessions, return_exceptions=True)
        for writer in sessions.values():
            with suppress(OSError):  # ssl.SSLError is one
                await writer.wait_closed()
        for failure in done:
            if isinstance(failure, AssertionError):
                raise failure


def _head(opcode: int, size: int) -> bytes:
    """A final, unmasked frame's header (RFC 6455, 5.2)."""
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size)
    return (
        struct.pack("!BBH", 0x80 | opcode, 126, size)
        if size < 1 << 16
        else struct.pack("!BBQ", 0x80 | opcode, 127, size)
    )


def _frame(opcode: int, payload: bytes) -> bytes:
    return _head(opcode, len(payload)) + payload


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[int, bytes]]:
    """The client's frames: they must be masked (RFC 6455, 5.1). A binary payload stays masked, being noise anyway."""
    while True:
        try:
            first, second = await reader.readexactly(2)
        except asyncio.IncompleteReadError:
            return
        assert second & 0x80, "a client's frames must be masked"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await reader.readexactly(8))
        assert size <= LARGEST
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(size)
        opcode = first & 0x0F
        if opcode != _BINARY:
            payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        yield opcode, payload
        if opcode == _CLOSE:
            return
