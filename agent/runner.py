"""Runs one probe once: the only place that times, limits and classifies."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

import structlog

from agent.errors import ProbeError
from agent.probes.base import AnyProbe, Context, ProbeSettings
from wire.limits import MAX_READINGS
from wire.report import Observation, Outcome, Reading

log = structlog.get_logger(__name__)


async def observe(probe: AnyProbe, settings: ProbeSettings, context: Context) -> Observation:
    """One run as an observation, whatever happens in it. A bug in a probe is `crashed` and stops no other probe."""
    started_at, start = datetime.now(UTC), monotonic()
    readings: Sequence[Reading] = ()
    outcome: Outcome = "ok"
    detail, again_in = "", None
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            readings = await probe.run(settings, context)
        if len(readings) > MAX_READINGS:
            outcome, detail = "malformed", f"{len(readings)} readings; at most {MAX_READINGS} are taken"
            readings = ()
    except TimeoutError:
        outcome, detail = "timeout", f"no answer in {settings.timeout_seconds:g} s"
    except ProbeError as error:
        outcome, detail, readings, again_in = error.outcome, str(error), error.readings, error.again_in
    except Exception as error:
        log.exception("probe crashed", probe=settings.probe, device=settings.device)
        outcome, detail = "crashed", repr(error)
    return Observation(
        id=uuid4(),
        probe=settings.probe,
        device=settings.device,
        started_at=started_at,
        duration_seconds=monotonic() - start,
        every_seconds=settings.every_seconds,
        outcome=outcome,
        detail=detail[:300],
        again_in_seconds=again_in,
        readings=tuple(readings),
    )
