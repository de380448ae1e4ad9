"""Round trip, jitter and loss on the way to one destination, by ICMP echo."""

from itertools import pairwise
from statistics import fmean, median

from agent.clients.icmp import echo
from agent.errors import Unreachable
from agent.probes.base import Context, Probe
from agent.probes.path.settings import PathSettings
from wire.measures import PATH_JITTER, PATH_LOSS, PATH_ROUND_TRIP
from wire.report import Measure, Reading


async def run(settings: PathSettings, context: Context) -> list[Reading]:
    """Loss always; round trip with an answer, jitter with two. All lost is Unreachable, and the loss of 1 stands."""
    labels = {"destination": settings.destination or settings.device}

    def reading(measure: Measure, value: float) -> Reading:
        return Reading(measure=measure.name, value=value, labels=labels)

    echoes = await echo(settings.host, settings.count, settings.interval_seconds, settings.wait_seconds)
    trips = echoes.round_trips
    readings = [reading(PATH_LOSS, 1 - len(trips) / echoes.sent)]
    if not trips:
        raise Unreachable(f"{settings.host} answered none of {echoes.sent} echo requests", readings)
    readings.append(reading(PATH_ROUND_TRIP, median(trips)))
    if len(trips) > 1:
        readings.append(reading(PATH_JITTER, fmean(abs(later - earlier) for earlier, later in pairwise(trips))))
    return readings


PROBE = Probe(PathSettings, (PATH_ROUND_TRIP, PATH_JITTER, PATH_LOSS), run)
