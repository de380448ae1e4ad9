"""What is told of an access point besides its state: radios, uplink, model and firmware; and stations by network."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.clients.snmp import Value, text
from agent.packs.index import BadIndex, belongs_to, decoded, mac_address
from agent.packs.model import AccessPointTable
from agent.packs.parts import Networks, Radios, Speed, under
from agent.probes.wireless.table import Columns, label, whole

MAX_NETWORKS = 32
"""Networks that are told apart; the stations of those after them are added up without a name."""
_UNITS = {"Mbit/s": 1_000_000, "kbit/s": 1_000, "bit/s": 1}
_MAX_BITS_PER_SECOND = 1_000_000_000_000
_NUMBER = re.compile(r"-?\d+")
_MAX_CHANNEL = 233  # IEEE 802.11ax, 6 GHz band


@dataclass(frozen=True, slots=True)
class Radio:
    """One radio, known by the last number of its row's index; None where the device tells nothing.

    `utilisation` is a ratio, `noise` is in dBm.
    """

    index: str
    band: str
    channel: int | None
    utilisation: float | None
    noise: int | None
    clients: int | None


def radios_of(
    source: Radios | None, table: AccessPointTable | None, root: str, columns: Columns
) -> dict[str, list[Radio]]:
    """The radios by the key of their access point; of a stand-alone one all are under the empty key."""
    if source is None:
        return {}
    owners = _Owners(table, root, columns)
    keys = columns.get(under(root, source.key), {}) if source.key is not None else {}
    rows = _rows(source, root, columns)
    found: dict[str, list[Radio]] = {}
    for index in rows:
        if table is None:
            owner: str | None = ""
        elif source.key is not None:
            owner = owners.named(keys[index]) if index in keys else None
        else:
            owner = owners.of(index)
        if owner is not None:
            radios = found.setdefault(owner, [])
            number = index.rpartition(".")[2]
            if any(radio.index == number for radio in radios):
                number = f"{number}-{len(radios) + 1}"
            radios.append(_radio(source, root, columns, index, number))
    return found


def speeds_of(source: Speed | None, table: AccessPointTable, root: str, columns: Columns) -> dict[str, int]:
    """Bit/s of the fastest wired port with a speed, by the access point's key."""
    if source is None:
        return {}
    owners = _Owners(table, root, columns)
    found: dict[str, int] = {}
    for index, value in columns.get(under(root, source.column), {}).items():
        owner = owners.of(index)
        speed = source.values.get(label(value).lower()) if source.values else _number(value)
        if owner is not None and speed is not None and 0 < speed * _UNITS[source.unit] <= _MAX_BITS_PER_SECOND:
            found[owner] = max(found.get(owner, 0), speed * _UNITS[source.unit])
    return found


def network_clients(source: Networks | None, root: str, columns: Columns) -> dict[str, int]:
    """Stations by SSID, in the device's order; those beyond MAX_NETWORKS under an empty name. Raises Malformed."""
    if source is None:
        return {}
    names = columns.get(under(root, source.name), {}) if source.name is not None else {}
    counts: list[Mapping[str, Value]] = [columns.get(under(root, column), {}) for column in source.clients]
    found: dict[str, int] = {}
    for rows in counts or [dict.fromkeys(names, 1)]:
        for index, value in rows.items():
            name = _ssid(source, names, index)
            if name is None:
                continue
            if name not in found and len(found) >= MAX_NETWORKS:
                name = ""
            found[name] = found.get(name, 0) + whole(value)
    return found


def _ssid(source: Networks, names: Mapping[str, Value], index: str) -> str | None:
    if source.index is None:
        return label(names[index]) or None if index in names else None
    try:
        return label(decoded(index, source.index)) or None
    except BadIndex:
        return None


class _Owners:
    """Whose a row is: by its index, or by a column that names the access point."""

    def __init__(self, table: AccessPointTable | None, root: str, columns: Columns) -> None:
        self._kind = table.index if table is not None else "text"
        self._by_index: dict[str, str] = {}
        for oid in table.rows if table is not None else ():
            for index in columns.get(under(root, oid), {}):
                self._by_index[index] = label(decoded(index, self._kind))
        self._keys = set(self._by_index.values())

    def of(self, index: str) -> str | None:
        return belongs_to(index, self._by_index)

    def named(self, value: Value) -> str | None:
        name = mac_address(value) if self._kind == "mac" else label(value)
        return name if name in self._keys else None


def _rows(source: Radios, root: str, columns: Columns) -> Iterator[str]:
    """The index of every radio: by its clients, channel or utilisation, and only else by its noise, whose table may
    have a row for every channel.
    """
    for oid in (source.channel, source.frequency, source.clients, source.utilisation, source.noise):
        if oid is not None and (found := columns.get(under(root, oid))):
            return iter(found)
    return iter(())


def _radio(source: Radios, root: str, columns: Columns, index: str, number: str) -> Radio:
    def value(oid: str | None, at: str = index) -> int | None:
        rows = columns.get(under(root, oid), {}) if oid is not None else {}
        return _number(rows[at]) if at in rows else None

    channel, busy, clients = value(source.channel), value(source.utilisation), value(source.clients)
    frequency = value(source.frequency)
    band = _band(source, root, columns, index)
    if frequency is not None:
        band, channel = channel_of(frequency)
    noise = value(source.noise)
    if noise is None and channel is not None:
        noise = value(source.noise, f"{index}.{channel}")
    return Radio(
        index=number,
        band=band,
        channel=channel if channel is not None and 0 < channel <= _MAX_CHANNEL else None,
        utilisation=busy / 100 if busy is not None and 0 <= busy <= 100 else None,
        # Some agents leave the sign out; 0 is no noise that a receiver can have.
        noise=-abs(noise) if noise is not None and 20 <= abs(noise) <= 127 else None,
        clients=clients if clients is not None and clients >= 0 else None,
    )


def channel_of(frequency: int) -> tuple[str, int | None]:
    """Band and channel of a centre frequency in MHz (IEEE 802.11, Annex E)."""
    if frequency == 2484:
        return "2.4GHz", 14
    if 2412 <= frequency <= 2472:
        return "2.4GHz", (frequency - 2407) // 5
    if 5160 <= frequency <= 5885:
        return "5GHz", (frequency - 5000) // 5
    if 5955 <= frequency <= 7115:
        return "6GHz", (frequency - 5950) // 5
    return "", None


def _band(source: Radios, root: str, columns: Columns, index: str) -> str:
    if source.band is None:
        return ""
    kind = columns.get(under(root, source.band.column), {}).get(index)
    return source.band.values.get(label(kind).lower(), "") if kind is not None else ""


def _number(value: Value) -> int | None:
    """A whole number, or the first one in a text such as "149E"; None for none."""
    if isinstance(value, int):
        return value
    found = _NUMBER.match(text(value).strip()) if isinstance(value, str | bytes) else None
    return int(found[0]) if found and len(found[0]) < 16 else None
