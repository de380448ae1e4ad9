"""Settings of the display probe."""

from typing import Literal

from pydantic import Field, PositiveFloat

from agent.probes.base import ProbeSettings
from common.secrets import Secret


class DisplaySettings(ProbeSettings):
    """One projector or panel that speaks PJLink."""

    probe: Literal["display"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(20, le=3600, description="a run that takes longer is ended")
    host: str = Field(min_length=1, max_length=253, description="name or address of the device")
    port: int = Field(4352, ge=1, le=65535)
    password: Secret | None = Field(None, description="the PJLink password, where the device asks for one")
    place: str = Field("", max_length=80, description="the teaching place where it hangs, as in the roster")
    system: Literal["multimedia"] = "multimedia"
