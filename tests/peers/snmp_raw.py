"""An SNMP agent that says whatever a test wants: BER by hand (X.690; RFC 3416, 3), over a real UDP socket."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

Answer = Callable[[bytes], bytes | None]
Bind = tuple[str, bytes]

NULL, NO_SUCH_INSTANCE, END_OF_MIB = b"\x05\x00", b"\x81\x00", b"\x82\x00"
GET, GET_NEXT, RESPONSE, GET_BULK = b"\xa0", b"\xa1", b"\xa2", b"\xa5"
TOO_BIG, GEN_ERR, AUTHORIZATION_ERROR = 1, 5, 16
_REQUEST = re.compile(rb"([\xa0\xa1\xa5])(?:[\x00-\x7f]|\x81.|\x82..)\x02([\x01-\x04])", re.DOTALL)


class Peer(asyncio.DatagramProtocol):
    """Answers each request with what `answer` returns, or not at all; `requests` are those that came."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.port = answer, 0
        self.requests: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests.append(data)
        answer = self.answer(data)
        if answer is not None:
            self.transport.sendto(answer, addr)


@asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[Peer]:
    """A peer on a free port of 127.0.0.1."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: Peer(answer), local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()


def response(request: bytes, binds: Sequence[Bind], error: int = 0, community: bytes = b"public") -> bytes:
    """A Response to this v2c request: its request-id, the error-status, and OIDs with encoded values."""
    rows = b"".join(tlv(0x30, oid(name) + value) for name, value in binds)
    pdu = tlv(0xA2, tlv(0x02, request_id(request)) + integer(error) + integer(0) + tlv(0x30, rows))
    return tlv(0x30, integer(1) + tlv(0x04, community) + pdu)


def request_id(request: bytes) -> bytes:
    found = _REQUEST.search(request)
    assert found is not None
    return request[found.end() : found.end() + found[2][0]]


def asks(request: bytes, name: str) -> bool:
    """Whether the request holds this OID."""
    return oid(name) in request


def is_bulk(request: bytes) -> bool:
    found = _REQUEST.search(request)
    return found is not None and found[1] == GET_BULK


def tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def integer(value: int, tag: int = 0x02) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes) -> bytes:
    return tlv(0x04, value)


def oid(name: str) -> bytes:
    first, second, *rest = map(int, name.split("."))
    content = bytearray([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return tlv(0x06, bytes(content))
