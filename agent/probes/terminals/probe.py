"""Terminals: how many the school has, whose they are, how many the network has seen, how many nobody registered."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from agent.errors import ProbeError
from agent.owners import OwnerRule, named, owner_of
from agent.probes.base import Context, Probe
from agent.probes.terminals.memory import Memory, Sighting, remember
from agent.probes.terminals.settings import Source, TerminalsSettings
from agent.probes.terminals.sources import Traces, seen_by
from agent.register import OWNERS, Owner, current, is_group, is_randomised
from wire.measures import TERMINALS, TERMINALS_RANDOMISED, TERMINALS_WATCHED, TERMINALS_WINDOW
from wire.report import Reading

UNREGISTERED = "unregistered"
_AT_ONCE = 8


async def run(settings: TerminalsSettings, context: Context, now: Callable[[], float] = time.time) -> Sequence[Reading]:
    """The counts. Where a source fails, the others' sightings count, and the error carries the readings."""
    register = await current(settings.register_file)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(source: Source) -> Traces | ProbeError:
        try:
            async with limit:
                return await seen_by(source, context, now())
        except ProbeError as error:
            return type(error)(f"{source.kind} of {source.where}: {error}")

    answers = await asyncio.gather(*(look(source) for source in settings.sources))
    failures = [answer for answer in answers if isinstance(answer, ProbeError)]
    seen: dict[str, Sighting] | None = None
    if len(failures) < len(answers):
        traces = _joined(answer for answer in answers if not isinstance(answer, ProbeError))
        seen = {mac: Sighting(owner_of(mac, trace, {}, settings.owners), trace.at) for mac, trace in traces.items()}
    window = settings.window_days * 86_400.0
    memory = await asyncio.to_thread(remember, memory_file(context, settings.device), seen, now(), window)
    has_register = settings.register_file is not None
    readings = _readings(register if has_register else None, settings.owners, memory, window)
    if failures:
        raise type(failures[0])("; ".join(str(failure) for failure in failures), readings)
    return readings


def memory_file(context: Context, device: str) -> Path:
    """Where one device's sightings are kept."""
    return context.state_dir / f"terminals-{hashlib.sha256(device.encode()).hexdigest()[:12]}.sqlite3"


def _joined(answers: Iterable[Traces]) -> Traces:
    """What all sources say of each terminal together."""
    found: Traces = {}
    for answer in answers:
        for mac, trace in answer.items():
            if is_group(mac):
                continue
            if mac in found:
                found[mac].join(trace)
            else:
                found[mac] = trace
    return found


def _readings(
    register: Mapping[str, Owner] | None, rules: Sequence[OwnerRule], memory: Memory, window: float
) -> list[Reading]:
    readings: list[Reading] = []
    inventory: Counter[str] = Counter((register or {}).values())
    if register is not None:
        readings += [_terminals(inventory[owner], owner, "inventory") for owner in OWNERS]
    if memory.watched_seconds is None:
        return readings
    registered = register or {}
    verified: Counter[str] = Counter(owner for mac, owner in registered.items() if mac in memory.macs)
    if register is not None:
        readings += [_terminals(verified[owner], owner, "verified") for owner in OWNERS]
    ruled = named(rules)
    strangers = {mac: owner for mac, owner in memory.macs.items() if mac not in registered}
    real: Counter[str] = Counter(_whose(owner, ruled) for mac, owner in strangers.items() if not is_randomised(mac))
    made_up: Counter[str] = Counter(_whose(owner, ruled) for mac, owner in strangers.items() if is_randomised(mac))
    own = [owner for owner in OWNERS if owner in ruled]
    readings += [_terminals(verified[owner] + real[owner], owner, "seen") for owner in own]
    readings += [_terminals(real[owner], owner, "seen") for owner in (*ruled[len(own) :], UNREGISTERED)]
    readings += [
        Reading(measure=TERMINALS_RANDOMISED.name, value=made_up[owner], labels={"owner": owner})
        for owner in (*ruled, UNREGISTERED)
    ]
    readings.append(Reading(measure=TERMINALS_WATCHED.name, value=memory.watched_seconds))
    readings.append(Reading(measure=TERMINALS_WINDOW.name, value=window))
    return readings


def _whose(owner: str | None, ruled: Sequence[str]) -> str:
    """A rule that was taken out of the configuration says nothing any more."""
    return owner if owner is not None and owner in ruled else UNREGISTERED


def _terminals(count: int, owner: str, basis: str) -> Reading:
    return Reading(measure=TERMINALS.name, value=count, labels={"owner": owner, "basis": basis})


PROBE = Probe(TerminalsSettings, (TERMINALS, TERMINALS_WATCHED, TERMINALS_WINDOW, TERMINALS_RANDOMISED), run)
