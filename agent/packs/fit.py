"""Which device packs a device answers to, for a person who adds one."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.clients.snmp import connect, text
from agent.clients.snmp_settings import SnmpSettings
from agent.packs.choose import Choice, ask, reach
from agent.packs.model import Pack

_DESCR, _OBJECT_ID = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"  # RFC 3418


@dataclass(frozen=True, slots=True)
class Fit:
    """What a device answered to one pack."""

    pack: Pack
    by_object_id: bool
    """The pack speaks for the device's sysObjectID."""
    root: str | None
    """The pack's tree that the device shows anything of; None when it shows none."""
    rows: int = 0
    """Access points in its best table."""
    scalars: int = 0
    """Single objects of the pack that the device has."""
    alone: bool = False
    """The device answers as a stand-alone access point."""

    @property
    def answers(self) -> bool:
        return bool(self.rows or self.alone or self.scalars)

    @property
    def rank(self) -> tuple[bool, int, bool, bool, int, bool]:
        """The order in which the wireless probe would take them; of those without an answer, the nearest first."""
        return self.answers, self.rows, self.alone, self.by_object_id, self.scalars, self.root is not None


@dataclass(frozen=True, slots=True)
class Answers:
    """A device, and every pack by how well it fits, the best first."""

    object_id: str
    descr: str
    fits: tuple[Fit, ...]


async def fits(settings: SnmpSettings, packs: Mapping[str, Pack]) -> Answers:
    """Ask a device by every pack. Raises an error of agent/errors.py when it does not answer at all."""
    async with connect(settings) as snmp:
        system = await snmp.get((_DESCR, _OBJECT_ID))
        object_id = text(system.get(_OBJECT_ID, "")).lstrip(".")
        found = [_fit(pack, object_id, await ask(snmp, pack, object_id)) for pack in packs.values()]
    found.sort(key=lambda fit: fit.rank, reverse=True)
    return Answers(object_id, text(system.get(_DESCR, "")), tuple(found))


def _fit(pack: Pack, object_id: str, choices: list[Choice]) -> Fit:
    by_object_id = reach(pack, object_id) > 0
    if not choices:
        return Fit(pack, by_object_id, None)
    best = max(choices, key=lambda choice: choice.rank)
    return Fit(pack, by_object_id, best.root, best.rows, len(best.scalars), best.alone)
