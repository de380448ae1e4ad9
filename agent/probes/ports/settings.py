"""Settings of the ports probe."""

import re
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, StringConstraints, model_validator

from agent.clients.snmp_settings import SnmpSettings
from agent.probes.base import ProbeSettings, Settings
from common.faults import fault

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PlaceId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


def _with_place(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise fault(f"不是正则表达式：{error}", f"a regular expression is accepted: {error}") from None
    if "place" not in groups:
        raise fault("正则表达式应含命名组 (?P<place>…)", "a regular expression with a group (?P<place>…) is accepted")
    return pattern


class PortSelector(Settings):
    """Picks ports; one that fits any line is picked."""

    names: tuple[Pattern, ...] = Field((), description="ifName or ifDescr; * and ? stand for any text")
    aliases: tuple[Pattern, ...] = Field((), description="ifAlias, the description set on the device; * and ?")
    indexes: tuple[int, ...] = Field((), description="ifIndex; it may change when a device restarts")

    @model_validator(mode="after")
    def _picks(self) -> "PortSelector":
        if not (self.names or self.aliases or self.indexes):
            raise fault("请写 names、aliases 或 indexes", "write names, aliases or indexes")
        return self

    def picks(self, index: str, names: tuple[str, ...], alias: str) -> bool:
        return (
            any(_fits(name, self.names) for name in names)
            or _fits(alias, self.aliases)
            or (index.isdecimal() and int(index) in self.indexes)
        )

    def __str__(self) -> str:
        parts = {"names": self.names, "aliases": self.aliases, "indexes": self.indexes}
        return ", ".join(f"{key} {' '.join(map(str, wanted))}" for key, wanted in parts.items() if wanted)


def _fits(value: str, patterns: tuple[str, ...]) -> bool:
    """Whole, without regard to case; also as it is, since a name may hold what would else be a pattern."""
    folded = value.casefold()
    return bool(value) and any(folded == p.casefold() or fnmatchcase(folded, p.casefold()) for p in patterns)


class PortsSettings(ProbeSettings):
    """One device with ports, its uplink if it has it, and where its ports lead."""

    probe: Literal["ports"]
    timeout_seconds: PositiveFloat = Field(30, le=3600, description="a run that takes longer is ended")
    snmp: SnmpSettings
    wan: PortSelector | None = Field(None, description="the one port towards the education MAN, or its aggregation")
    access: PortSelector | None = Field(
        None, description="ports that desks are wired to; unless set, every physical port that is nothing else"
    )
    trunks: PortSelector | None = Field(
        None, description="ports to other switches and access points, besides those found"
    )
    find_trunks: bool = Field(
        True, description="without access: ports with network equipment behind them, by LLDP and FDB, are trunks"
    )
    trunk_addresses: int | None = Field(
        16, ge=1, le=100_000, description="a port that learned more addresses than these is a trunk; null: by LLDP only"
    )
    places: dict[str, PlaceId] = Field({}, max_length=5000, description="port name or ifIndex: place of the roster")
    place_pattern: Annotated[str, AfterValidator(_with_place)] | None = Field(
        None, max_length=200, description="regular expression with (?P<place>…), tried on ifAlias, then on the name"
    )
