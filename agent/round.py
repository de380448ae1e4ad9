"""One round of every probe now, side by side, without a schedule, a spool or a collector."""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.probes.base import ProbeSettings
from agent.runner import observe
from agent.service import Probes, context_of, report_frame
from agent.settings import AgentSettings
from wire.report import Observation, Report


async def observe_once(settings: AgentSettings, probes: Probes, entries: Sequence[ProbeSettings]) -> list[Observation]:
    """Every entry once, in the order given; `every_seconds` is 0, since nobody promised to look again."""
    slots = asyncio.Semaphore(settings.limits.concurrency)
    with _state_dir(settings.state_dir) as state_dir:
        context = replace(context_of(settings), state_dir=state_dir)

        async def one(entry: ProbeSettings) -> Observation:
            async with slots:
                observation = await observe(probes[entry.probe], entry, context)
            return observation.model_copy(update={"every_seconds": 0})

        return list(await asyncio.gather(*(one(entry) for entry in entries)))


def as_report(settings: AgentSettings, probes: Probes, observations: Sequence[Observation]) -> Report:
    """The observations as one document of the wire format."""
    frame = report_frame(settings, probes)
    return frame.model_copy(update={"sent_at": datetime.now(UTC), "observations": tuple(observations)})


@contextmanager
def _state_dir(configured: Path) -> Iterator[Path]:
    """The agent's own folder where it is this user's; else a passing one: root must leave nothing there that the
    service could not write to."""
    try:
        own = configured.stat().st_uid == os.geteuid() and os.access(configured, os.W_OK)
    except OSError:
        own = False
    if own:
        yield configured
        return
    with tempfile.TemporaryDirectory(prefix="campus-agent-") as passing:
        yield Path(passing)
