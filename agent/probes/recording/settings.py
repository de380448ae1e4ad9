"""Settings of the recording probe."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from agent.clients.snmp_settings import SnmpSettings
from agent.probes.base import ProbeSettings, Settings
from common.faults import fault
from common.secrets import Secret

Host = Annotated[str, Field(min_length=1, max_length=253, description="name or address of the host")]


class Rtsp(Settings):
    """The host's own stream; without a path only whether it speaks RTSP."""

    by: Literal["rtsp"]
    host: Host
    port: int = Field(554, ge=1, le=65535)
    path: str = Field("", max_length=500, pattern=r"^[!-~]*$", description="path of its stream; set up, and not played")
    user: str = Field("", max_length=64, pattern=r"^[^:]*$")
    password: Secret | None = None
    allow_basic: bool = Field(False, description="send the password in clear to a host that wants it so")


class Rtmp(Settings):
    """The handshake of RTMP."""

    by: Literal["rtmp"]
    host: Host
    port: int = Field(1935, ge=1, le=65535)


class Http(Settings):
    """The host's own page: any answer but a fault of its server counts, also one that asks for a password."""

    by: Literal["http"]
    host: Host
    port: int = Field(80, ge=1, le=65535)
    path: str = Field("/", max_length=500, pattern=r"^/[!-~]*$")
    https: bool = Field(False, description="ask by HTTPS; the host's certificate is not checked")


class Snmp(Settings):
    """Its sysUpTime."""

    by: Literal["snmp"]
    snmp: SnmpSettings


class Tcp(Settings):
    """Whether a port takes connections."""

    by: Literal["tcp"]
    host: Host
    port: int = Field(ge=1, le=65535)


class Icmp(Settings):
    """Whether the machine answers a ping."""

    by: Literal["icmp"]
    host: Host


class RecordingSettings(ProbeSettings):
    """One recording host, and by what it is looked at."""

    probe: Literal["recording"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(60, le=3600, description="a run that takes longer is ended")
    place: str = Field("", max_length=80, description="where it stands or whose lessons it records, as in the roster")
    check: Annotated[Rtsp | Rtmp | Http | Snmp | Tcp | Icmp, Field(discriminator="by")]
    system: Literal["recording"] = "recording"

    @model_validator(mode="after")
    def _whole(self) -> "RecordingSettings":
        if isinstance(self.check, Rtsp) and bool(self.check.user) != (self.check.password is not None):
            raise fault("user 与 password 要么都写，要么都不写", "user and password are accepted together only")
        return self
