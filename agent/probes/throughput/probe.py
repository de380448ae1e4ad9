"""What the way to a test server carries, in both directions, and what limited it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from agent.clients import iperf3, ndt7, throughput_http
from agent.clients.nic import nic_speed_towards
from agent.clients.throughput_http import Slot
from agent.clients.transfer import Transfer
from agent.errors import Busy, ProbeError, Refused, Silent, Unreachable
from agent.probes.base import CollectorLink, Context, Probe
from agent.probes.throughput import budget
from agent.probes.throughput.limit import CpuUse, limit_of
from agent.probes.throughput.meter import Meter, cross_traffic, meter
from agent.probes.throughput.settings import DIRECTIONS, ThroughputSettings
from common.secrets import SecretUnavailable
from common.windows import seconds_until_open
from wire.api import SlotRequest
from wire.measures import UPLINK_THROUGHPUT, UPLINK_THROUGHPUT_LIMIT, UPLINK_THROUGHPUT_SKIPPED
from wire.report import Reading

Direction = Literal["download", "upload"]
Why = Literal["server_busy", "no_slot", "line_busy", "daily_bytes", "outside_window"]
_DIRECTIONS: tuple[Direction, ...] = ("download", "upload")
BYTES_PER_MEGABIT = 125_000
SLOT_MARGIN_SECONDS = 4.0
"""Of a slot, for connecting twice."""
BUSY_AGAIN_SECONDS = 600.0
"""A busy line is looked at again after so long."""
LOAD_SECONDS = 300.0
"""How old the ports probe's reading of the load may be."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a test goes, and until when of the loop's clock it may (None: nobody granted a slot)."""

    host: str
    port: int
    carry: Callable[[Direction], Awaitable[Transfer]]
    ends_at: float | None = None


async def run(settings: ThroughputSettings, context: Context) -> list[Reading]:
    """Download, then upload. A direction that fails leaves the other's readings standing; none is ever zero.

    Outside of a window, on a busy line or past the day's bytes nothing is tested: Busy, with the reason as a reading.
    """
    now = datetime.now().astimezone()
    if wait := seconds_until_open(settings.windows, now):
        raise _skipped(settings, "outside_window", "no test outside of its windows", wait)
    async with AsyncExitStack() as stack:
        gauge = None
        if settings.meter is not None:
            line_speed = settings.line_mbit_per_second * BYTES_PER_MEGABIT
            gauge = await stack.enter_async_context(meter(settings.meter, line_speed))
        await _line_is_free(settings, context, gauge)
        server = await stack.enter_async_context(_server(settings, context))
        nic_speed = await nic_speed_towards(server.host, server.port)
        charged = await _charge(settings, context.state_dir, now, nic_speed)
        moved: list[int] = []
        try:
            with context.line.testing():
                async with asyncio.timeout_at(server.ends_at) if server.ends_at is not None else nullcontext():
                    readings = await _both_ways(settings, server, gauge, nic_speed, moved)
        finally:
            # A direction that failed has moved nobody knows how much: it stays charged.
            unknown = charged * (DIRECTIONS - len(moved)) // DIRECTIONS
            settling = asyncio.to_thread(budget.settle, context.state_dir, now.date(), charged, sum(moved) + unknown)
            with suppress(OSError):  # then what was charged stands
                await asyncio.shield(settling)
    return readings


async def _both_ways(
    settings: ThroughputSettings, server: Server, gauge: Meter | None, nic_speed: float | None, moved: list[int]
) -> list[Reading]:
    readings: list[Reading] = []
    for direction in _DIRECTIONS:
        earlier = None if gauge is None else await gauge.read()
        start = CpuUse.now()
        try:
            transfer = await server.carry(direction)
        except Busy as error:
            busy = _skip_reading(settings, "server_busy")
            raise Busy(f"{direction}: {error}", [*readings, busy], error.again_in) from error
        except ProbeError as error:
            raise type(error)(f"{direction}: {error}", readings, error.again_in) from error
        except asyncio.CancelledError:
            if server.ends_at is None or asyncio.get_running_loop().time() < server.ends_at:
                raise
            raise Silent(f"{direction}: the slot ended before the test", readings) from None
        moved.append(transfer.moved)
        process_cpu, machine_cpu = start.until(CpuUse.now())
        cross = None
        if gauge is not None and earlier is not None:
            cross = cross_traffic(earlier, await gauge.read(), transfer.moved, download=direction == "download")
        limit = limit_of(
            transfer.rate,
            nic_speed,
            1.0 if transfer.agent_limited else max(process_cpu, transfer.helper_cpu),
            machine_cpu,
            server_limited=transfer.server_limited,
            cross_traffic=cross,
        )
        labels = {"direction": direction, "method": settings.method}
        readings.append(Reading(measure=UPLINK_THROUGHPUT.name, value=transfer.rate, labels=labels))
        readings.append(Reading(measure=UPLINK_THROUGHPUT_LIMIT.name, value=1, labels={**labels, "limit": limit}))
    return readings


async def _line_is_free(settings: ThroughputSettings, context: Context, gauge: Meter | None) -> None:
    """Raises Busy when others use the line: by its counters now, else by what the ports probe saw last."""
    load = None if gauge is None else await gauge.load()
    if load is None:
        load = context.line.load(LOAD_SECONDS)
    if load is not None and load > settings.busy_share:
        detail = f"not tested: the uplink carries {load:.0%} of its speed already"
        raise _skipped(settings, "line_busy", detail, BUSY_AGAIN_SECONDS)


async def _charge(settings: ThroughputSettings, state_dir: Path, now: datetime, nic_speed: float | None) -> int:
    """Bytes that the test may move at its expected rate, charged to today. Raises Busy when they are too many."""
    expected = ceil(DIRECTIONS * settings.seconds * _line_rate(settings, nic_speed))
    try:
        charged = await asyncio.to_thread(budget.take, state_dir, now.date(), expected, settings.most_bytes_per_day)
    except OSError as error:
        raise Refused(f"the day's bytes cannot be kept: {error.strerror or error}") from error
    if not charged:
        detail = f"not tested: {expected} more bytes are over the day's {settings.most_bytes_per_day}"
        raise _skipped(settings, "daily_bytes", detail, _seconds_of_day_left(now))
    return expected


def _line_rate(settings: ThroughputSettings, nic_speed: float | None) -> float:
    """The most bytes per second that a test is expected to carry."""
    line = settings.line_mbit_per_second * BYTES_PER_MEGABIT
    return line if nic_speed is None else min(line, nic_speed)


def _seconds_of_day_left(now: datetime) -> float:
    tomorrow: date = now.date() + timedelta(days=1)
    return (datetime.combine(tomorrow, time()).astimezone() - now).total_seconds()


def _skip_reading(settings: ThroughputSettings, why: Why) -> Reading:
    labels = {"method": settings.method, "why": why}
    return Reading(measure=UPLINK_THROUGHPUT_SKIPPED.name, value=1, labels=labels)


def _skipped(settings: ThroughputSettings, why: Why, detail: str, again_in: float | None) -> Busy:
    return Busy(detail, [_skip_reading(settings, why)], again_in)


@asynccontextmanager
async def _server(settings: ThroughputSettings, context: Context) -> AsyncIterator[Server]:
    """The test server, with the collector's leave where there is a collector."""
    if context.collector is None:
        if settings.method == "http":
            raise Unreachable("method http tests against the collector, and none is configured")
        yield _other_server(settings, None)
        return
    link = context.collector
    address = "" if settings.method == "http" else f"{settings.host}:{settings.server_port}"
    nic_speed = await nic_speed_towards(*(_address(link) if not address else (settings.host, settings.server_port)))
    request = SlotRequest(server=address, bits_per_second=_line_rate(settings, nic_speed) * 8)
    async with AsyncExitStack() as stack:
        try:
            leave = throughput_http.slot(link.url, _token(link), _trust(link.ca_file), request)
            slot = await stack.enter_async_context(leave)
        except Busy as error:
            raise _skipped(settings, "no_slot", str(error), error.again_in) from error
        yield _collector_server(settings, link, slot) if settings.method == "http" else _other_server(settings, slot)


