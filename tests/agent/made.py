"""Observations as a probe would leave them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tests.agent.clocks import START
from wire.report import Observation, Reading


def observation(device: str = "box", at: datetime = START, readings: int = 1, **more: Any) -> Observation:
    """One run of the host probe, every 60 s."""
    fields: dict[str, Any] = {
        "id": uuid4(),
        "probe": "host",
        "device": device,
        "started_at": at,
        "duration_seconds": 0.01,
        "every_seconds": 60,
        "outcome": "ok",
        "readings": tuple(Reading(measure="host_cpu_ratio", value=n / 1000) for n in range(readings)),
        **more,
    }
    return Observation(**fields)


def ids(observations: list[Observation]) -> list[UUID]:
    return [each.id for each in observations]
