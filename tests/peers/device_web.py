"""The web server of a device: HTTP Digest from RFC 7616, pages from a table, and ways to misbehave."""

import asyncio
import contextlib
import gzip
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

Misbehaviour = Literal[
    "", "silent", "garbage", "oversized", "endless", "drips", "redirects-to-loopback", "redirects-elsewhere",
    "compressed", "hangs-up", "html", "bomb", "deep", "external-entity", "locked", "headers",
]  # fmt: skip
REALM = "DS-7616"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lol [<!ENTITY a "lollollollollollollollollollollol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(8))
    + b"]><lol>&i;</lol>"
)
Page = tuple[int, bytes] | Callable[[bytes], tuple[int, bytes]]


@dataclass
class DeviceWeb:
    """`pages` by path with its query; a callable is given the body of the request. `asked` is every request."""

    pages: dict[str, Page] = field(default_factory=dict)
    user: str = ""
    password: str = ""
    schemes: tuple[str, ...] = ("MD5",)
    """What it offers, in this order: MD5, SHA-256, Basic."""
    misbehaves: Misbehaviour = ""
    misbehaves_at: str = ""
    """The path at which; every one when empty."""
    nonce_lasts: int = 0
    """How many requests may be signed with a nonce; 0 is for ever."""
    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    """Requests with an Authorization that was not right: what an account is locked for."""
    used: set[str] = field(default_factory=set)
    """Schemes that were signed with."""
    _nonce: str = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    _signed: int = 0
    _open: dict["asyncio.Task[None] | None", asyncio.StreamWriter] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["DeviceWeb"]:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=1 << 20, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._open.values():
                writer.transport.abort()
            await asyncio.gather(*filter(None, self._open), return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[asyncio.current_task()] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._exchange(reader, writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head.split("\r\n")[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(f"{method} {target}")
        if self.misbehaves and self.misbehaves_at in ("", target):
            await self._misbehave(writer, reader)
            return
        if self.password and not self._is_signed(method, target, headers.get("authorization", "")):
            await self._answer(writer, 401, b"<html>401</html>", self._challenges())
            return
        page = self.pages.get(target, (404, b"<html>404</html>"))
        status, answer = page(body) if callable(page) else page
        await self._answer(writer, status, answer)

    def _challenges(self) -> list[str]:
        return [
            f'WWW-Authenticate: Basic realm="{REALM}"'
            if scheme == "Basic"
            else f'WWW-Authenticate: Digest qop="auth", realm="{REALM}", nonce="{self._nonce}", algorithm={scheme}'
            for scheme in self.schemes
        ]

    def _is_signed(self, method: str, target: str, authorization: str) -> bool:
        if not authorization:
            return False
        if "Basic" in self.schemes and authorization.startswith("Basic "):
            self.used.add("Basic")
            return True
        said = {
            name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', authorization)
        }
        algorithm = said.get("algorithm", "MD5")
        hashed = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
        one = hashed(f"{self.user}:{REALM}:{self.password}".encode()).hexdigest()
        two = hashed(f"{method}:{target}".encode()).hexdigest()
        middle = f"{self._nonce}:{said.get('nc')}:{said.get('cnonce')}:auth"
        right = (
            said.get("username") == self.user
            and said.get("uri") == target
            and algorithm in self.schemes
            and said.get("response") == hashed(f"{one}:{middle}:{two}".encode()).hexdigest()
        )
        self.used.add(algorithm)
        if right and self.nonce_lasts and self._signed >= self.nonce_lasts:
            self._nonce, self._signed = f"{self._nonce}1", 0
            return False
        self._signed += 1
        self.refused += not right
        return right

    async def _answer(
        self, writer: asyncio.StreamWriter, status: int, body: bytes, headers: list[str] | None = None
    ) -> None:
        lines = [f"HTTP/1.1 {status} Said", "Content-Type: application/xml", *(headers or ())]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""]).encode() + body)
        await writer.drain()

    async def _misbehave(self, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        match self.misbehaves:
            case "silent":
                await reader.read()
            case "garbage":
                writer.write(b"\x00\xff\x16\x03 not what you asked for\r\n\r\n")
            case "oversized":
                await self._answer(writer, 200, b"<a>" + b"x" * (3 << 20) + b"</a>")
            case "endless":
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    writer.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
                    await writer.drain()
            case "drips":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while True:
                    writer.write(b"<")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            case "headers":
                writer.write(b"HTTP/1.1 200 OK\r\n")
                while True:
                    writer.write(b"X-More: and more\r\n" * 100)
                    await writer.drain()
                    await asyncio.sleep(0)
            case "redirects-to-loopback":
                await self._answer(writer, 302, b"", [f"Location: http://127.0.0.1:{self.port}/secret"])
            case "redirects-elsewhere":
                await self._answer(writer, 301, b"", ["Location: https://192.0.2.9/ISAPI"])
            case "compressed":
                bomb = gzip.compress(b"<a>" + b" " * (10 << 20) + b"</a>")
                await self._answer(writer, 200, bomb, ["Content-Encoding: gzip"])
            case "html":
                await self._answer(writer, 200, b"<!DOCTYPE html><html><body>Login</body></html>")
            case "bomb":
                await self._answer(writer, 200, BOMB)
            case "external-entity":
                await self._answer(writer, 200, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')
            case "deep":
                await self._answer(writer, 200, b"<a>" * 20_000 + b"</a>" * 20_000)
            case "locked":
                await self._answer(
                    writer, 403, b"<ResponseStatus><subStatusCode>lowPrivilege</subStatusCode></ResponseStatus>"
                )
