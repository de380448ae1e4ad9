"""A device that answers SNMP v2c (RFC 3416) from a table of values, which may change while it runs."""

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api

_V2C: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]

Oid = tuple[int, ...]
Value = Any
"""A value of one of the pysnmp types below."""

Integer = _V2C.Integer
OctetString = _V2C.OctetString
Gauge32 = _V2C.Gauge32
Counter32 = _V2C.Counter32
Counter64 = _V2C.Counter64
TimeTicks = _V2C.TimeTicks
IpAddress = _V2C.IpAddress
ObjectIdentifier = _V2C.ObjectIdentifier

MAX_VARBINDS = 120
"""Varbinds in one answer to GETBULK; a responder may give fewer than were asked for (RFC 3416, 4.2.3)."""

VERSION_2C = 1
NO_ACCESS = 6
"""error-status noAccess (RFC 3416, section 3)."""

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
"""The system group (RFC 3418)."""


def oid(text: str) -> Oid:
    """`1.3.6.1` as numbers."""
    return tuple(int(part) for part in text.strip(".").split("."))


class SnmpDevice:
    """Values by OID on one UDP port of loopback. Another community is not answered, and neither is a `silent` device.

    `writes` counts SET requests, all of them refused: nothing that watches a school may send one.
    """

    def __init__(self, community: str, *, silent: bool = False) -> None:
        self.community = community
        self.silent = silent
        self.writes = 0
        self.port = 0
        self._values: dict[Oid, Value] = {}
        self._order: list[Oid] = []
        self._transport: asyncio.DatagramTransport | None = None

    def __setitem__(self, name: Oid, value: Value) -> None:
        if name not in self._values:
            insort(self._order, name)
        self._values[name] = value

    def __getitem__(self, name: Oid) -> Value:
        return self._values[name]

    def __delitem__(self, name: Oid) -> None:
        del self._values[name]
        del self._order[bisect_left(self._order, name)]

    def update(self, values: Mapping[Oid, Value]) -> None:
        """Set many values at once."""
        self._values.update(values)
        self._order = sorted(self._values)

    def describe(self, descr: str, object_id: str, name: str) -> None:
        """The system group's sysDescr, sysObjectID, sysUpTime and sysName."""
        self.update(
            {
                (*SYSTEM, 1, 0): OctetString(descr),
                (*SYSTEM, 2, 0): ObjectIdentifier(object_id),
                (*SYSTEM, 3, 0): TimeTicks(8_640_000),
                (*SYSTEM, 5, 0): OctetString(name.encode()),
            }
        )

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1; `port` says which."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Endpoint(self), local_addr=("127.0.0.1", self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Close the port."""
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def answer(self, datagram: bytes) -> bytes | None:
        """What is sent back, or None where a device says nothing: a foreign community or version, or no SNMP at all."""
        try:
            request, _ = decoder.decode(datagram, asn1Spec=_V2C.Message())
        except PyAsn1Error:
            return None
        version, community = int(request[0]), bytes(request[1])
        if self.silent or version != VERSION_2C or community != self.community.encode():
            return None
        asked = _V2C.apiMessage.get_pdu(request)
        names = [(_numbers(name), value) for name, value in _V2C.apiPDU.get_varbinds(asked)]
        response = _V2C.apiMessage.get_response(request)
        pdu = _V2C.apiMessage.get_pdu(response)
        if asked.isSameTypeWith(_V2C.SetRequestPDU()):
            self.writes += 1
            _V2C.apiPDU.set_error_status(pdu, NO_ACCESS)
            _V2C.apiPDU.set_error_index(pdu, 1)
            _V2C.apiPDU.set_varbinds(pdu, names)
        elif asked.isSameTypeWith(_V2C.GetRequestPDU()):
            _V2C.apiPDU.set_varbinds(pdu, [self._get(name) for name, _ in names])
        elif asked.isSameTypeWith(_V2C.GetNextRequestPDU()):
            _V2C.apiPDU.set_varbinds(pdu, [self._next(name) for name, _ in names])
        elif asked.isSameTypeWith(_V2C.GetBulkRequestPDU()):
            fixed = int(_V2C.apiBulkPDU.get_non_repeaters(asked))
            times = int(_V2C.apiBulkPDU.get_max_repetitions(asked))
            _V2C.apiPDU.set_varbinds(pdu, list(self._bulk([name for name, _ in names], max(0, fixed), max(0, times))))
        else:
            return None
        return bytes(encoder.encode(response))

    def _get(self, name: Oid) -> tuple[Oid, Value]:
        found = self._values.get(name)
        return name, _V2C.NoSuchInstance("") if found is None else found

    def _next(self, name: Oid) -> tuple[Oid, Value]:
        at = bisect_right(self._order, name)
        if at == len(self._order):
            return name, _V2C.EndOfMibView("")
        return self._order[at], self._values[self._order[at]]

    def _bulk(self, names: list[Oid], fixed: int, times: int) -> Iterator[tuple[Oid, Value]]:
        """RFC 3416, 4.2.3: the first names once, the others again and again until all of them are at the end."""
        for name in names[:fixed]:
            yield self._next(name)
        repeated = names[fixed:]
        if not repeated:
            return
        for _ in range(min(times, max(1, MAX_VARBINDS // len(repeated)))):
            row = [self._next(name) for name in repeated]
            yield from row
            if all(isinstance(value, _V2C.EndOfMibView) for _, value in row):
                return
            repeated = [name for name, _ in row]


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, device: SnmpDevice) -> None:
        self._device = device
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = self._device.answer(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _numbers(name: Iterable[int]) -> Oid:
    return tuple(int(part) for part in name)
