"""What a device pack may say. docs/adding-a-device.md explains each key to people who do not program."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from agent.packs.index import IndexKind
from agent.packs.parts import (
    Band,
    Count,
    Lookup,
    Lookups,
    Names,
    Networks,
    Oid,
    Otherwise,
    Part,
    Radios,
    Root,
    Speed,
    StateLookup,
    Sum,
    column_only,
    count_columns,
    several,
    sum_columns,
)
from agent.packs.stations import Stations
from common.faults import fault
from common.text import Text


class AccessPointTable(Part):
    """One way to list the access points: every row of the columns `rows`, and every value of the column `values`."""

    rows: Annotated[tuple[Oid, ...], BeforeValidator(several)] = ()
    values: Oid | None = None
    skip: tuple[str, ...] = ()
    """Values of `values` that name no access point."""
    index: IndexKind
    identity: Literal["index", "mac", "serial"] = "index"
    """What stays the same while an access point is down, is renamed or moves."""
    lists: Literal["all", "online"] = "all"
    """Whether a row stays when its access point goes down."""
    name: Lookups = ()
    mac: Lookups = ()
    serial: Lookups = ()
    location: Lookups = ()
    """What the device says of where it hangs."""
    model: Lookups = ()
    firmware: Lookups = ()
    state: Annotated[tuple[StateLookup, ...], BeforeValidator(several)] = ()
    otherwise: Otherwise | None = None
    clients: Annotated[Sum | Lookup | None, BeforeValidator(column_only)] = None
    uplink: Annotated[Speed | None, BeforeValidator(column_only)] = None
    radios: Radios | None = None

    @model_validator(mode="after")
    def _complete(self) -> "AccessPointTable":
        if not self.rows and self.values is None:
            raise fault("请写 rows 或 values", "write rows or values")
        if isinstance(self.clients, Sum) and not self.rows:
            raise fault("clients 用 sum 时必须写 rows", "clients by sum needs rows")
        if not self.rows and (self.uplink is not None or self.radios is not None):
            raise fault("uplink 和 radios 要求写 rows", "uplink and radios need rows")
        if not self.state and self.otherwise is None:
            raise fault("请写 state 或 otherwise", "write state or otherwise")
        for field in ("mac", "serial"):
            if self.identity == field and not getattr(self, field):
                raise fault(f"identity 为 {field} 时必须写 {field}", f"identity {field} needs {field}")
        return self

    def list_columns(self) -> tuple[Oid, ...]:
        return (*self.rows, self.values) if self.values is not None else self.rows

    def columns(self) -> Iterator[Oid]:
        """Every column that is read, relative or not."""
        yield from self.list_columns()
        lookups: list[Lookup] = [*self.name, *self.mac, *self.serial, *self.location, *self.state]
        if isinstance(self.clients, Lookup):
            lookups.append(self.clients)
        for lookup in lookups:
            yield from (oid for oid in (lookup.column, lookup.key) if oid is not None)
        if isinstance(self.clients, Sum):
            yield from sum_columns(self.clients)

    def details(self, radios: bool) -> Iterator[Oid]:
        """Columns that no state depends on; those of the radios only on request."""
        for lookup in (*self.model, *self.firmware):
            yield from (oid for oid in (lookup.column, lookup.key) if oid is not None)
        if self.uplink is not None:
            yield self.uplink.column
        if radios and self.radios is not None:
            yield from self.radios.columns()


class Itself(Part):
    """A stand-alone access point: the device that answers is the access point. It is up when any row says so."""

    identity: Oid | None = None
    model: Oid | None = None
    firmware: Oid | None = None
    state: tuple[StateLookup, ...] = ()
    rows: Oid | None = None
    """A column that only an access point has; without it, that of the clients."""
    clients: Sum | Count
    radios: Radios | None = None

    @property
    def shown_by(self) -> Oid:
        return self.rows or next(count_columns(self.clients))

    def single(self) -> Iterator[Oid]:
        yield from (oid for oid in (self.identity, self.model, self.firmware) if oid is not None)


class Scalars(Part):
    """What the controller itself counts. A list of OIDs is added up."""

    online: Annotated[tuple[Oid, ...], BeforeValidator(several)] = ()
    configured: Annotated[tuple[Oid, ...], BeforeValidator(several)] = ()
    clients: dict[Band, Oid | Sum | Count] = Field(default_factory=dict)

    def single(self) -> Iterator[Oid]:
        yield from self.online
        yield from self.configured
        yield from (count for count in self.clients.values() if isinstance(count, str))


class Pack(Part):
    """One vendor family."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    vendor: Names
    source: str = Field(min_length=1, description="the MIB or document that the numbers come from")
    recognise: tuple[Root, ...] = Field((), description="beginnings of sysObjectID; such devices are tried first")
    roots: tuple[Root, ...] = Field(min_length=1, description="where the tree may stand; the one that answers counts")
    scalars: Scalars = Scalars()
    access_points: Annotated[tuple[AccessPointTable, ...], BeforeValidator(several)] = ()
    itself: Itself | None = None
    networks: Networks | None = None
    stations: Stations | None = None

    @model_validator(mode="after")
    def _something(self) -> "Pack":
        if not self.access_points and self.itself is None and not self.scalars.online:
            raise fault("请写 access_points、itself 或 scalars.online", "write access_points, itself or scalars.online")
        return self

    @property
    def name(self) -> Text:
        return Text(self.vendor.zh, self.vendor.en)
