"""Projectors and panels by PJLink: whether they can serve, what they complain of, how long their lamps have burned."""

from collections.abc import Awaitable, Iterator
from typing import TypeVar

from agent.av import State, state_readings
from agent.clients import pjlink
from agent.errors import ProbeError, Refused, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.display.settings import DisplaySettings
from agent.probes.display.state import Seen
from common.secrets import SecretUnavailable
from wire.measures import AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Measure, Reading

HOUR_SECONDS = 3600

LAMP_USED = Measure(
    name="display_lamp_used_seconds",
    help="Time a lamp has burned; absent where the device does not count it or has no lamp.",
    labels=("lamp",),
)
LAMP_ON = Measure(name="display_lamp_on", help="1 when the lamp is lit, else 0.", labels=("lamp",))
FILTER_USED = Measure(name="display_filter_used_seconds", help="Time the air filter has been used; absent likewise.")
FAULT = Measure(
    name="display_fault",
    help="1 with a part that the device says is at fault; absent where it says nothing, which is not all well.",
    labels=("part",),
)
WARNING = Measure(name="display_warning", help="1 with a part that the device warns of.", labels=("part",))
SOURCE = Measure(name="display_source", help="1 with the input that is chosen, while it is on.", labels=("source",))
MUTED = Measure(
    name="display_muted", help="1 when picture or sound is muted, else 0, while it is on.", labels=("track",)
)

T = TypeVar("T")


async def run(settings: DisplaySettings, context: Context) -> list[Reading]:
    """The state always, also where the device could not be asked; AV_DEVICE_UP only where it was told."""
    seen = Seen()
    try:
        async with pjlink.connect(settings.host, settings.port, _password(settings)) as projector:
            await _look(projector, seen)
    except ProbeError as error:
        error.readings = tuple(_readings_after(error, settings, seen))
        raise
    return list(_readings(settings, seen))


async def _look(projector: pjlink.Projector, seen: Seen) -> None:
    async def told(question: Awaitable[T]) -> T | None:
        """The answer; None where the device does not have it, or not now."""
        try:
            return await question
        except pjlink.Failed:
            seen.failed = True
        except (pjlink.Undefined, pjlink.OutOfParameter, pjlink.Unavailable):
            pass
        return None

    try:
        seen.power = await projector.power()
    except pjlink.Failed:
        seen.failed = True
    except pjlink.Unavailable:
        pass  # ERR1 and ERR2 stay errors: every class has POWR
    seen.levels = await told(projector.errors()) or {}
    seen.lamps = await told(projector.lamps()) or []
    if await told(projector.pjlink_class()) == "2":
        seen.filter_hours = await told(projector.filter_hours())
    if seen.power == "on":
        seen.source = await told(projector.source())
        seen.muted = await told(projector.muted())


def _readings_after(error: ProbeError, settings: DisplaySettings, seen: Seen) -> Iterator[Reading]:
    """What stands in spite of an error: everything, once power and faults had both been asked."""
    if isinstance(error, pjlink.AuthenticationFailed):
        yield from _state(settings, "authentication_failed")
    elif isinstance(error, Unreachable | pjlink.PortClosed):
        yield from _state(settings, "unreachable")
    elif seen.levels is not None or seen.failed:
        yield from _readings(settings, seen)
    else:
        yield from _state(settings, "unknown")


def _readings(settings: DisplaySettings, seen: Seen) -> Iterator[Reading]:
    yield from _state(settings, seen.state)
    for part in seen.faults:
        yield Reading(measure=FAULT.name, value=1, labels={"part": part})
    for part in seen.warnings:
        yield Reading(measure=WARNING.name, value=1, labels={"part": part})
    for number, lamp in enumerate(seen.lamps, start=1):
        labels = {"lamp": str(number)}
        yield Reading(measure=LAMP_ON.name, value=lamp.on, labels=labels)
        if lamp.hours:
            yield Reading(measure=LAMP_USED.name, value=lamp.hours * HOUR_SECONDS, labels=labels)
    if seen.filter_hours:
        yield Reading(measure=FILTER_USED.name, value=seen.filter_hours * HOUR_SECONDS)
    if seen.source is not None:
        yield Reading(measure=SOURCE.name, value=1, labels={"source": seen.source})
    if seen.muted is not None:
        for track, muted in zip(("picture", "sound"), seen.muted, strict=True):
            yield Reading(measure=MUTED.name, value=muted, labels={"track": track})


def _state(settings: DisplaySettings, state: State) -> list[Reading]:
    return state_readings(settings.system, settings.place, state)


def _password(settings: DisplaySettings) -> str | None:
    if settings.password is None:
        return None
    try:
        return settings.password.read().get_secret_value()
    except SecretUnavailable as error:
        raise Refused(f"the password cannot be read: {error}") from error


PROBE = Probe(
    DisplaySettings,
    (AV_DEVICE_UP, AV_DEVICE_STATE, LAMP_USED, LAMP_ON, FILTER_USED, FAULT, WARNING, SOURCE, MUTED),
    run,
)
