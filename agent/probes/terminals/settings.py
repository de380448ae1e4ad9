"""What the terminals probe takes."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, ValidationInfo, field_validator

from agent.clients.snmp_settings import SnmpSettings
from agent.probes.base import ProbeSettings, Settings
from agent.probes.terminals.register import MAX_SHOWN, read_register
from common.configfile import ConfigError
from common.faults import fault


class Source(Settings):
    """A device that sees terminals."""

    kind: Literal["arp", "fdb", "stations"] = Field(
        description="arp: a router's address table; fdb: a switch's; stations: a wireless controller's"
    )
    snmp: SnmpSettings
    pack: str = Field("auto", min_length=1, max_length=40, description="stations: a device pack's id, or auto")


class TerminalsSettings(ProbeSettings):
    probe: Literal["terminals"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(120, le=3600, description="a run that takes longer is ended")
    register_file: Path = Field(
        alias="register", description="CSV of the school's terminals: mac, owner; relative to this file"
    )
    sources: tuple[Source, ...] = Field(min_length=1, max_length=200)
    window_days: int = Field(30, ge=1, le=92, description="how long a sighting counts")

    @field_validator("register_file")
    @classmethod
    def _readable(cls, path: Path, info: ValidationInfo) -> Path:
        folder = (info.context or {}).get("folder")
        if folder is None:
            return path
        path = Path(folder) / path
        try:
            read_register(path)
        except ConfigError as error:
            shown = error.faults[:MAX_SHOWN]
            raise fault(
                "\n  ".join(["台账无法使用：", *(one.in_language("zh") for one in shown)]),
                "\n  ".join(["the register cannot be used:", *(one.in_language("en") for one in shown)]),
            ) from None
        return path
