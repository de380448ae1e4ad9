"""The embedded throughput test: slots that keep tests apart, and the two directions that a holder may use.

A reverse proxy in front must not buffer these paths: what it swallows is counted here as if it had crossed the network.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from time import monotonic, process_time
from typing import Literal

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from pydantic import ValidationError

from collector.api.bodies import BadBody, plain_body
from collector.api.keys import SCHOOL
from collector.api.problems import problem_response
from collector.slots import OWN_SERVER, SlotBook, Wait
from common.marks import Marks
from common.pace import Pace
from wire.api import (
    SLOT_HEADER,
    THROUGHPUT,
    THROUGHPUT_SLOTS,
    SlotGrant,
    SlotRequest,
    SlotState,
    ThroughputResult,
)

Direction = Literal["download", "upload"]

BLOCK = bytes(256 * 1024)
MAX_SECONDS = 30.0
"""The longest that one direction may take."""
BUSY_SHARE = 0.9
"""Of one core, from which this process was the limit of a transfer."""
_BUSY_TITLE = "测速服务正忙 / the test server is busy"
_LINK_TITLE = "汇聚链路正忙 / the aggregation link is busy"
_CLOSED_TITLE = "现在不测速 / no tests now"
_TITLES = {
    "server": _BUSY_TITLE, "school": _BUSY_TITLE, "link": _LINK_TITLE, "closed": _CLOSED_TITLE,
    "starting": _CLOSED_TITLE,
}  # fmt: skip
_WHY = {
    "server": "another test holds the slot",
    "school": "another test of this school holds the slot",
    "link": "another test runs over the same aggregation link",
    "closed": "the district makes its tests at other times",
    "starting": "the collector has just started, and tests that it granted before may still run",
}


class NoSlot(Exception):
    """The caller holds no live slot."""


@dataclass(eq=False)
class Use:
    """The transfers of one slot. `bytes_left` holds for both directions together."""

    bytes_left: int
    bytes_per_second: float | None = None
    """The most that the slot's holder may carry."""
    transfer: asyncio.Timeout | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    limited: set[str] = field(default_factory=set)
    """The directions in which this process, and not the way to the agent, was the limit."""


class ThroughputDesk:
    """The transfers that holders of a slot of `book` make."""

    def __init__(self, book: SlotBook, max_bytes: int) -> None:
        self.book = book
        self.clock = book.clock
        self._max_bytes = max_bytes
        self._uses: dict[str, Use] = {}

    def grant(self, school: str, link: str = "", request: SlotRequest | None = None) -> SlotGrant | Wait:
        """A slot, or when to come back."""
        asked = request or SlotRequest()
        lease = self.book.ask(school, link, asked.server, asked.bits_per_second)
        if isinstance(lease, Wait):
            return lease
        live = {one.slot for one in self.book.live()}
        self._uses = {slot: use for slot, use in self._uses.items() if slot in live or use.transfer is not None}
        most = lease.bits if lease.paced else None
        self._uses[lease.slot] = Use(self._max_bytes, None if most is None else most / 8)
        return SlotGrant(slot=lease.slot, seconds=self.book.slot_seconds, bits_per_second=most)

    def release(self, slot: str, school: str) -> bool:
        """Give a slot back; a transfer that still runs on it is ended. False when the school holds no such slot."""
        if not self.book.release(slot, school):
            return False
        _end(self._uses.pop(slot).transfer)
        return True

    def state(self, slot: str, school: str) -> SlotState | None:
        """What is known of a slot's transfers; None when the school holds no such slot."""
        if self.book.held(slot, school) is None:
            return None
        return SlotState(limited=tuple(sorted(self._uses[slot].limited)))

    @asynccontextmanager
    async def transfer(self, slot: str, school: str, direction: Direction) -> AsyncIterator[Use]:
        """Use a slot for one transfer, ended with TimeoutError when the slot ends. Raises NoSlot.

        It takes the place of a transfer that still runs on the slot: an agent that asks for the next direction is done
        with the last one, while here that may still wait for a buffer on the way to drain.
        """
        lease = self.book.held(slot, school)
        if lease is None or ("server", OWN_SERVER) not in lease.resources:
            raise NoSlot("the request holds no live slot for this server; ask for one first")
        use = self._uses[slot]
        async with asyncio.timeout(lease.ends_at - self.clock()) as until:
            _end(use.transfer)
            async with use.turn:
                if self.book.held(slot, school) is not lease:
                    raise NoSlot("the slot was given back")
                use.transfer = until
                began, cpu = monotonic(), process_time()
                try:
                    yield use
                finally:
                    use.transfer = None
                    if process_time() - cpu >= BUSY_SHARE * (monotonic() - began):
                        use.limited.add(direction)


