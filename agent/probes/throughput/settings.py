"""Settings of the throughput probe."""

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from agent.clients.throughput_http import GRACE_SECONDS
from agent.probes.base import ProbeSettings
from common.faults import fault

DIRECTIONS = 2


class ThroughputSettings(ProbeSettings):
    """One test server: the collector itself (http), or an iperf3 server in the education MAN."""

    probe: Literal["throughput"]
    every_seconds: PositiveFloat = Field(6 * 3600, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(90, le=3600, description="a run that takes longer is ended")
    method: Literal["http", "iperf3"] = Field("http", description="http: against the collector; iperf3: against `host`")
    seconds: int = Field(5, ge=2, le=30, description="length of each direction's test")
    host: str = Field("", max_length=253, description="the iperf3 server; not used with http")
    port: int = Field(5201, ge=1, le=65535, description="the iperf3 server's port")

    @model_validator(mode="after")
    def _fits(self) -> "ThroughputSettings":
        if (self.method == "iperf3") != bool(self.host):
            raise fault(
                "method: iperf3 须写 host;method: http 不写 host",
                "method iperf3 needs a host; method http takes none",
            )
        least = DIRECTIONS * (self.seconds + GRACE_SECONDS)
        if self.timeout_seconds < least:
            raise fault(
                f"timeout_seconds 至少为 {least:g}：两个方向各 {self.seconds} 秒，另加连接与应答的时间",
                f"timeout_seconds of at least {least:g} is accepted: {self.seconds} s each way, and time to answer",
            )
        return self
