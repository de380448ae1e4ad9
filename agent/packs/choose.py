"""Picks the pack by the device's answer: the one whose table of access points has the most rows.

The vendor's tree may stand elsewhere than sysObjectID says, and one model may answer two packs, one of them with a few
rows only. So every pack that could fit is asked, those that sysObjectID speaks for first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.clients.snmp import Snmp, Value
from agent.packs.model import AccessPointTable, Pack, Sum, sum_columns, under

MAX_ACCESS_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A pack at the root that answered, its table if it has rows, and everything read so far."""

    pack: Pack
    root: str
    table: AccessPointTable | None
    scalars: dict[str, Value]
    columns: dict[str, dict[str, Value]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many access points the listing columns tell of."""
        if self.table is None:
            return 0
        return max((len(self.columns[under(self.root, oid)]) for oid in self.table.list_columns()), default=0)

    @property
    def rank(self) -> tuple[int, bool, int]:
        """More rows are better, then a stand-alone access point that answers, then more scalars."""
        alone = self.pack.itself is not None and bool(self.columns.get(under(self.root, self.pack.itself.clients.sum)))
        return self.rows, alone, len(self.scalars)


async def choose(snmp: Snmp, packs: Mapping[str, Pack], object_id: str) -> Choice | None:
    """The pack that fits best, with all of its columns read; None when none of them has any answer."""
    spoken_for = sorted((pack for pack in packs.values() if reach(pack, object_id)), key=lambda p: -reach(p, object_id))
    others = [pack for pack in packs.values() if pack not in spoken_for]
    for group in (spoken_for, others):
        choices = [choice for pack in group for choice in await ask(snmp, pack)]
        best = max(choices, key=lambda choice: choice.rank, default=None)
        if best is not None and any(best.rank):
            await _complete(snmp, best)
            return best
    return None


def reach(pack: Pack, object_id: str) -> int:
    """How many characters of the sysObjectID the pack speaks for."""
    return max((len(begin) for begin in pack.recognise if f"{object_id}.".startswith(f"{begin}.")), default=0)


async def ask(snmp: Snmp, pack: Pack) -> list[Choice]:
    """What the device answers to one pack: a choice for each of its roots and tables, read as far as ranking needs."""
    choices: list[Choice] = []
    for root in pack.roots:
        scalars = await snmp.get(under(root, oid) for oid in pack.scalars.single())
        columns: dict[str, dict[str, Value]] = {}
        for table in pack.access_points:
            await _read(snmp, (under(root, oid) for oid in table.list_columns()), columns)
        if pack.itself is not None:
            await _read(snmp, (under(root, oid) for oid in sum_columns(pack.itself.clients)), columns)
        tables: tuple[AccessPointTable | None, ...] = pack.access_points or (None,)
        choices.extend(Choice(pack, root, table, scalars, columns) for table in tables)
    return choices


async def _complete(snmp: Snmp, choice: Choice) -> None:
    """Read what the chosen table needs besides its list."""
    root, pack = choice.root, choice.pack
    oids = [under(root, oid) for oid in choice.table.columns()] if choice.table is not None and choice.rows else []
    for count in pack.scalars.clients.values():
        if isinstance(count, Sum):
            oids.extend(under(root, oid) for oid in sum_columns(count))
    if pack.itself is not None:
        oids.extend(under(root, lookup.column) for lookup in pack.itself.state if lookup.column is not None)
        if pack.itself.identity is not None:
            choice.scalars.update(await snmp.get([under(root, pack.itself.identity)]))
    await _read(snmp, oids, choice.columns)


async def _read(snmp: Snmp, oids: Iterable[str], columns: dict[str, dict[str, Value]]) -> None:
    for oid in oids:
        if oid not in columns:
            columns[oid] = await snmp.column(oid, MAX_ACCESS_POINTS * 4)
