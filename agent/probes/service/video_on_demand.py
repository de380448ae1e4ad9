"""The district's video on demand: whether a sample plays, and for how long it stalls."""

from typing import Literal

from pydantic import Field

from agent.clients import hls, mp4
from agent.clients.player import Player, Sample
from agent.probes.base import Context
from agent.probes.service.check import Told
from agent.probes.service.stream import StreamCheck, opened
from wire.measures import SERVICE_RESPONSE, SERVICE_STALL
from wire.report import Measure

PATIENCE = 3
"""A sample that has not come after so many times its length is not waited for."""

START = Measure(
    name="service_sample_start_seconds",
    help="How long it took from asking for a sample of video until a player could start.",
    labels=("system", "service"),
    devices="same",
)
PLAYED = Measure(
    name="service_sample_played_seconds",
    help="Seconds of the sample's media that arrived in the time that there was.",
    labels=("system", "service"),
    devices="same",
)
MEASURES = (START, PLAYED)


class VideoOnDemandCheck(StreamCheck):
    """A sample of video: an HLS playlist, or an MP4 file that is read by byte ranges."""

    system: Literal["video_on_demand"]
    kind: Literal["hls", "mp4"] = Field("hls", description="hls: a playlist; mp4: a file")

    start_seconds: float = Field(2, gt=0, le=30, description="of media that a player has before it starts")

    @property
    def longest_seconds(self) -> float:
        return hls.ANSWER_SECONDS + PATIENCE * self.sample_seconds


async def look(check: VideoOnDemandCheck, told: Told, context: Context) -> None:
    """Response, start and stall of a sample. One that stalls, or does not come whole in time, is up all the same."""
    sample = Sample(Player(check.start_seconds))
    async with opened(check, told) as media:
        patience = PATIENCE * check.sample_seconds
        try:
            if check.kind == "hls":
                await hls.play(media, check.url, check.quality, check.sample_seconds, patience, sample)
            else:
                await mp4.play(media, check.url, check.sample_seconds, patience, sample)
        finally:
            if sample.response_seconds is not None:
                told.tell(SERVICE_RESPONSE, sample.response_seconds)
    if sample.start_seconds is not None:
        told.tell(START, sample.start_seconds)
    told.tell(PLAYED, sample.player.buffered)
    told.tell(SERVICE_STALL, sample.player.stalled)
