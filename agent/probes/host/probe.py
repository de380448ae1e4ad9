"""The agent's own machine: whether it is fit to measure, and how fast its network cards are."""

import asyncio
from fnmatch import fnmatchcase
from pathlib import Path

import psutil

from agent.clients.nic import nic_speeds
from agent.errors import Unreachable
from agent.probes.base import Context, Probe
from agent.probes.host.settings import HostSettings
from wire.measures import HOST_BOOT_TIME, HOST_CPU, HOST_DISK_FREE, HOST_MEMORY_AVAILABLE, HOST_NIC_SPEED
from wire.report import Reading


async def run(settings: HostSettings, context: Context) -> list[Reading]:
    """Every reading of this machine. Raises Unreachable, with the others kept, when the spool's folder is not there."""
    return await asyncio.to_thread(_look, settings, context.state_dir)


def _look(settings: HostSettings, state_dir: Path) -> list[Reading]:
    """Blocks for `cpu_seconds`, and for as long as a slow disk takes: not for the event loop."""
    readings = [
        Reading(measure=HOST_CPU.name, value=psutil.cpu_percent(interval=settings.cpu_seconds) / 100),
        Reading(measure=HOST_MEMORY_AVAILABLE.name, value=psutil.virtual_memory().available),
        Reading(measure=HOST_BOOT_TIME.name, value=psutil.boot_time()),
    ]
    for nic, speed in sorted(nic_speeds().items()):
        if not any(fnmatchcase(nic, pattern) for pattern in settings.skip_nics):
            readings.append(Reading(measure=HOST_NIC_SPEED.name, value=speed, labels={"nic": nic}))
    try:
        free = psutil.disk_usage(str(state_dir)).free
    except OSError as error:
        raise Unreachable(f"{state_dir}: {error.strerror}", readings) from error
    return [*readings, Reading(measure=HOST_DISK_FREE.name, value=free)]


PROBE = Probe(HostSettings, (HOST_NIC_SPEED, HOST_CPU, HOST_MEMORY_AVAILABLE, HOST_DISK_FREE, HOST_BOOT_TIME), run)
