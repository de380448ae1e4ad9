"""What the uplink carried since earlier runs, from its counters."""

from collections.abc import Iterator, Sequence

from agent.line import REFRESH_SECONDS, Carried, Line, Octets, between
from wire.measures import UPLINK_CARRIED, UPLINK_UTILISATION
from wire.report import Reading

SUSTAINED_SECONDS = 300.0
"""So long a rate must last to say what the line carries."""


def utilisation(line: Line, device: str, port: str, now: Octets) -> Iterator[Reading]:
    """The load since the run before, and what was carried over the last five minutes or more, at the least.

    Nothing without a speed, after a first run, or where the counters cannot tell (agent/line.py).
    """
    earlier = line.sampled(device, port, now)
    if not now.speed:
        return
    if (carried := _latest(earlier, now)) is not None:
        ratios = {way: min(1.0, octets / carried.seconds / now.speed) for way, octets in _ways(carried)}
        line.loaded(device, port, max(ratios.values()))
        for way, ratio in ratios.items():
            yield Reading(measure=UPLINK_UTILISATION.name, value=ratio, labels={"port": port, "direction": way})
    if (sustained := _sustained(earlier, now)) is not None:
        for way, octets in _ways(sustained):
            # The counters may have stood still before the first sample: what they caught up on is not of this time.
            least = octets / (sustained.seconds + REFRESH_SECONDS)
            yield Reading(measure=UPLINK_CARRIED.name, value=least, labels={"port": port, "direction": way})


def _latest(earlier: Sequence[Octets], now: Octets) -> Carried | None:
    return between(earlier[-1], now) if earlier else None


def _sustained(earlier: Sequence[Octets], now: Octets) -> Carried | None:
    """Over the shortest time that is long enough. Every interval in it must be sound: it would hide a reset."""
    chain = [*earlier, now]
    for start in range(len(earlier) - 1, -1, -1):
        if between(chain[start], chain[start + 1], 0.0) is None:
            return None
        if chain[start].at <= now.at - SUSTAINED_SECONDS:
            return between(chain[start], now)
    return None


def _ways(carried: Carried) -> tuple[tuple[str, int], ...]:
    return ("receive", carried.received), ("transmit", carried.sent)
