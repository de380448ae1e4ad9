"""Settings of the path probe."""

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from agent.probes.base import ProbeSettings
from common.faults import fault


class PathSettings(ProbeSettings):
    """One destination; its `destination` label is the device's name unless set."""

    probe: Literal["path"]
    timeout_seconds: PositiveFloat = Field(20, le=3600, description="a run that takes longer is ended")
    host: str = Field(min_length=1, max_length=253, description="name or address to ping")
    destination: str = Field("", max_length=80, description="name in the results; the device's name unless set")
    count: int = Field(10, ge=1, le=1000, description="echo requests in one run")
    interval_seconds: float = Field(0.2, ge=0.01, le=60, description="pause between requests")
    wait_seconds: float = Field(1.0, gt=0, le=60, description="an answer later than this is lost")

    @model_validator(mode="after")
    def _fits(self) -> "PathSettings":
        longest = self.count * (self.interval_seconds + self.wait_seconds)
        if longest >= self.timeout_seconds:
            raise fault(
                f"timeout_seconds 应大于 {longest:g}：全部丢包时，{self.count} 次请求要用这么久",
                f"timeout_seconds above {longest:g} is accepted: {self.count} lost requests take that long",
            )
        return self
