"""What the way to a test server carries, in both directions, and what limited it."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from agent.clients import iperf3, throughput_http
from agent.clients.nic import nic_speed_towards
from agent.errors import ProbeError, Refused, Unreachable
from agent.probes.base import CollectorLink, Context, Probe
from agent.probes.throughput.limit import CpuUse, limit_of
from agent.probes.throughput.settings import DIRECTIONS, ThroughputSettings
from common.secrets import SecretUnavailable
from wire.measures import UPLINK_THROUGHPUT, UPLINK_THROUGHPUT_LIMIT
from wire.report import Reading

Direction = Literal["download", "upload"]
SLOT_MARGIN_SECONDS = 4.0
"""Of a slot, for connecting twice."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a test goes. `carry` gives bytes per second and the share of a core that a helper program used."""

    host: str
    port: int
    carry: Callable[[Direction], Awaitable[tuple[float, float]]]


async def run(settings: ThroughputSettings, context: Context) -> list[Reading]:
    """Download, then upload. A direction that fails leaves the other's readings standing; none is ever zero."""
    readings: list[Reading] = []
    directions: tuple[Direction, ...] = ("download", "upload")
    async with _server(settings, context) as server:
        nic_speed = await nic_speed_towards(server.host, server.port)
        for direction in directions:
            start = CpuUse.now()
            try:
                rate, helper_cpu = await server.carry(direction)
            except ProbeError as error:
                raise type(error)(f"{direction}: {error}", readings) from error
            process_cpu, machine_cpu = start.until(CpuUse.now())
            limit = limit_of(rate, nic_speed, max(process_cpu, helper_cpu), machine_cpu)
            labels = {"direction": direction, "method": settings.method}
            readings.append(Reading(measure=UPLINK_THROUGHPUT.name, value=rate, labels=labels))
            readings.append(Reading(measure=UPLINK_THROUGHPUT_LIMIT.name, value=1, labels={**labels, "limit": limit}))
    return readings


@asynccontextmanager
async def _server(settings: ThroughputSettings, context: Context) -> AsyncIterator[Server]:
    if settings.method == "iperf3":

        async def by_iperf3(direction: Direction) -> tuple[float, float]:
            return await iperf3.run(settings.host, settings.port, settings.seconds, download=direction == "download")

        yield Server(settings.host, settings.port, by_iperf3)
        return
    if context.collector is None:
        raise Unreachable("method http tests against the collector, and none is configured")
    link = context.collector
    async with throughput_http.slot(link.url, _token(link), _trust(link)) as slot:
        seconds = min(settings.seconds, (slot.seconds - SLOT_MARGIN_SECONDS) / DIRECTIONS)
        if seconds <= 0:
            raise Refused(f"the collector's slot of {slot.seconds:g} s is too short for a test")

        async def by_http(direction: Direction) -> tuple[float, float]:
            return await (slot.download if direction == "download" else slot.upload)(seconds), 0.0

        url = urlsplit(link.url)
        yield Server(url.hostname or "", url.port or (443 if url.scheme == "https" else 80), by_http)


def _token(link: CollectorLink) -> str:
    try:
        return link.token().get_secret_value()
    except SecretUnavailable as error:
        raise Refused(f"the credential cannot be read: {error}") from error


def _trust(link: CollectorLink) -> ssl.SSLContext | None:
    if link.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=link.ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise Refused(f"{link.ca_file} holds no usable certificates: {error}") from error


PROBE = Probe(ThroughputSettings, (UPLINK_THROUGHPUT, UPLINK_THROUGHPUT_LIMIT), run)
