"""What the terminals probe takes."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, ValidationInfo, field_validator, model_validator

from agent.clients.dhcp_leases import Format
from agent.clients.snmp_settings import SnmpSettings
from agent.owners import OwnerRule
from agent.probes.base import ProbeSettings, Settings
from agent.register import checked
from common.faults import fault


class SnmpSource(Settings):
    """A device that sees terminals."""

    kind: Literal["arp", "fdb", "stations"] = Field(
        description="arp: a router's address table; fdb: a switch's; stations: a wireless controller's"
    )
    snmp: SnmpSettings
    pack: str = Field("auto", min_length=1, max_length=40, description="stations: a device pack's id, or auto")

    @property
    def where(self) -> str:
        return self.snmp.host


class LeaseFile(Settings):
    """The lease file of a DHCP server on the agent's own machine, or one that is copied there."""

    kind: Literal["leases"]
    file: Path
    format: Format = Field(description="dnsmasq, isc (dhcpd) or kea (the DHCPv4 memfile)")

    @property
    def where(self) -> str:
        return self.file.name


class KeaSocket(Settings):
    """The control socket of a Kea DHCPv4 server on the agent's own machine; its hook lease_cmds must be loaded."""

    kind: Literal["kea"]
    socket: Path
    request_timeout_seconds: PositiveFloat = Field(5, le=60)

    @property
    def where(self) -> str:
        return self.socket.name


Source = Annotated[SnmpSource | LeaseFile | KeaSocket, Field(discriminator="kind")]


class TerminalsSettings(ProbeSettings):
    probe: Literal["terminals"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(120, le=3600, description="a run that takes longer is ended")
    register_file: Path | None = Field(
        None, alias="register", description="CSV of the school's terminals: mac, owner; relative to this file"
    )
    owners: tuple[OwnerRule, ...] = Field(
        (), max_length=200, description="whose a terminal is that the register lacks; the first that fits counts"
    )
    sources: tuple[Source, ...] = Field(min_length=1, max_length=200)
    window_days: int = Field(30, ge=1, le=92, description="how long a sighting counts")

    @field_validator("register_file")
    @classmethod
    def _readable(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return None if path is None else checked(path, (info.context or {}).get("folder"))

    @model_validator(mode="after")
    def _tells_owners(self) -> "TerminalsSettings":
        if self.register_file is None and not self.owners:
            raise fault("请写 register 或 owners", "write register or owners")
        return self
