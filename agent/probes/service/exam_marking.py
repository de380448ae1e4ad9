"""The district's online exam marking: a page of the application itself."""

from typing import Literal

from agent.probes.base import Context
from agent.probes.service.check import Told
from agent.probes.service.page import PageCheck, look_at_page
from wire.report import Measure

MEASURES: tuple[Measure, ...] = ()
"""What it tells beside the measures of wire/measures.py."""


class ExamMarkingCheck(PageCheck):
    system: Literal["exam_marking"]


async def look(check: ExamMarkingCheck, told: Told, context: Context) -> None:
    """As look_at_page."""
    await look_at_page(check, told)
