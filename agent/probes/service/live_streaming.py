"""The district's live streaming."""

from typing import Literal

from pydantic import Field

from agent.probes.base import Context
from agent.probes.service.check import Check, NotJudged, Told
from wire.report import Measure

MEASURES: tuple[Measure, ...] = ()
"""What it tells beside the measures of wire/measures.py."""


class LiveStreamingCheck(Check):
    """What is looked at."""

    system: Literal["live_streaming"]
    url: str = Field(min_length=1, max_length=2000, description="the address")

    @property
    def longest_seconds(self) -> float:
        return 10


async def look(check: LiveStreamingCheck, told: Told, context: Context) -> None:
    """Tells what it reads. Raises ProbeError."""
    raise NotJudged("not looked at yet")