def routes(desk: ThroughputDesk, link_of: Callable[[str], str] = lambda school: "") -> list[web.RouteDef]:
    """The handlers over one desk. They read `request[SCHOOL]`, which the server's authentication sets.

    `link_of` gives the aggregation link that a school hangs on, empty where the roster names none.
    """

    async def take_slot(request: web.Request) -> web.Response:
        try:
            body = await plain_body(request)
            asked = SlotRequest.model_validate_json(body) if body.strip() else SlotRequest()
        except BadBody as error:
            return problem_response(error.status, "请求无法读取 / the request cannot be read", str(error))
        except ValidationError:
            detail = "server (HOST:PORT) and bits_per_second are accepted"
            return problem_response(422, "请求格式不对 / the request is malformed", detail)
        granted = desk.grant(request[SCHOOL], link_of(request[SCHOOL]), asked)
        if isinstance(granted, Wait):
            wait = str(max(1, ceil(granted.seconds)))
            detail = f"{_WHY[granted.why]}; not before {wait} s from now"
            return problem_response(503, _TITLES[granted.why], detail, headers={"Retry-After": wait})
        return web.json_response(text=granted.model_dump_json(), status=201)

    async def show_slot(request: web.Request) -> web.Response:
        state = desk.state(request.match_info["slot"], request[SCHOOL])
        if state is None:
            return problem_response(404, "没有这个测速时段 / no such slot", "it has ended, or is another school's")
        return web.json_response(text=state.model_dump_json())

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
            async with desk.transfer(request.headers.get(SLOT_HEADER, ""), request[SCHOOL], "download") as use:
                await response.prepare(request)
                pace = Pace(use.bytes_per_second)
                end = desk.clock() + seconds
                while desk.clock() < end and use.bytes_left >= len(BLOCK):
                    use.bytes_left -= len(BLOCK)
                    await pace.passed(len(BLOCK))
                    await response.write(BLOCK)
                await response.write_eof()
        except NoSlot as error:
            return _no_slot(error)
        except TimeoutError:
            _cut(request)
        except ConnectionError:
            return response  # the agent's window is over, and it takes no more
        return response

    async def upload(request: web.Request) -> web.Response:
        seconds = _seconds(request)
        if seconds is None:
            return _bad_seconds()
        try:
            async with desk.transfer(request.headers.get(SLOT_HEADER, ""), request[SCHOOL], "upload") as use:
                result = await _count(request, use, seconds, desk.clock)
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
        web.get(THROUGHPUT_SLOTS + "/{slot}", show_slot, allow_head=False),
        web.delete(THROUGHPUT_SLOTS + "/{slot}", give_back),
        web.get(THROUGHPUT, download, allow_head=False),
        web.post(THROUGHPUT, upload),
    ]


async def _count(request: web.Request, use: Use, seconds: float, clock: Callable[[], float]) -> ThroughputResult:
    """Read until the body or the window ends. The answer does not wait for what still waits in the sender's buffers."""
    marks = Marks(seconds)
    async for chunk in request.content.iter_any():
        use.bytes_left -= len(chunk)
        if use.bytes_left < 0 or not marks.arrived(len(chunk), clock()):
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
