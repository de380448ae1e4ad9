"""The embedded throughput test: slots that keep tests apart, and the two directions that a holder may use.

A reverse proxy in front must not buffer these paths: what it swallows is counted here as if it had crossed the network.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from secrets import token_urlsafe

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError

from collector.api.keys import SCHOOL
from collector.api.problems import problem_response
from common.marks import Marks
from wire.api import SLOT_HEADER, THROUGHPUT, THROUGHPUT_SLOTS, SlotGrant, ThroughputResult

BLOCK = bytes(256 * 1024)
MAX_SECONDS = 30.0
"""The longest that one direction may take."""


class NoSlot(Exception):
    """The caller holds no live slot."""


@dataclass(eq=False)
class Lease:
    """One school's leave to test. `bytes_left` holds for both directions together."""

    school: str
    ends_at: float
    bytes_left: int
    transfer: asyncio.Timeout | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ThroughputDesk:
    """Holds the slots: at most `concurrent` at once, each ends by itself. `clock` is monotonic, in seconds."""

    def __init__(self, concurrent: int, slot_seconds: float, max_bytes: int, clock: Callable[[], float]) -> None:
        self._concurrent = concurrent
        self._slot_seconds = slot_seconds
        self._max_bytes = max_bytes
        self.clock = clock
        self._leases: dict[str, Lease] = {}

    def grant(self, school: str) -> SlotGrant | None:
        """A slot, or None while all are taken."""
        self._forget_ended()
        if len(self._leases) >= self._concurrent:
            return None
        slot = token_urlsafe(18)
        self._leases[slot] = Lease(school, self.clock() + self._slot_seconds, self._max_bytes)
        return SlotGrant(slot=slot, seconds=self._slot_seconds)

    def seconds_to_wait(self) -> float:
        """When the next slot ends by itself at the latest; 0 when one is free."""
        self._forget_ended()
        if len(self._leases) < self._concurrent:
            return 0.0
        return min(lease.ends_at for lease in self._leases.values()) - self.clock()

    def release(self, slot: str, school: str) -> bool:
        """Give a slot back; a transfer that still runs on it is ended. False when the school holds no such slot."""
        lease = self._leases.get(slot)
        if lease is None or lease.school != school:
            return False
        del self._leases[slot]
        _end(lease.transfer)
        return True

    @asynccontextmanager
    async def transfer(self, slot: str, school: str) -> AsyncIterator[Lease]:
        """Use a slot for one transfer, ended with TimeoutError when the slot ends. Raises NoSlot.

        It takes the place of a transfer that still runs on the slot: an agent that asks for the next direction is done
        with the last one, while here that may still wait for a buffer on the way to drain.
        """
        self._forget_ended()
        lease = self._leases.get(slot)
        if lease is None or lease.school != school:
            raise NoSlot("the request holds no live slot; ask for one first")
        async with asyncio.timeout(lease.ends_at - self.clock()) as until:
            _end(lease.transfer)
            async with lease.turn:
                if self._leases.get(slot) is not lease:
                    raise NoSlot("the slot was given back")
                lease.transfer = until
                try:
                    yield lease
                finally:
                    lease.transfer = None

    def _forget_ended(self) -> None:
        now = self.clock()
        self._leases = {slot: lease for slot, lease in self._leases.items() if lease.ends_at > now}


def routes(desk: ThroughputDesk) -> list[web.RouteDef]:
    """The handlers over one desk. They read `request[SCHOOL]`, which the server's authentication sets."""

    async def take_slot(request: web.Request) -> web.Response:
        granted = desk.grant(request[SCHOOL])
        if granted is None:
            wait = str(max(1, ceil(desk.seconds_to_wait())))
            return problem_response(
                503,
                "测速服务正忙 / the test server is busy",
                f"another test holds the slot; it ends within {wait} s",
                headers={"Retry-After": wait},
            )
        return web.json_response(text=granted.model_dump_json(), status=201)

    async def give_back(request: web.Request) -> web.Response:
        if not desk.release(request.match_info["slot"], request[SCHOOL]):
            return problem_response(404, "没有这个测速时段 / no such slot", "it has ended, or is another school's")
        return web.Response(status=204)

    async def download(request: web.Request) -> web.StreamResponse:
        seconds = _seconds(request)
        if seconds is None:
            return _bad_seconds()
        response = web.StreamResponse(
            headers={"Content-Type": "application/octet-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        try:
            async with desk.transfer(request.headers.get(SLOT_HEADER, ""), request[SCHOOL]) as lease:
                await response.prepare(request)
                end = desk.clock() + seconds
                while desk.clock() < end and lease.bytes_left >= len(BLOCK):
                    lease.bytes_left -= len(BLOCK)
                    await response.write(BLOCK)
                await response.write_eof()
        except NoSlot as error:
            return _no_slot(error)
        except TimeoutError:
            _cut(request)
        return response

    async def upload(request: web.Request) -> web.Response:
        seconds = _seconds(request)
        if seconds is None:
            return _bad_seconds()
        try:
            async with desk.transfer(request.headers.get(SLOT_HEADER, ""), request[SCHOOL]) as lease:
                result = await _count(request, lease, seconds, desk.clock)
        except NoSlot as error:
            return _no_slot(error)
        except TimeoutError:
            _cut(request)
            return web.Response(status=408)
        except RequestPayloadError:
            return problem_response(400, "上传中断 / the upload broke off", "the body ended before its end mark")
        return web.json_response(text=result.model_dump_json())

    return [
        web.post(THROUGHPUT_SLOTS, take_slot),
        web.delete(THROUGHPUT_SLOTS + "/{slot}", give_back),
        web.get(THROUGHPUT, download, allow_head=False),
        web.post(THROUGHPUT, upload),
    ]


async def _count(request: web.Request, lease: Lease, seconds: float, clock: Callable[[], float]) -> ThroughputResult:
    """Read until the body or the window ends. The answer does not wait for what still waits in the sender's buffers."""
    marks = Marks(seconds)
    async for chunk in request.content.iter_any():
        lease.bytes_left -= len(chunk)
        if lease.bytes_left < 0 or not marks.arrived(len(chunk), clock()):
            break
    marks.ended(clock())
    counted, took = marks.counted()
    return ThroughputResult(bytes=counted, seconds=took)


def _end(transfer: asyncio.Timeout | None) -> None:
    if transfer is not None and not transfer.expired():
        transfer.reschedule(0)


def _seconds(request: web.Request) -> float | None:
    try:
        seconds = float(request.query.get("seconds", "5"))
    except ValueError:
        return None
    return seconds if 0 < seconds <= MAX_SECONDS else None


def _cut(request: web.Request) -> None:
    """End the connection at once: a peer that neither reads nor sends would hold it open."""
    if request.transport is not None:
        request.transport.abort()


def _bad_seconds() -> web.Response:
    return problem_response(
        422, "seconds 不可用 / seconds is not usable", f"a number above 0 and at most {MAX_SECONDS:g} is accepted"
    )


def _no_slot(error: NoSlot) -> web.Response:
    return problem_response(409, "没有可用的测速时段 / no slot to test in", str(error))
