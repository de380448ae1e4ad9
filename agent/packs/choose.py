"""Picks the pack by the device's answer: the one whose table of access points has the most rows.

The vendor's tree may stand elsewhere than sysObjectID says, and one model may answer two packs, one of them with a few
rows only. So every pack is asked whose tree the device shows, those that sysObjectID speaks for first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.clients.snmp import Snmp, Value
from agent.errors import Malformed, ProbeError, Silent
from agent.packs.model import AccessPointTable, Pack
from agent.packs.parts import count_columns, under

MAX_ACCESS_POINTS = 20_000


@dataclass(slots=True)
class Choice:
    """A pack at the root that answered, its table if it has rows, and everything read so far."""

    pack: Pack
    root: str
    table: AccessPointTable | None
    scalars: dict[str, Value]
    columns: dict[str, dict[str, Value]] = field(default_factory=dict)
    speaks: bool = False
    """sysObjectID is one that the pack names."""
    fault: ProbeError | None = None
    """What went wrong with a column that no state depends on."""

    @property
    def rows(self) -> int:
        """How many access points the listing columns tell of."""
        if self.table is None:
            return 0
        indexes = {index for oid in self.table.rows for index in self.columns[under(self.root, oid)]}
        values = self.columns[under(self.root, self.table.values)] if self.table.values is not None else {}
        return max(len(indexes), len(values))

    @property
    def alone(self) -> bool:
        """The device answers as a stand-alone access point."""
        return self.pack.itself is not None and bool(self.columns.get(under(self.root, self.pack.itself.shown_by)))

    @property
    def answers(self) -> bool:
        return bool(self.rows or self.alone or self.scalars)

    @property
    def rank(self) -> tuple[int, bool, bool, bool, int]:
        """More rows are better, then states, then a stand-alone access point, then sysObjectID, then more scalars."""
        states = self.table is not None and bool(self.table.state)
        return self.rows, bool(self.rows) and states, self.alone, self.speaks, len(self.scalars)


@dataclass(frozen=True, slots=True)
class Nothing:
    """No pack fits; the trees that the device shows although nothing that a pack reads is in them, by pack."""

    trees: tuple[tuple[str, str], ...]


async def choose(snmp: Snmp, packs: Mapping[str, Pack], object_id: str, radios: bool) -> Choice | Nothing:
    """The pack that fits best, with all of its columns read, those of the radios on request."""
    spoken_for = sorted((pack for pack in packs.values() if reach(pack, object_id)), key=lambda p: -reach(p, object_id))
    others = [pack for pack in packs.values() if pack not in spoken_for]
    choices: list[Choice] = []
    for group in (spoken_for, others):
        for pack in group:
            choices += await ask(snmp, pack, object_id)
        best = max((choice for choice in choices if choice.answers), key=lambda choice: choice.rank, default=None)
        # Mere counts do not show that a pack fits: another one may have the table.
        if best is not None and (best.rows or best.alone or group is others):
            await _complete(snmp, best, radios)
            return best
    return Nothing(tuple(dict.fromkeys((choice.pack.id, choice.root) for choice in choices)))


def reach(pack: Pack, object_id: str) -> int:
    """How many characters of the sysObjectID the pack speaks for."""
    return max((len(begin) for begin in pack.recognise if f"{object_id}.".startswith(f"{begin}.")), default=0)


async def ask(snmp: Snmp, pack: Pack, object_id: str) -> list[Choice]:
    """What the device answers to one pack, read as far as ranking needs: a choice for each root that it shows anything
    under, and for each of the pack's tables; none when it shows none of the roots.
    """
    choices: list[Choice] = []
    for root in pack.roots:
        if not await snmp.has(root):
            continue
        scalars = await snmp.get(under(root, oid) for oid in pack.scalars.single())
        columns: dict[str, dict[str, Value]] = {}
        for table in pack.access_points:
            await _read(snmp, (under(root, oid) for oid in table.list_columns()), columns)
        if pack.itself is not None:
            await _read(snmp, [under(root, pack.itself.shown_by)], columns)
        tables: tuple[AccessPointTable | None, ...] = pack.access_points or (None,)
        speaks = reach(pack, object_id) > 0
        choices.extend(Choice(pack, root, table, scalars, columns, speaks) for table in tables)
    return choices


async def _complete(snmp: Snmp, choice: Choice, radios: bool) -> None:
    """Read what the chosen table needs besides its list, what the states rest on first."""
    root, pack = choice.root, choice.pack
    table = choice.table if choice.rows else None
    oids = list(table.columns()) if table is not None else []
    for count in pack.scalars.clients.values():
        oids.extend(count_columns(count))
    itself = pack.itself if table is None else None
    if itself is not None:
        oids.extend(count_columns(itself.clients))
        oids.extend(lookup.column for lookup in itself.state if lookup.column is not None)
        choice.scalars.update(await snmp.get(under(root, oid) for oid in itself.single()))
    await _read(snmp, (under(root, oid) for oid in oids), choice.columns)
    details = list(table.details(radios)) if table is not None else []
    if itself is not None and itself.radios is not None and radios:
        details.extend(itself.radios.columns())
    if pack.networks is not None:
        details.extend(pack.networks.columns())
    try:
        await _read(snmp, (under(root, oid) for oid in details), choice.columns)
    except (Malformed, Silent) as error:
        choice.fault = error


async def _read(snmp: Snmp, oids: Iterable[str], columns: dict[str, dict[str, Value]]) -> None:
    for oid in oids:
        if oid not in columns:
            columns[oid] = await snmp.column(oid, MAX_ACCESS_POINTS * 4)
