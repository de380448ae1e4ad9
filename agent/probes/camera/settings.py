"""Settings of the camera probe."""

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from agent.probes.base import ProbeSettings, Settings
from common.faults import fault
from common.secrets import Secret

PATH = r"^[!-~]*$"


class Web(Settings):
    """Where a protocol over HTTP is asked for."""

    port: int = Field(80, ge=1, le=65535)
    https: bool = Field(False, description="ask by HTTPS; the camera's certificate is not checked")


class Stream(Settings):
    """The stream that is set up by RTSP."""

    port: int | None = Field(None, ge=1, le=65535, description="without it that which ONVIF gives, else 554")
    path: str = Field(
        "",
        max_length=500,
        pattern=PATH,
        description="path of the stream, such as /Streaming/Channels/101; without it ONVIF is asked for one",
    )
    play: bool = Field(False, description="also play until the first packet has come; uses one of its viewers' places")


class CameraSettings(ProbeSettings):
    """One camera, and by which protocols it is looked at: at least one."""

    probe: Literal["camera"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(60, le=3600, description="a run that takes longer is ended")
    host: str = Field(min_length=1, max_length=253, description="name or address of the camera")
    user: str = Field("", max_length=64, pattern=r"^[^:]*$")
    password: Secret | None = None
    allow_basic: bool = Field(False, description="send the password in clear to a camera that wants it so")
    place: str = Field("", max_length=80, description="the teaching place where it hangs, as in the roster")
    onvif: Web | None = None
    rtsp: Stream | None = None
    isapi: Web | None = Field(None, description="Hikvision's own protocol")
    system: Literal["surveillance"] = "surveillance"

    @model_validator(mode="after")
    def _looks_at_something(self) -> "CameraSettings":
        if not (self.onvif or self.rtsp or self.isapi):
            raise fault(
                "请至少写 onvif、rtsp、isapi 之一，例如 rtsp: {path: /live}",
                "at least one of onvif, rtsp and isapi is accepted, such as rtsp: {path: /live}",
            )
        if self.rtsp and not self.rtsp.path and not self.onvif:
            raise fault(
                "没有 onvif 时，rtsp 里要写码流路径 path",
                "without onvif, rtsp needs the path of a stream",
            )
        if bool(self.user) != (self.password is not None):
            raise fault("user 与 password 要么都写，要么都不写", "user and password are accepted together only")
        return self
