"""The states of AV devices, one set for all of them, and the readings that tell of one."""

from typing import Literal

from wire.measures import AV_DEVICE_REACHABLE, AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Reading

System = Literal["multimedia", "cctv", "surveillance", "broadcast", "recording"]
State = Literal["ok", "standby", "warming", "cooling", "fault", "authentication_failed", "unreachable", "unknown"]
"""`ok` serves, `standby`, `warming` and `cooling` can; `fault` says itself that it cannot. `authentication_failed` and
`unreachable` are what the agent met, and `unknown` is every answer that says nothing of the device."""

SERVING: frozenset[State] = frozenset({"ok", "standby", "warming", "cooling"})
ASKED: frozenset[State] = SERVING | {"fault"}
"""States that the device itself gave: only these say whether it is up."""


def state_readings(system: System, place: str, state: State) -> list[Reading]:
    """AV_DEVICE_STATE always; AV_DEVICE_UP only where the device itself was heard, 1 when it can serve."""
    labels = {"system": system, "place": place}
    readings = [Reading(measure=AV_DEVICE_STATE.name, value=1, labels={**labels, "state": state})]
    if state in ASKED:
        readings.append(Reading(measure=AV_DEVICE_UP.name, value=state in SERVING, labels=labels))
    return readings


Way = Literal["tcp", "icmp", "arp"]
"""What a device answered by: a program on it, its network stack, or its network card."""


def reachable_readings(system: System, place: str, by: Way) -> list[Reading]:
    """For a device that answers and cannot be asked: reachable, its state unknown, and nothing of whether it is up."""
    labels = {"system": system, "place": place}
    reachable = Reading(measure=AV_DEVICE_REACHABLE.name, value=1, labels={**labels, "by": by})
    return [reachable, *state_readings(system, place, "unknown")]
