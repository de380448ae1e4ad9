"""What the wireless probe takes."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, StringConstraints, ValidationInfo, field_validator

from agent.clients.snmp_settings import SnmpSettings
from agent.owners import OwnerRule
from agent.packs.index import mac_address
from agent.probes.base import ProbeSettings, Settings
from agent.register import checked
from common.faults import fault

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


def _place_pattern(value: str) -> str:
    try:
        groups = re.compile(value).groupindex
    except re.error as error:
        raise fault(f"不是有效的正则表达式：{error}", f"not a valid regular expression: {error}") from None
    if "place" not in groups:
        raise fault(
            "正则表达式中应有名为 place 的组，如 (?P<place>[A-Z]\\d+)",
            "the expression needs a group named place, such as (?P<place>[A-Z]\\d+)",
        )
    return value


class ExpectedAccessPoint(Settings):
    """One access point that the school has, and where it hangs."""

    ap: Words = Field(description="its name, MAC or serial number; a MAC or serial where names repeat")
    place: Words = Field(description="the room, as the roster writes it")

    @property
    def key(self) -> str:
        """The MAC as the probe writes MACs, or the words as they are."""
        return mac_address(self.ap) or self.ap


class WirelessSettings(ProbeSettings):
    probe: Literal["wireless"]
    every_seconds: PositiveFloat = Field(120, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(60, le=3600, description="a run that takes longer is ended")
    snmp: SnmpSettings
    pack: str = Field(
        "auto", min_length=1, max_length=40, description="a device pack's id, or auto to go by the answer"
    )
    radios: bool = Field(
        True, description="also read each radio's channel, use and noise; false where a controller answers slowly"
    )
    access_points: tuple[ExpectedAccessPoint, ...] = Field(
        (), max_length=20_000, description="the access points that must be there; one that is missing is reported"
    )
    place_pattern: Annotated[str, AfterValidator(_place_pattern)] | None = Field(
        None, max_length=300, description="finds the room in an access point's name, in its group named place"
    )
    place_in: Literal["name", "location"] = Field(
        "name",
        description="what holds the room: the name, or the location that the controller has for it",
    )

    register_file: Path | None = Field(
        None, alias="register", description="CSV of the school's terminals: counts those of each owner at each place"
    )
    owners: tuple[OwnerRule, ...] = Field(
        (), max_length=200, description="whose a terminal is that the register lacks; the first that fits counts"
    )

    @field_validator("register_file")
    @classmethod
    def _readable(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return None if path is None else checked(path, (info.context or {}).get("folder"))

    @field_validator("access_points")
    @classmethod
    def _once(cls, value: tuple[ExpectedAccessPoint, ...]) -> tuple[ExpectedAccessPoint, ...]:
        seen: set[str] = set()
        for expected in value:
            if expected.key in seen:
                raise fault(f"{expected.ap} 写了两次", f"{expected.ap} is written twice")
            seen.add(expected.key)
        return value
