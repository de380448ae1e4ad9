"""Reads IF-MIB (RFC 2863), EtherLike-MIB (RFC 3635) and the members of aggregations into rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.clients.snmp import Snmp, Value, text
from agent.errors import Malformed, ProbeError, Silent
from agent.probes.ports.kinds import ETHERNET_TYPES, Kind, kind_of
from agent.probes.ports.speed import bits_per_second
from wire.limits import MAX_LABEL_CHARACTERS

MAX_PORTS = 10_000

IF_NUMBER = "1.3.6.1.2.1.2.1.0"
_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_IF = "1.3.6.1.2.1.2.2.1"
_IFX = "1.3.6.1.2.1.31.1.1.1"
DESCR, TYPE, SPEED, ADMIN, OPER = (f"{_IF}.{column}" for column in (2, 3, 5, 7, 8))
NAME, HIGH_SPEED, ALIAS = (f"{_IFX}.{column}" for column in (1, 15, 18))
_ROWS = (DESCR, TYPE, ADMIN, OPER)
"""The columns that make a row of ifTable: some devices leave one of them out, or rows of it."""

HC_IN, HC_OUT = f"{_IFX}.6", f"{_IFX}.10"
IN, OUT = f"{_IF}.10", f"{_IF}.16"
IN_ERRORS, OUT_ERRORS = f"{_IF}.14", f"{_IF}.20"
DUPLEX = "1.3.6.1.2.1.10.7.2.1.19"
COUNTERS = (HC_IN, HC_OUT, IN_ERRORS, OUT_ERRORS, DUPLEX)

_STACK_STATUS = "1.3.6.1.2.1.31.1.2.1.3"
_ATTACHED_AGGREGATION = "1.2.840.10006.300.43.1.2.1.1.13"
"""dot3adAggPortAttachedAggID of IEEE8023-LAG-MIB."""
_ACTIVE = 1  # RowStatus
_UP = 1  # ifAdminStatus, ifOperStatus


@dataclass(slots=True)
class Port:
    """One row; None where the device says nothing. `speed` is in bit/s."""

    index: str
    name: str
    descr: str
    alias: str
    iftype: int | None
    speed: int | None
    admin_up: bool | None
    up: bool | None
    kind: Kind
    role: str = "other"
    place: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, self.descr)


@dataclass(slots=True)
class Reader:
    """Reads tables from a session, and remembers the first thing that went wrong with one; the others go on."""

    snmp: Snmp
    fault: ProbeError | None = None
    columns: dict[str, dict[str, Value]] = field(default_factory=dict)

    async def read(self, oids: Iterable[str], indexes: Iterable[str] = ()) -> None:
        """Fill `columns`, at least for `indexes` where some are given. A column that fails is empty; once the device is
        silent, nothing more is asked of it."""
        until = max(indexes, key=lambda index: tuple(map(int, index.split("."))), default=None)
        for oid in oids:
            self.columns[oid] = {}
            if isinstance(self.fault, Silent):
                continue
            try:
                self.columns.update(await self.snmp.columns([oid], MAX_PORTS, until))
            except (Malformed, Silent) as error:
                self.fault = self.fault or error

    async def read_cells(self, oids: Iterable[str], indexes: list[str], rows: int) -> None:
        """Fill `columns` for some rows: by single objects where that is less than walking over the others too."""
        if 2 * len(indexes) >= rows:
            await self.read(oids, indexes)
            return
        for oid in oids:
            self.columns[oid] = {}
        wanted = {f"{oid}.{index}": (oid, index) for oid in oids for index in indexes}
        if isinstance(self.fault, Silent):
            return
        try:
            found = await self.snmp.get(wanted)
        except (Malformed, Silent) as error:
            self.fault = self.fault or error
            return
        for full, value in found.items():
            oid, index = wanted[full]
            self.columns[oid][index] = value

    def number(self, oid: str, index: str) -> int | None:
        """An INTEGER, counter or gauge; None when absent or of another type."""
        value = self.columns[oid].get(index)
        return value if isinstance(value, int) else None

    def words(self, oid: str, index: str) -> str:
        """A DisplayString on one line, as long as a label may be."""
        value = self.columns[oid].get(index)
        return " ".join(text(value).split())[:MAX_LABEL_CHARACTERS] if value is not None else ""


async def read_ports(reader: Reader) -> tuple[list[Port], int | None]:
    """The rows of ifTable in its order, and ifNumber. Raises what went wrong when that left no row."""
    system = await reader.snmp.get((_OBJECT_ID, IF_NUMBER))
    await reader.read((DESCR, TYPE, ADMIN, OPER))
    indexes = list(dict.fromkeys(index for oid in _ROWS for index in reader.columns[oid]))
    if not indexes:
        if reader.fault is not None:
            raise reader.fault
        if not system:
            raise Malformed("the device answers but shows neither sysObjectID nor ifTable: is its view restricted?")
    await reader.read((SPEED, NAME, HIGH_SPEED, ALIAS) if indexes else (), indexes)
    expected = system.get(IF_NUMBER)
    return [_port(reader, index) for index in indexes], expected if isinstance(expected, int) else None


def _port(reader: Reader, index: str) -> Port:
    descr, iftype = reader.words(DESCR, index), reader.number(TYPE, index)
    name = reader.words(NAME, index) or descr or index[:MAX_LABEL_CHARACTERS]
    admin, oper = reader.number(ADMIN, index), reader.number(OPER, index)
    return Port(
        index=index[:MAX_LABEL_CHARACTERS],
        name=name,
        descr=descr,
        alias=reader.words(ALIAS, index),
        iftype=iftype,
        speed=bits_per_second(
            reader.number(SPEED, index), reader.number(HIGH_SPEED, index), ethernet=iftype in ETHERNET_TYPES
        ),
        admin_up=None if admin is None else admin == _UP,
        up=None if oper is None else oper == _UP,
        kind=kind_of(iftype, name, descr),
    )


async def read_members(reader: Reader, aggregations: set[str]) -> dict[str, str]:
    """Index of each member port to that of its aggregation: by ifStackTable, else by IEEE8023-LAG-MIB."""
    if not aggregations:
        return {}
    await reader.read((_STACK_STATUS,))
    members: dict[str, str] = {}
    for pair, status in reader.columns[_STACK_STATUS].items():
        higher, _, lower = pair.partition(".")
        if higher in aggregations and lower != "0" and status == _ACTIVE:
            members[lower] = higher
    if not members:
        await reader.read((_ATTACHED_AGGREGATION,))
        for index, value in reader.columns[_ATTACHED_AGGREGATION].items():
            if str(value) in aggregations and str(value) != index:
                members[index] = str(value)
    return members
