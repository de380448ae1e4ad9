"""Looking at a service of the district, and what was told of it."""

from pathlib import Path
from typing import Any

from agent.probes.base import Context
from agent.probes.service.probe import PROBE
from agent.runner import observe
from wire.report import Observation

HEAD = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
TS = (b"\x47" + bytes(187)) * 20


async def look(
    system: str, url: str, *, reference: int | None = None, context: Context | None = None, **check: Any
) -> Observation:
    entry: dict[str, Any] = {"probe": "service", "device": "区平台", "service": "main", "timeout_seconds": 300}
    entry["check"] = {"system": system, "url": url, **check}
    if reference is not None:
        entry["reference"] = {"host": "127.0.0.1", "port": reference}
    return await observe(PROBE, PROBE.settings.model_validate(entry), context or Context(Path()))


async def vod(url: str, **more: Any) -> Observation:
    return await look("video_on_demand", url, **more)


async def live(url: str, **more: Any) -> Observation:
    return await look("live_streaming", url, **{"sample_seconds": 2, **more})


def values(seen: Observation) -> dict[str, float]:
    """Every reading, without what all their names begin with."""
    labels = {tuple(reading.labels.items()) for reading in seen.readings}
    assert labels <= {(("system", label), ("service", "main")) for label in ("video_on_demand", "live_streaming")}
    return {reading.measure.removeprefix("service_"): reading.value for reading in seen.readings}
