"""The district's video conferences."""

from typing import Literal

from pydantic import Field

from agent.probes.base import Context
from agent.probes.service.check import Check, NotJudged, Told
from wire.report import Measure

MEASURES: tuple[Measure, ...] = ()
"""What it tells beside the measures of wire/measures.py."""


class VideoConferenceCheck(Check):
    """What is looked at."""

    system: Literal["video_conference"]
    url: str = Field(min_length=1, max_length=2000, description="the address")

    @property
    def longest_seconds(self) -> float:
        return 10


async def look(check: VideoConferenceCheck, told: Told, context: Context) -> None:
    """Tells what it reads. Raises ProbeError."""
    raise NotJudged("not looked at yet")
