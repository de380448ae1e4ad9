"""UDP servers that do not behave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._answer is not None and self._transport is not None:
            self._transport.sendto(self._answer, addr)


@asynccontextmanager
async def udp(answer: bytes | None) -> AsyncIterator[int]:
    """The port of a server that gives each datagram the same answer, or none."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(answer), local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
