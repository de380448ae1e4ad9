"""Settings of the path probe."""

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from agent.probes.base import ProbeSettings, Settings
from common.faults import fault

MAX_DESTINATIONS = 30
DEFAULT_ROUTE = "default-route"
"""Stands for the gateway of the default route, whatever address it has."""


class Destination(Settings):
    """Where to, and the name of it in the results."""

    host: str = Field(min_length=1, max_length=253, description="name or address to ping, or default-route")
    destination: str = Field(min_length=1, max_length=80, description="name in the results")


class PathSettings(ProbeSettings):
    """One destination, whose label is the device's name unless set, or several, which are tried side by side."""

    probe: Literal["path"]
    timeout_seconds: PositiveFloat = Field(20, le=3600, description="a run that takes longer is ended")
    host: str = Field("", max_length=253, description="name or address to ping, or default-route for the gateway")
    destination: str = Field("", max_length=80, description="name in the results; the device's name unless set")
    destinations: tuple[Destination, ...] = Field(
        (), max_length=MAX_DESTINATIONS, description="several at once, in place of host"
    )
    count: int = Field(10, ge=1, le=1000, description="echo requests in one run, to each destination")
    interval_seconds: float = Field(0.2, ge=0.01, le=60, description="pause between requests")
    wait_seconds: float = Field(1.0, gt=0, le=60, description="an answer later than this is lost")

    @property
    def each(self) -> tuple[Destination, ...]:
        """All destinations of this entry."""
        if self.destinations:
            return self.destinations
        return (Destination(host=self.host, destination=self.destination or self.device),)

    @model_validator(mode="after")
    def _fits(self) -> "PathSettings":
        if bool(self.host) == bool(self.destinations):
            raise fault("请写 host 或 destinations 之一", "write either host or destinations")
        names = [one.destination for one in self.destinations]
        if len(set(names)) < len(names):
            raise fault("destinations 中的名称重复", "each of destinations needs a name of its own")
        longest = self.count * (self.interval_seconds + self.wait_seconds)
        if longest >= self.timeout_seconds:
            raise fault(
                f"timeout_seconds 应大于 {longest:g}：全部丢包时，{self.count} 次请求要用这么久",
                f"timeout_seconds above {longest:g} is accepted: {self.count} lost requests take that long",
            )
        return self
