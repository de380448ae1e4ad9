"""Terminals: how many the register lists, how many of them the network has seen, how many nobody registered."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.errors import Malformed, ProbeError
from agent.probes.base import Context, Probe
from agent.probes.terminals.memory import Memory, remember
from agent.probes.terminals.register import OWNERS, Owner, is_group, is_randomised, read_register
from agent.probes.terminals.settings import Source, TerminalsSettings
from agent.probes.terminals.sources import seen_by
from common.configfile import ConfigError
from wire.measures import TERMINALS, TERMINALS_WATCHED, TERMINALS_WINDOW
from wire.report import Measure, Reading

RANDOMISED = Measure(
    name="terminals_randomised",
    help="Unregistered made-up (locally administered) addresses seen in the window; a terminal can have many.",
    devices="same",
)
_AT_ONCE = 8


async def run(settings: TerminalsSettings, context: Context, now: Callable[[], float] = time.time) -> Sequence[Reading]:
    """The counts. Where a source fails, the others' sightings count, and the error carries the readings."""
    register = await _register(settings.register_file)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(source: Source) -> set[str] | ProbeError:
        try:
            async with limit:
                return await seen_by(source, context)
        except ProbeError as error:
            return type(error)(f"{source.kind} of {source.snmp.host}: {error}")

    answers = await asyncio.gather(*(look(source) for source in settings.sources))
    failures = [answer for answer in answers if isinstance(answer, ProbeError)]
    seen: set[str] | None = None
    if len(failures) < len(answers):
        found = set[str]().union(*(answer for answer in answers if not isinstance(answer, ProbeError)))
        seen = {mac for mac in found if not is_group(mac)}
    window = settings.window_days * 86_400.0
    memory = await asyncio.to_thread(remember, memory_file(context, settings.device), seen, now(), window)
    readings = _readings(register, memory, window)
    if failures:
        raise type(failures[0])("; ".join(str(failure) for failure in failures), readings)
    return readings


def memory_file(context: Context, device: str) -> Path:
    """Where one device's sightings are kept."""
    return context.state_dir / f"terminals-{hashlib.sha256(device.encode()).hexdigest()[:12]}.sqlite3"


async def _register(path: Path) -> dict[str, Owner]:
    """The register as it is now, since people edit it while the agent runs."""
    try:
        return await asyncio.to_thread(read_register, path)
    except ConfigError as error:
        first = error.faults[0].in_language("en")
        raise Malformed(f"the register cannot be used: {first} ({len(error.faults)} faults in all)") from None


def _readings(register: dict[str, Owner], memory: Memory, window: float) -> list[Reading]:
    inventory = Counter(register.values())
    verified = Counter(owner for mac, owner in register.items() if mac in memory.macs)
    strangers = memory.macs - register.keys()
    randomised = sum(map(is_randomised, strangers))
    readings = [_terminals(inventory[owner], owner, "inventory") for owner in OWNERS]
    if memory.watched_seconds is None:
        return readings
    readings += [_terminals(verified[owner], owner, "verified") for owner in OWNERS]
    readings.append(_terminals(len(strangers) - randomised, "unregistered", "seen"))
    readings.append(Reading(measure=RANDOMISED.name, value=randomised))
    readings.append(Reading(measure=TERMINALS_WATCHED.name, value=memory.watched_seconds))
    readings.append(Reading(measure=TERMINALS_WINDOW.name, value=window))
    return readings


def _terminals(count: int, owner: str, basis: str) -> Reading:
    return Reading(measure=TERMINALS.name, value=count, labels={"owner": owner, "basis": basis})


PROBE = Probe(TerminalsSettings, (TERMINALS, TERMINALS_WATCHED, TERMINALS_WINDOW, RANDOMISED), run)
