"""Settings of the head_end probe."""

from ipaddress import IPv4Address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, field_validator, model_validator

from agent.clients import hls, rtsp
from agent.clients.hls import Quality
from agent.probes.base import ProbeSettings, Settings
from common.faults import fault
from common.secrets import Secret

FETCH_TIMES = 2
"""How many times what they play the pieces of an HLS stream may take to come."""
RTSP_EXCHANGES = 9
"""OPTIONS, DESCRIBE, SETUP and PLAY, some of them twice for a password, and the first packet."""


class Multicast(Settings):
    """RTP, or a transport stream in UDP, to a multicast group."""

    by: Literal["multicast"]
    group: str = Field(description="IPv4 address of the group, such as 239.1.1.1")
    port: int = Field(ge=1, le=65535)
    interface: str = Field("", description="address of this machine's card towards the stream; as the routes say")
    source: str = Field("", description="the only sender that counts; any unless set")
    wait_seconds: float = Field(5, gt=0, le=60, description="how long a first packet is waited for")
    seconds: float = Field(4, gt=0, le=60, description="how long it is listened to from then on")

    @field_validator("group")
    @classmethod
    def _group(cls, text: str) -> str:
        if not _is_address(text) or not IPv4Address(text).is_multicast:
            raise fault("应为 IPv4 组播地址，如 239.1.1.1", "an IPv4 multicast address is accepted, such as 239.1.1.1")
        return text

    @field_validator("interface", "source")
    @classmethod
    def _address(cls, text: str) -> str:
        if text and not _is_address(text):
            raise fault("应为 IPv4 地址，如 192.168.1.20", "an IPv4 address is accepted, such as 192.168.1.20")
        return text

    @property
    def longest_seconds(self) -> float:
        return self.wait_seconds + self.seconds


class Hls(Settings):
    """A live stream by HLS."""

    by: Literal["hls"]
    url: str = Field(max_length=2000, pattern=r"^https?://[!-~]+$", description="address of the playlist")
    hosts: tuple[str, ...] = Field((), max_length=20, description="other hosts on which its pieces may lie")
    quality: Quality = Field("first", description="which of several qualities: first as listed, lowest, highest")
    sample_seconds: float = Field(6, ge=2, le=120, description="seconds of media that are fetched")
    watch_seconds: float = Field(
        45, ge=6, le=300, description="how long a new segment is waited for; three times the longest segment is needed"
    )

    @property
    def host(self) -> str:
        """For `campus-agent check --reach`."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def longest_seconds(self) -> float:
        fetched = max(FETCH_TIMES * self.sample_seconds, self.watch_seconds)
        return 2 * hls.ANSWER_SECONDS + hls.MAX_PAUSE_SECONDS + fetched


class Rtsp(Settings):
    """A stream that is asked for by RTSP, and played until its first packet has come."""

    by: Literal["rtsp"]
    host: str = Field(min_length=1, max_length=253, description="name or address of the head-end")
    port: int = Field(554, ge=1, le=65535)
    path: str = Field(min_length=1, max_length=500, pattern=r"^[!-~]*$", description="path of the stream, such as /tv1")
    user: str = Field("", max_length=64, pattern=r"^[^:]*$")
    password: Secret | None = None
    allow_basic: bool = Field(False, description="send the password in clear to a server that wants it so")

    @property
    def longest_seconds(self) -> float:
        return rtsp.CONNECT_SECONDS + RTSP_EXCHANGES * rtsp.EXCHANGE_SECONDS


class HeadEndSettings(ProbeSettings):
    """One head-end, by one stream that it sends."""

    probe: Literal["head_end"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(90, le=3600, description="a run that takes longer is ended")
    place: str = Field(max_length=80, description="where the head-end stands, as in the roster")
    serves: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(
        (), max_length=1000, description="teaching places of which its word is to count too; see the page of this probe"
    )
    stream: Annotated[Multicast | Hls | Rtsp, Field(discriminator="by")]
    system: Literal["cctv"] = "cctv"

    @model_validator(mode="after")
    def _fits(self) -> "HeadEndSettings":
        least = self.stream.longest_seconds
        if self.timeout_seconds <= least:
            raise fault(
                f"timeout_seconds 应大于 {least:g}：这样的检查最长要用这么久",
                f"timeout_seconds above {least:g} is accepted: such a check can take that long",
            )
        return self


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
