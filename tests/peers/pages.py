"""An HTTP server that answers whatever a test wants, broken or not, and other peers on TCP that misbehave."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def tcp_server(speak: Speak, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a peer that does `speak` on each connection; its sessions end with it."""
    sessions: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await speak(reader, writer)
        writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in sessions.values():
            writer.transport.abort()
        await asyncio.gather(*sessions, return_exceptions=True)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and answers nothing."""
    while await reader.read(4096):
        pass


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes of no protocol."""
    writer.write(b"\x00\xffnonsense\r\n\r\n" * 500)
    await writer.drain()


@contextlib.asynccontextmanager
async def pages(answers: Mapping[str, bytes], tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The base URL of a server with these whole answers by path."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n")).split()[1].decode()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.get(path, page(b"", "404 Not Found")))
        await writer.drain()

    async with tcp_server(speak, tls) as port:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"


def page(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    lines = {
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def without_end(first: bytes, more: bytes, pause: float) -> Speak:
    """An answer that begins with `first` and goes on with `more` for ever."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + first)
        while True:
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(pause)

    return speak


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nothing listens, for as long as it is held."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])
