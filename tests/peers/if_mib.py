"""Writes a device's IF-MIB as a recording, from one line a port."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_DUPLEX = "1.3.6.1.2.1.10.7.2.1.19"
_INTEGER, _OCTETS, _OID, _COUNTER, _GAUGE, _TICKS, _COUNTER64 = 2, 4, 6, 65, 66, 67, 70
_COLUMNS = {
    "descr": (f"{_IF}.2", _OCTETS),
    "iftype": (f"{_IF}.3", _INTEGER),
    "speed": (f"{_IF}.5", _GAUGE),
    "admin": (f"{_IF}.7", _INTEGER),
    "oper": (f"{_IF}.8", _INTEGER),
    "octets": (f"{_IF}.10", _COUNTER),
    "in_errors": (f"{_IF}.14", _COUNTER),
    "octets_out": (f"{_IF}.16", _COUNTER),
    "out_errors": (f"{_IF}.20", _COUNTER),
    "name": (f"{_IFX}.1", _OCTETS),
    "hc": (f"{_IFX}.6", _COUNTER64),
    "hc_out": (f"{_IFX}.10", _COUNTER64),
    "high": (f"{_IFX}.15", _GAUGE),
    "alias": (f"{_IFX}.18", _OCTETS),
    "duplex": (_DUPLEX, _INTEGER),
}


@dataclass
class Device:
    """Rows by ifIndex, each with the columns that the device has, by the names above. `extra` is OID: (tag, value)."""

    rows: Mapping[int, Mapping[str, object]]
    number: int | None = None
    extra: Mapping[str, tuple[int, object]] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        objects: dict[str, tuple[int, object]] = {
            "1.3.6.1.2.1.1.2.0": (_OID, "1.3.6.1.4.1.99999.1"),
            "1.3.6.1.2.1.1.3.0": (_TICKS, 4711),
            **self.extra,
        }
        if self.number is not None:
            objects["1.3.6.1.2.1.2.1.0"] = (_INTEGER, self.number)
        for index, row in self.rows.items():
            for column, value in row.items():
                oid, tag = _COLUMNS[column]
                objects[f"{oid}.{index}"] = (tag, value)
        lines = [_line(oid, *objects[oid]) for oid in sorted(objects, key=_arcs)]
        path.write_text("".join(lines))
        return path


def stack(pairs: Iterable[tuple[int, int]]) -> dict[str, tuple[int, object]]:
    """ifStackStatus rows: (aggregation, member)."""
    return {f"1.3.6.1.2.1.31.1.2.1.3.{higher}.{lower}": (_INTEGER, 1) for higher, lower in pairs}


def attached(pairs: Iterable[tuple[int, int]]) -> dict[str, tuple[int, object]]:
    """dot3adAggPortAttachedAggID rows: (aggregation, member)."""
    return {f"1.2.840.10006.300.43.1.2.1.1.13.{lower}": (_INTEGER, higher) for higher, lower in pairs}


def _line(oid: str, tag: int, value: object) -> str:
    if tag == _OCTETS:
        raw = value if isinstance(value, bytes) else str(value).encode()
        return f"{oid}|{tag}x|{raw.hex()}\n"
    return f"{oid}|{tag}|{value}\n"


def _arcs(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))
