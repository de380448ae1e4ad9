"""Round trip, jitter and loss on the way to each destination, by ICMP echo."""

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from time import monotonic

from agent.clients.gateway import default_gateway
from agent.clients.icmp import Echoes, echo
from agent.errors import ProbeError, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.path.settings import DEFAULT_ROUTE, Destination, PathSettings
from wire.measures import PATH_JITTER, PATH_LOSS, PATH_ROUND_TRIP
from wire.report import Measure, Reading

LOADED_ROUND_TRIP = Measure(
    name="path_loaded_round_trip_seconds",
    help="Median ICMP round trip while a throughput test of this agent filled the line.",
    labels=("destination",),
    devices="same",
)
LOADED_JITTER = Measure(
    name="path_loaded_jitter_seconds",
    help="Mean difference of consecutive ICMP round trips while a throughput test filled the line.",
    labels=("destination",),
    devices="same",
)
LOADED_LOSS = Measure(
    name="path_loaded_loss_ratio",
    help="ICMP echo requests without an answer / sent while a throughput test filled the line.",
    labels=("destination",),
    devices="same",
)


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one state of the line."""

    loss: Measure
    round_trip: Measure
    jitter: Measure


IDLE = Quality(PATH_LOSS, PATH_ROUND_TRIP, PATH_JITTER)
LOADED = Quality(LOADED_LOSS, LOADED_ROUND_TRIP, LOADED_JITTER)


async def run(settings: PathSettings, context: Context) -> list[Reading]:
    """For each destination loss always, round trip with an answer, jitter with two.

    What overlaps with a throughput test goes by measures of its own: it says nothing of the path at other times. A
    destination that fails leaves the others' readings standing; all lost is Unreachable, and the loss of 1 stands.
    """
    began = monotonic()
    found = await asyncio.gather(*(_echo(one, settings) for one in settings.each))
    quality = LOADED if context.line.tested_since(began) else IDLE
    readings: list[Reading] = []
    failures: list[ProbeError] = []
    for destination, echoes in zip(settings.each, found, strict=True):
        if isinstance(echoes, ProbeError):
            failures.append(echoes)
            continue
        readings += _readings(destination, echoes, quality)
        if not echoes.round_trips:
            failures.append(Unreachable(f"{destination.host} answered none of {echoes.sent} echo requests"))
    if failures:
        raise type(failures[0])("; ".join(map(str, failures)), readings)
    return readings


async def _echo(destination: Destination, settings: PathSettings) -> Echoes | ProbeError:
    try:
        host = await default_gateway() if destination.host == DEFAULT_ROUTE else destination.host
        return await echo(host, settings.count, settings.interval_seconds, settings.wait_seconds)
    except ProbeError as error:
        return error


def _readings(destination: Destination, echoes: Echoes, quality: Quality) -> list[Reading]:
    labels = {"destination": destination.destination}
    trips = echoes.round_trips
    readings = [Reading(measure=quality.loss.name, value=1 - len(trips) / echoes.sent, labels=labels)]
    if trips:
        readings.append(Reading(measure=quality.round_trip.name, value=median(trips), labels=labels))
    if len(trips) > 1:
        jitter = fmean(abs(later - earlier) for earlier, later in pairwise(trips))
        readings.append(Reading(measure=quality.jitter.name, value=jitter, labels=labels))
    return readings


PROBE = Probe(
    PathSettings, (PATH_ROUND_TRIP, PATH_JITTER, PATH_LOSS, LOADED_ROUND_TRIP, LOADED_JITTER, LOADED_LOSS), run
)
