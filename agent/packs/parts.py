"""The pieces of a device pack: columns, states, counts, radios and networks."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from agent.packs.index import IndexKind
from common.faults import fault

Oid = Annotated[str, StringConstraints(pattern=r"^\.?\d+(\.\d+)+$", max_length=200)]
"""Numeric. One that begins with a dot stands under the pack's root."""
Root = Annotated[str, StringConstraints(pattern=r"^1(\.\d+)+$", max_length=200)]
StateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Band = Literal["all", "2.4GHz", "5GHz", "6GHz"]


def _keys_as_text(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {str(key).strip().lower() if isinstance(key, str | int) else key: name for key, name in value.items()}


def several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def _as_words(value: Any) -> Any:
    words = several(value)
    return tuple(str(word).strip().lower() if isinstance(word, str | int) else word for word in words)


def column_only(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Named = Annotated[dict[str, StateName], BeforeValidator(_keys_as_text)]
"""The device's value, a number or a text in any case, with our name of the state."""
Words = Annotated[tuple[str, ...], BeforeValidator(_as_words)]
"""Values of the device, numbers or texts in any case."""
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
    """A column that tells the state. `up`: serving; `standby`: the backup controller's view, neither up nor down;
    `ignore`: values that leave the answer to the next lookup.
    """

    up: Named = {}
    standby: Named = {}
    down: Named = {}
    ignore: Words = ()

    @model_validator(mode="after")
    def _told(self) -> "StateLookup":
        if not (self.up or self.standby or self.down):
            raise fault("请写 up、standby、down 中至少一个", "write at least one of up, standby, down")
        return self

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


class Count(Part):
    """Counts the rows of a column."""

    count: Oid


class Speed(Part):
    """The wired port's speed. The index is the access point's, or begins with it: then the fastest port counts."""

    column: Oid
    unit: Literal["Mbit/s", "kbit/s", "bit/s"] = "Mbit/s"
    values: Annotated[dict[str, Annotated[int, Field(gt=0)]], BeforeValidator(_keys_as_text)] = {}
    """Of an enumeration: the device's value with the speed in `unit`."""


class Radios(Part):
    """One row a radio. Its index begins with the access point's, unless the column `key` names the access point."""

    key: Oid | None = None
    band: RadioBand | None = None
    channel: Oid | None = None
    frequency: Oid | None = None
    """MHz, in place of the channel; it tells the band too."""
    utilisation: Oid | None = None
    """Percent of the time that the channel is busy."""
    noise: Oid | None = None
    """dBm; may have a row for each channel, whose index ends in the channel."""
    clients: Oid | None = None

    @model_validator(mode="after")
    def _something(self) -> "Radios":
        if not (self.channel or self.frequency or self.utilisation or self.noise or self.clients):
            raise fault(
                "请写 channel、frequency、utilisation、noise、clients 中至少一个",
                "write at least one of channel, frequency, utilisation, noise, clients",
            )
        return self

    def columns(self) -> Iterator[Oid]:
        for oid in (self.key, self.channel, self.frequency, self.utilisation, self.noise, self.clients):
            if oid is not None:
                yield oid
        if self.band is not None:
            yield self.band.column


class Networks(Part):
    """Stations by network. Its name (SSID) is in the column `name`, or the row's index; rows of one name add up.

    Without `clients` each row is one station, and `name` its network.
    """

    name: Oid | None = None
    index: IndexKind | None = None
    clients: Annotated[tuple[Oid, ...], BeforeValidator(several)] = ()

    @model_validator(mode="after")
    def _one(self) -> "Networks":
        if self.name is None and not self.clients:
            raise fault("不写 name 时必须写 clients", "without name, clients is needed")
        if (self.name is None) == (self.index is None):
            raise fault("请写 name 或 index 之一", "write either name or index")
        return self

    def columns(self) -> Iterator[Oid]:
        if self.name is not None:
            yield self.name
        yield from self.clients


class Otherwise(Part):
    """The state of a listed access point of which no state column has a row."""

    up: StateName | None = None
    down: StateName | None = None

    @model_validator(mode="after")
    def _one(self) -> "Otherwise":
        if (self.up is None) == (self.down is None):
            raise fault("请写 up 或 down 之一", "write either up or down")
        return self


Lookups = Annotated[tuple[Annotated[Lookup, BeforeValidator(column_only)], ...], BeforeValidator(several)]
"""Tried in order; the first that has a value counts."""


def count_columns(count: Oid | Sum | Count) -> Iterator[Oid]:
    """The columns that are walked for a count; none for a single object."""
    if isinstance(count, Sum):
        yield from sum_columns(count)
    elif isinstance(count, Count):
        yield count.count


def sum_columns(count: Sum) -> Iterator[Oid]:
    yield count.sum
    if count.bands is not None:
        yield count.bands.column


def under(root: str, oid: Oid) -> str:
    """The whole OID of one that may stand under `root`."""
    return root + oid if oid.startswith(".") else oid
