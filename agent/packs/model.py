"""What a device pack may say. docs/adding-a-device.md explains each key to people who do not program."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from agent.packs.index import IndexKind
from agent.packs.stations import Stations
from common.faults import fault
from common.text import Text

Oid = Annotated[str, StringConstraints(pattern=r"^\.?\d+(\.\d+)+$", max_length=200)]
"""Numeric. One that begins with a dot stands under the pack's root."""
Root = Annotated[str, StringConstraints(pattern=r"^1(\.\d+)+$", max_length=200)]
StateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Band = Literal["all", "2.4GHz", "5GHz", "6GHz"]


def _keys_as_text(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {str(key).strip().lower() if isinstance(key, str | int) else key: name for key, name in value.items()}


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def _column_only(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Named = Annotated[dict[str, StateName], BeforeValidator(_keys_as_text)]
"""The device's value, a number or a text in any case, with our name of the state."""
Bands = Annotated[dict[str, Literal["2.4GHz", "5GHz", "6GHz"]], BeforeValidator(_keys_as_text)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(Part):
    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(min_length=1, max_length=60)


class Lookup(Part):
    """A column of the table, or of another table that has the access point's key in its column `key`."""

    column: Oid | None = None
    index: IndexKind | None = None
    """Instead of a column: the value is the index of the row."""
    key: Oid | None = None

    @model_validator(mode="after")
    def _one(self) -> "Lookup":
        if (self.column is None) == (self.index is None):
            raise fault("请写 column 或 index 之一", "write either column or index")
        if self.index is not None and self.key is None:
            raise fault("用 index 取值时必须写 key", "index as a value needs key")
        return self


class StateLookup(Lookup):
    """A column that tells the state. `up`: serving; `standby`: the backup controller's view, neither up nor down."""

    up: Named
    standby: Named = {}
    down: Named = {}

    def named(self, value: str) -> tuple[bool | None, str] | None:
        """Whether it is up (None: standby) and the state's name; None for a value that the pack does not list."""
        for meaning, names in ((True, self.up), (None, self.standby), (False, self.down)):
            if value in names:
                return meaning, names[value]
        return None


class RadioBand(Part):
    column: Oid
    values: Bands


class Sum(Part):
    """Adds a column up. `bands` tells the band of each of its rows by another column of the same table."""

    sum: Oid
    bands: RadioBand | None = None


class Otherwise(Part):
    """The state of a listed access point of which no state column has a row."""

    up: StateName | None = None
    down: StateName | None = None

    @model_validator(mode="after")
    def _one(self) -> "Otherwise":
        if (self.up is None) == (self.down is None):
            raise fault("请写 up 或 down 之一", "write either up or down")
        return self


Lookups = Annotated[tuple[Annotated[Lookup, BeforeValidator(_column_only)], ...], BeforeValidator(_several)]
"""Tried in order; the first that has a value counts."""


class AccessPointTable(Part):
    """One way to list the access points: every row of the columns `rows`, and every value of the column `values`."""

    rows: Annotated[tuple[Oid, ...], BeforeValidator(_several)] = ()
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
    state: Annotated[tuple[StateLookup, ...], BeforeValidator(_several)] = ()
    otherwise: Otherwise | None = None
    clients: Annotated[Sum | Lookup | None, BeforeValidator(_column_only)] = None

    @model_validator(mode="after")
    def _complete(self) -> "AccessPointTable":
        if not self.rows and self.values is None:
            raise fault("请写 rows 或 values", "write rows or values")
        if isinstance(self.clients, Sum) and not self.rows:
            raise fault("clients 用 sum 时必须写 rows", "clients by sum needs rows")
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
        lookups: list[Lookup] = [*self.name, *self.mac, *self.serial, *self.state]
        if isinstance(self.clients, Lookup):
            lookups.append(self.clients)
        for lookup in lookups:
            yield from (oid for oid in (lookup.column, lookup.key) if oid is not None)
        if isinstance(self.clients, Sum):
            yield from sum_columns(self.clients)


class Itself(Part):
    """A stand-alone access point: the device that answers is the access point. It is up when any row says so."""

    identity: Oid | None = None
    state: tuple[StateLookup, ...] = ()
    clients: Sum


class Scalars(Part):
    """What the controller itself counts. A list of OIDs is added up."""

    online: Annotated[tuple[Oid, ...], BeforeValidator(_several)] = ()
    configured: Annotated[tuple[Oid, ...], BeforeValidator(_several)] = ()
    clients: dict[Band, Oid | Sum] = {}

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
    access_points: Annotated[tuple[AccessPointTable, ...], BeforeValidator(_several)] = ()
    itself: Itself | None = None
    stations: Stations | None = None

    @model_validator(mode="after")
    def _something(self) -> "Pack":
        if not self.access_points and self.itself is None:
            raise fault("请写 access_points 或 itself", "write access_points or itself")
        return self

    @property
    def name(self) -> Text:
        return Text(self.vendor.zh, self.vendor.en)


def sum_columns(count: Sum) -> Iterator[Oid]:
    yield count.sum
    if count.bands is not None:
        yield count.bands.column


def under(root: str, oid: Oid) -> str:
    """The whole OID of one that may stand under `root`."""
    return root + oid if oid.startswith(".") else oid
