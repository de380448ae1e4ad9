"""Observations of one box, as they arrive."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from wire.measures import HOST_CPU
from wire.report import Observation, Outcome, Reading


def box_seen(at: datetime, value: float | None = None, outcome: Outcome = "ok", **more: Any) -> Observation:
    """One run of the host probe; without a value it read nothing."""
    fields: dict[str, Any] = {
        "id": uuid4(),
        "probe": "host",
        "device": "box",
        "started_at": at,
        "duration_seconds": 0,
        "outcome": outcome,
        "readings": () if value is None else (Reading(measure=HOST_CPU.name, value=value),),
        **more,
    }
    return Observation(**fields)
