"""Columns in, access points out: joins what a pack says belongs together. Touches no socket."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.clients.snmp import Value, text
from agent.errors import Malformed
from agent.packs.index import BadIndex, belongs_to, decoded, mac_address
from agent.packs.model import AccessPointTable
from agent.packs.parts import Lookup, StateLookup, Sum, under

Columns = Mapping[str, Mapping[str, Value]]
"""Whole OID of a column to its rows, by index."""
MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """One access point. `up` is None where the controller does not say: standby, or a state that the pack lacks.

    `key` is what its row's index says, by which other tables know it.
    """

    key: str
    ap_id: str
    name: str
    mac: str | None
    serial: str | None
    up: bool | None
    state: str
    clients: int | None
    location: str = ""
    model: str = ""
    firmware: str = ""


def access_points(table: AccessPointTable, root: str, columns: Columns) -> list[AccessPoint]:
    """Every access point in the table's order, each with an id of its own. Raises Malformed."""
    reader = _Reader(table, root, columns)
    names, macs, serials = (reader.first(lookups) for lookups in (table.name, table.mac, table.serial))
    states = [(lookup, reader.values(lookup)) for lookup in table.state]
    locations, models, firmwares = (reader.first(lookups) for lookups in (table.location, table.model, table.firmware))
    clients = reader.clients()
    found: dict[str, AccessPoint] = {}
    for key in reader.listed():
        mac = mac_address(macs.get(key, "")) or (mac_address(key) if table.index == "mac" else None)
        serial = label(serials.get(key, "")) or None
        own = {"index": key, "mac": mac, "serial": serial}[table.identity] or f"index {key}"
        up, state = _state(table, states, key)
        count = clients.get(key)
        if count is None and up is False and clients:
            count = 0  # what serves nobody has no stations; many controllers drop its row
        # A box that gives two rows the same address still has two access points.
        ap_id = own if own not in found else f"{own} index {key}"
        found[ap_id] = AccessPoint(
            key,
            ap_id,
            label(names.get(key, "")) or own,
            mac,
            serial,
            up,
            state,
            count,
            label(locations.get(key, "")),
            label(models.get(key, "")),
            label(firmwares.get(key, "")),
        )
    return list(found.values())


def by_band(count: Sum, root: str, columns: Columns) -> dict[str, int]:
    """A sum by band; empty where the pack tells no bands, or a row with clients has none that it lists."""
    rows = columns.get(under(root, count.sum), {})
    if count.bands is None or not rows:
        return {}
    kinds = columns.get(under(root, count.bands.column), {})
    totals: dict[str, int] = {}
    for index, value in rows.items():
        band = count.bands.values.get(_word(kinds[index])) if index in kinds else None
        clients = whole(value)
        if band is not None:
            totals[band] = totals.get(band, 0) + clients
        elif clients:
            return {}
    return totals


def meaning(lookups: tuple[StateLookup, ...], value: Value) -> tuple[bool | None, str]:
    """A value's meaning by the first lookup that lists it; a value that none lists is neither up nor down."""
    word = _word(value)
    for lookup in lookups:
        named = lookup.named(word)
        if named is not None:
            return named
    return None, label(f"unlisted_{word}")


def label(value: Value) -> str:
    """A device's text as a label: printable, on one line, bounded."""
    words = "".join(letter if letter.isprintable() else " " for letter in text(value))
    return " ".join(words.split())[:MAX_NAME]


def whole(value: Value) -> int:
    """A count. Raises Malformed for what is none."""
    try:
        number = int(text(value)) if isinstance(value, str | bytes) else int(value)
    except (ValueError, OverflowError):
        raise Malformed(f"{label(value)!r} stands where a count should") from None
    if number < 0:
        raise Malformed(f"{number} stands where a count should")
    return number


class _Reader:
    """One table's columns by the key of their access point."""

    def __init__(self, table: AccessPointTable, root: str, columns: Columns) -> None:
        self._table, self._root, self._columns = table, root, columns
        self._decoded: dict[str, str] = {}

    def listed(self) -> list[str]:
        keys: dict[str, None] = {}
        for oid in self._table.rows:
            keys.update(dict.fromkeys(self._key(index) for index in self._rows(oid)))
        if self._table.values is not None:
            values = (label(value) for value in self._rows(self._table.values).values())
            keys.update(dict.fromkeys(v for v in values if v and v.lower() not in self._table.skip))
        return list(keys)

    def values(self, lookup: Lookup) -> dict[str, Value]:
        """A lookup's values by access point; where a key repeats, the first counts."""
        found: dict[str, Value] = {}
        if lookup.key is None:
            return {self._key(index): value for index, value in self._rows(lookup.column or "").items()}
        column = self._rows(lookup.column) if lookup.column is not None else {}
        for index, value in self._rows(lookup.key).items():
            key = self._named(value)
            if lookup.index is not None:
                found.setdefault(key, self._read(index, lookup.index))
            elif index in column:
                found.setdefault(key, column[index])
        return found

    def _named(self, value: Value) -> str:
        """The access point that a column of another table names, written as the index is."""
        return (mac_address(value) if self._table.index == "mac" else None) or label(value)

    def first(self, lookups: tuple[Lookup, ...]) -> dict[str, Value]:
        """The first value that is not empty, of lookups in their order."""
        found: dict[str, Value] = {}
        for lookup in lookups:
            for key, value in self.values(lookup).items():
                if key not in found and value not in ("", b""):
                    found[key] = value
        return found

    def clients(self) -> dict[str, int]:
        source = self._table.clients
        if source is None:
            return {}
        if isinstance(source, Lookup):
            return {key: whole(value) for key, value in self.values(source).items()}
        owners = {index: self._key(index) for oid in self._table.rows for index in self._rows(oid)}
        totals: dict[str, int] = {}
        for index, value in self._rows(source.sum).items():
            owner = belongs_to(index, owners)
            if owner is not None:
                totals[owner] = totals.get(owner, 0) + whole(value)
        return totals

    def _rows(self, oid: str) -> Mapping[str, Value]:
        return self._columns.get(under(self._root, oid), {})

    def _key(self, index: str) -> str:
        if index not in self._decoded:
            self._decoded[index] = self._read(index, self._table.index)
        return self._decoded[index]

    def _read(self, index: str, kind: str) -> str:
        try:
            return label(decoded(index, kind))  # type: ignore[arg-type]
        except BadIndex:
            raise Malformed(f"{index[:80]} is no {kind} index") from None


def _state(
    table: AccessPointTable, states: list[tuple[StateLookup, dict[str, Value]]], key: str
) -> tuple[bool | None, str]:
    for lookup, values in states:
        if key in values and _word(values[key]) not in lookup.ignore:
            return meaning((lookup,), values[key])
    if table.otherwise is None:
        return None, "unknown"
    return table.otherwise.up is not None, table.otherwise.up or table.otherwise.down or "unknown"


def _word(value: Value) -> str:
    return label(value).lower()
