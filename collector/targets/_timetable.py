"""Devices held against the timetable: on when nobody is taught."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from collector.evidence import Evidence, readings
from collector.roster.model import System
from collector.targets._equipment import Equipment
from collector.targets._words import SOMEWHERE, clock
from collector.targets.base import Moment
from collector.verdict import Reason
from wire.measures import AV_DEVICE_STATE
from wire.report import Observation

ON = frozenset({"ok", "warming"})
"""States in which a display burns; one that cools down is on its way off."""


def left_on(
    found: Iterable[Equipment], evidence: Evidence, system: System, after_seconds: float, moment: Moment
) -> Iterator[Reason]:
    """The displays that are on outside of school hours, each with since when nobody saw it off.

    That is when school last ended, or the last time after that at which it was in another state. Nothing is said in
    school hours, nor where the calendar does not know the day.
    """
    latest = {(observation.probe, observation.device): observation for observation in evidence.latest}
    for display in found:
        observation = latest.get((display.probe, display.device))
        if observation is None or display.gap or not _is_on(observation, system):
            continue
        closed = moment.calendar.closed_since(observation.started_at)
        if closed is None:
            continue
        since = max(closed, _last_seen_off(observation, evidence, system, closed))
        if (observation.started_at - since).total_seconds() >= after_seconds:
            place = ", ".join(sorted(display.places)) or SOMEWHERE
            yield Reason("display_left_on", {"device": display.device, "place": place, "since": clock(since, moment)})


def _is_on(observation: Observation, system: System) -> bool:
    states = {r.labels.get("state") for r in readings(observation, AV_DEVICE_STATE.name)
              if r.value == 1 and r.labels.get("system") == system}  # fmt: skip
    return bool(states) and states <= ON


def _last_seen_off(observation: Observation, evidence: Evidence, system: System, closed: datetime) -> datetime:
    """When a run last told of another state; the closing where none did since."""
    seen = (
        row.last_at
        for row in evidence.rolled(AV_DEVICE_STATE.name, closed.date())
        if (row.probe, row.device) == (observation.probe, observation.device)
        and row.labels.get("system") == system
        and row.labels.get("state") not in ON
        and row.last_at < observation.started_at
    )
    return max(seen, default=closed)