def _seconds(settings: ThroughputSettings, slot: Slot | None) -> float:
    """Of one direction's test, so that both fit into the slot. Raises Refused when none does."""
    if slot is None:
        return settings.seconds
    seconds = min(settings.seconds, (slot.seconds * throughput_http.SLOT_SHARE - SLOT_MARGIN_SECONDS) / DIRECTIONS)
    if seconds <= 0:
        raise Refused(f"the collector's slot of {slot.seconds:g} s is too short for a test")
    return seconds


def _collector_server(settings: ThroughputSettings, link: CollectorLink, slot: Slot) -> Server:
    seconds = _seconds(settings, slot)

    async def carry(direction: Direction) -> Transfer:
        return await (slot.download if direction == "download" else slot.upload)(seconds)

    return Server(*_address(link), carry, slot.ends_at)


def _other_server(settings: ThroughputSettings, slot: Slot | None) -> Server:
    seconds, host, port = _seconds(settings, slot), settings.host, settings.server_port
    most = None if slot is None else slot.bytes_per_second
    trust: ssl.SSLContext | bool = False
    if settings.method == "ndt7" and settings.tls:
        trust = _trust(settings.ca_file) or True
    if settings.method == "iperf3" and seconds < 2:
        raise Refused("the collector's slot is too short for a test by iperf3")

    async def by_iperf3(direction: Direction) -> Transfer:
        return await iperf3.run(host, port, int(seconds), download=direction == "download", bytes_per_second=most)

    async def by_ndt7(direction: Direction) -> Transfer:
        return await ndt7.run(host, port, seconds, download=direction == "download", tls=trust, bytes_per_second=most)

    ends_at = None if slot is None else slot.ends_at
    return Server(host, port, by_iperf3 if settings.method == "iperf3" else by_ndt7, ends_at)


def _address(link: CollectorLink) -> tuple[str, int]:
    url = urlsplit(link.url)
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _token(link: CollectorLink) -> str:
    try:
        return link.token().get_secret_value()
    except SecretUnavailable as error:
        raise Refused(f"the credential cannot be read: {error}") from error


def _trust(ca_file: Path | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise Refused(f"{ca_file} holds no usable certificates: {error}") from error


PROBE = Probe(ThroughputSettings, (UPLINK_THROUGHPUT, UPLINK_THROUGHPUT_LIMIT, UPLINK_THROUGHPUT_SKIPPED), run)
