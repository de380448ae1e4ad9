"""Settings of the throughput probe."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo, field_validator, model_validator

from agent.clients.snmp_settings import SnmpSettings
from agent.clients.throughput_http import GRACE_SECONDS
from agent.probes.base import ProbeSettings, Settings
from common.faults import fault
from common.windows import Window

DIRECTIONS = 2
IPERF3_PORT, NDT7_PORT, NDT7_PLAIN_PORT = 5201, 443, 80


class MeterSettings(Settings):
    """The uplink's own counters, so that a test knows of other traffic. The same device as in the `ports` entry."""

    snmp: SnmpSettings
    port: str = Field(min_length=1, max_length=200, description="the uplink's ifName, else its ifDescr, as it is")


class ThroughputSettings(ProbeSettings):
    """One test server: the collector itself (http), or an iperf3 or ndt7 server in the education MAN."""

    probe: Literal["throughput"]
    every_seconds: PositiveFloat = Field(6 * 3600, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(90, le=3600, description="a run that takes longer is ended")
    method: Literal["http", "iperf3", "ndt7"] = Field(
        "http", description="http: against the collector; iperf3, ndt7: against `host`"
    )
    seconds: int = Field(5, ge=2, le=30, description="length of each direction's test; of ndt7 at most 10")
    host: str = Field("", max_length=253, description="the iperf3 or ndt7 server; not used with http")
    port: int | None = Field(None, ge=1, le=65535, description="its port: 5201, with ndt7 443, or 80 without TLS")
    tls: bool = Field(True, description="ndt7 over TLS; off for a server inside of the MAN that has none")
    ca_file: Path | None = Field(None, description="ndt7: the certificate authority that the server's is from")
    line_mbit_per_second: PositiveFloat = Field(1000, description="what the line should carry; told to the collector")
    most_bytes_per_day: PositiveInt = Field(
        20_000_000_000, description="tests move no more in one day, both directions together"
    )
    busy_share: float = Field(
        0.3, gt=0, le=1, description="no test while the uplink is busier than this share of its speed"
    )
    windows: tuple[Window, ...] = Field(
        (), max_length=24, description='times at which tests may begin, such as "17:30-07:00"; at any time unless set'
    )
    meter: MeterSettings | None = Field(None, description="where the uplink's counters are read during a test")

    @field_validator("ca_file")
    @classmethod
    def _beside(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        folder = (info.context or {}).get("folder")
        return path if path is None or folder is None else Path(folder) / path

    @property
    def server_port(self) -> int:
        if self.port is not None:
            return self.port
        return IPERF3_PORT if self.method == "iperf3" else NDT7_PORT if self.tls else NDT7_PLAIN_PORT

    @model_validator(mode="after")
    def _fits(self) -> "ThroughputSettings":
        if (self.method != "http") != bool(self.host):
            raise fault(
                "method: iperf3 和 ndt7 须写 host;method: http 不写 host",
                "methods iperf3 and ndt7 need a host; method http takes none",
            )
        if self.method == "ndt7" and self.seconds > 10:
            raise fault("ndt7 的 seconds 至多为 10", "seconds of at most 10 is accepted with ndt7")
        least = DIRECTIONS * (self.seconds + GRACE_SECONDS)
        if self.timeout_seconds < least:
            raise fault(
                f"timeout_seconds 至少为 {least:g}：两个方向各 {self.seconds} 秒，另加连接与应答的时间",
                f"timeout_seconds of at least {least:g} is accepted: {self.seconds} s each way, and time to answer",
            )
        return self
