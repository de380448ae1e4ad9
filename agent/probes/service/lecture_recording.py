"""The district's platform for recorded lectures: a page of the platform itself."""

from typing import Literal

from agent.probes.base import Context
from agent.probes.service.check import Told
from agent.probes.service.page import PageCheck, look_at_page
from wire.report import Measure

MEASURES: tuple[Measure, ...] = ()
"""What it tells beside the measures of wire/measures.py."""


class LectureRecordingCheck(PageCheck):
    system: Literal["lecture_recording"]


async def look(check: LectureRecordingCheck, told: Told, context: Context) -> None:
    """As look_at_page."""
    await look_at_page(check, told)
