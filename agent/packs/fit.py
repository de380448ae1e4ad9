"""Which device packs a device answers to, for a person who adds one."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.clients.snmp import connect, text
from agent.clients.snmp_settings import SnmpSettings
from agent.packs.choose import ask, reach
from agent.packs.model import Pack

_DESCR, _OBJECT_ID = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"  # RFC 3418


@dataclass(frozen=True, slots=True)
class Fit:
    """What a device answered to one pack."""

    pack: Pack
    rows: int
    """Access points in its best table."""
    scalars: int
    """Single objects of the pack that the device has."""
    alone: bool
    """The device answers as a stand-alone access point."""
    by_object_id: bool
    """The pack speaks for the device's sysObjectID."""

    @property
    def rank(self) -> tuple[bool, int, bool, int]:
        """The order in which the wireless probe would take them: answers first, then what sysObjectID says."""
        answers = bool(self.rows or self.alone or self.scalars)
        return answers and self.by_object_id, self.rows, self.alone, self.scalars


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
        found: list[Fit] = []
        for pack in packs.values():
            best = max(await ask(snmp, pack), key=lambda choice: choice.rank)
            rows, alone, scalars = best.rank
            found.append(Fit(pack, rows, scalars, alone, reach(pack, object_id) > 0))
    found.sort(key=lambda fit: fit.rank, reverse=True)
    return Answers(object_id, text(system.get(_DESCR, "")), tuple(found))
