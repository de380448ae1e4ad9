"""Settings of the panel probe."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from agent.probes.base import ProbeSettings
from common.faults import fault

Port = Annotated[int, Field(ge=1, le=65535)]


class PanelSettings(ProbeSettings):
    """One panel or OPS computer that cannot be asked what it is doing."""

    probe: Literal["panel"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(15, le=3600, description="a run that takes longer is ended")
    host: str = Field(min_length=1, max_length=253, description="name or address of the device")
    ports: tuple[Port, ...] = Field((), max_length=8, description="TCP ports of programs that run on it, if any")
    icmp: bool = Field(True, description="whether to send echo requests")
    arp: bool = Field(True, description="whether to ask for its address on the agent's own network")
    place: str = Field("", max_length=80, description="the teaching place where it hangs, as in the roster")
    system: Literal["multimedia"] = "multimedia"

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.ports or self.icmp or self.arp):
            raise fault("ports、icmp、arp 至少用一种", "at least one of ports, icmp and arp is needed")
        return self
