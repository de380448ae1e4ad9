"""Settings of the recorder probe."""

from typing import Literal

from pydantic import Field, PositiveFloat, field_validator

from agent.probes.base import ProbeSettings, Settings
from common.faults import fault
from common.secrets import Secret


class ChannelSettings(Settings):
    """One channel of the recorder, and where its camera hangs."""

    channel: int = Field(ge=1, le=1_000_000, description="its number on the recorder's screens, from 1")
    place: str = Field(min_length=1, max_length=80, description="the teaching place, as in the roster")


class StreamsSettings(Settings):
    """Where the recorder's own streams are set up by RTSP, to hold its word about channels to them."""

    port: int = Field(554, ge=1, le=65535)
    path: str = Field(
        "",
        max_length=500,
        pattern=r"^[!-~]*$",
        description="path of a channel's stream with {channel} in it; without it the sub-stream as the maker has it",
    )


STREAM_PATHS: dict[str, str] = {
    "isapi": "/Streaming/Channels/{channel}02",
    "dahua": "/cam/realmonitor?channel={channel}&subtype=1",
}


class RecorderSettings(ProbeSettings):
    """One recorder (NVR, DVR) and the places of its channels."""

    probe: Literal["recorder"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(60, le=3600, description="a run that takes longer is ended")
    host: str = Field(min_length=1, max_length=253, description="name or address of the recorder")
    speaks: Literal["isapi", "dahua"] = Field(description="isapi: Hikvision; dahua: Dahua's HTTP API")
    port: int = Field(80, ge=1, le=65535)
    https: bool = Field(False, description="ask by HTTPS; the recorder's certificate is not checked")
    user: str = Field(min_length=1, max_length=64, pattern=r"^[^:]*$")
    password: Secret
    allow_basic: bool = Field(False, description="send the password in clear to a recorder that wants it so")
    channels: tuple[ChannelSettings, ...] = Field(min_length=1, max_length=1024)
    recorded_hours: float = Field(
        0, ge=0, le=168, description="look for gaps in the recordings of so many hours; 0 does not. ISAPI only"
    )
    streams: StreamsSettings | None = Field(None, description="also set up each channel's stream, by RTSP")
    system: Literal["surveillance"] = "surveillance"

    def stream_path(self, channel: int) -> str:
        """The path of a channel's stream."""
        path = (self.streams.path if self.streams else "") or STREAM_PATHS[self.speaks]
        return path.replace("{channel}", str(channel))

    @field_validator("streams")
    @classmethod
    def _names_the_channel(cls, streams: StreamsSettings | None) -> StreamsSettings | None:
        if streams and streams.path and "{channel}" not in streams.path:
            raise fault("path 中应有 {channel}", "a path with {channel} in it is accepted")
        return streams

    @field_validator("channels")
    @classmethod
    def _each_once(cls, channels: tuple[ChannelSettings, ...]) -> tuple[ChannelSettings, ...]:
        numbers = [each.channel for each in channels]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise fault(f"通道 {twice[0]} 写了不止一次", f"channel {twice[0]} is written more than once")
        return channels
