"""An RTSP server written from RFC 2326 and RFC 7616, with every way to misbehave that a genuine one does not have."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

Misbehaviour = Literal[
    "", "silent", "garbage", "endless-line", "many-headers", "huge-body", "drips", "hangs-up", "redirects", "no-sdp",
    "no-video", "no-session", "udp-only", "another-cseq", "injects", "500", "403", "media-only", "no-packets", "no-rtp",
]  # fmt: skip
NONCE, REALM = "5fbb1c2a", "IP Camera(12345)"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=Media\r\nt=0 0\r\na=control:*\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:trackID=1\r\n"
)
RTP = bytes([0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]) + b"picture"


@dataclass
class RtspRaw:
    """Serves `paths`. `asked` is every method with its URL."""

    user: str = ""
    password: str = ""
    scheme: Literal["MD5", "SHA-256", "both"] = "SHA-256"
    misbehaves: Misbehaviour = ""
    misbehaves_at: str = "DESCRIBE"
    closes_after_401: bool = False
    paths: tuple[str, ...] = ("/main",)
    sdp: str = SDP
    port: int = 0
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    _open: dict["asyncio.Task[None] | None", asyncio.StreamWriter] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["RtspRaw"]:
        server = await asyncio.start_server(self._session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._open.values():
                writer.transport.abort()
            await asyncio.gather(*filter(None, self._open), return_exceptions=True)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[asyncio.current_task()] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, url, _ = head.split("\r\n", 1)[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head.split("\r\n")[1:])}
        self.asked.append(f"{method} {url}")
        cseq = headers["cseq"]
        if method == self.misbehaves_at and self.misbehaves:
            return await self._misbehave(reader, writer, cseq)
        if method != "OPTIONS" and self.password and not self._is_signed(method, url, headers.get("authorization", "")):
            schemes = ("MD5", "SHA-256") if self.scheme == "both" else (self.scheme,)
            challenges = [
                f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm={name}'
                for name in schemes
            ]
            closing = ["Connection: close"] * self.closes_after_401
            self._say(writer, 401, cseq, *challenges, *closing)
            return not closing
        match method:
            case "OPTIONS":
                self._say(writer, 200, cseq, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
            case "DESCRIBE" if not url.endswith(self.paths):
                self._say(writer, 404, cseq)
            case "DESCRIBE":
                self._say(writer, 200, cseq, f"Content-Base: {url}/", "Content-Type: application/sdp", body=self.sdp)
            case "SETUP":
                writer.write(b"$\x01\x00\x04\x80\xc8\x00\x00")  # a frame may come between answers
                self._say(writer, 200, cseq, "Session: 77;timeout=60", f"Transport: {headers['transport']};ssrc=1")
            case "PLAY":
                self._say(writer, 200, cseq, "Session: 77")
                writer.write(b"$\x01\x00\x04\x80\xc8\x00\x00" + b"$\x00" + len(RTP).to_bytes(2, "big") + RTP)
            case "TEARDOWN":
                self._say(writer, 200, cseq)
        await writer.drain()
        return True

    def _say(self, writer: asyncio.StreamWriter, status: int, cseq: str, *lines: str, body: str = "") -> None:
        length = [f"Content-Length: {len(body)}"] if body else []
        writer.write("\r\n".join([f"RTSP/1.0 {status} Said", f"CSeq: {cseq}", *lines, *length, "", body]).encode())

    def _is_signed(self, method: str, url: str, authorization: str) -> bool:
        if not authorization:
            return False
        said = {
            name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', authorization)
        }
        strong = said.get("algorithm") == "SHA-256"
        hashed = hashlib.sha256 if strong else hashlib.md5
        one = hashed(f"{self.user}:{REALM}:{self.password}".encode()).hexdigest()
        two = hashed(f"{method}:{url}".encode()).hexdigest()
        right = hashed(f"{one}:{NONCE}:{said.get('nc')}:{said.get('cnonce')}:auth:{two}".encode()).hexdigest()
        is_right = (said.get("uri"), said.get("response")) == (url, right) and strong == (self.scheme != "MD5")
        self.refused += not is_right
        return is_right

    async def _misbehave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cseq: str) -> bool:
        match self.misbehaves:
            case "silent":
                await reader.read()
            case "garbage":
                writer.write(b"\x00\x01\x02HTTP/1.1 400 Bad Request\r\n\r\n")
            case "endless-line":
                while True:
                    writer.write(b"x" * 65536)
                    await writer.drain()
            case "many-headers":
                writer.write(b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 500)
            case "huge-body":
                self._say(writer, 200, cseq, "Content-Length: 99999999999999999999")
            case "drips":
                for _ in range(10_000):
                    writer.write(b"R")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            case "redirects":
                self._say(writer, 302, cseq, "Location: rtsp://127.0.0.1:22/main")
            case "no-sdp":
                self._say(writer, 200, cseq, body="<html></html>")
            case "no-video":
                self._say(writer, 200, cseq, body=SDP.partition("m=video")[0])
            case "no-session":
                self._say(writer, 200, cseq, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
            case "udp-only":
                self._say(writer, 200, cseq, "Session: 1", "Transport: RTP/AVP;unicast;client_port=1-2")
            case "another-cseq":
                self._say(writer, 200, "999", body=SDP)
            case "injects":
                sdp = SDP.replace("trackID=1", "trackID=1 RTSP/1.0\x0bPAUSE")
                self._say(writer, 200, cseq, "Content-Base: rtsp://x/", body=sdp)
            case "500" | "403":
                self._say(writer, int(self.misbehaves), cseq)
            case "media-only":
                writer.write((b"$\x00" + len(RTP).to_bytes(2, "big") + RTP) * 2000)
                await writer.drain()
                await reader.read()
            case "no-packets":
                self._say(writer, 200, cseq)
                await reader.read()
            case "no-rtp":
                self._say(writer, 200, cseq)
                writer.write(b"$\x00\x00\x02??" * 2000)
                await reader.read()
        await writer.drain()
        return False
