"""The district's live streaming: whether it is live, and whether it arrives faster than it plays."""

from typing import Literal

from pydantic import Field

from agent.clients import hls
from agent.clients.hls import Live
from agent.probes.base import Context
from agent.probes.service.check import Told
from agent.probes.service.stream import StreamCheck, opened
from wire.measures import SERVICE_DELIVERY, SERVICE_RESPONSE
from wire.report import Measure

PATIENCE = 2
"""Segments that have not come after so many times what they play are not waited for."""

SEQUENCE = Measure(
    name="service_media_sequence",
    help="Number of the segment that the live stream adds next; one that falls back is an encoder that started anew.",
    labels=("system", "service"),
    devices="same",
)
RESTARTS = Measure(
    name="service_stream_restarts",
    help="How often the live stream's sequence fell back while it was watched.",
    labels=("system", "service"),
    devices="same",
)
MEASURES = (SEQUENCE, RESTARTS)


class LiveStreamingCheck(StreamCheck):
    """A stream by HLS that is live whenever it is looked at."""

    system: Literal["live_streaming"]
    watch_seconds: float = Field(
        45, ge=6, le=300, description="how long a new segment is waited for; three times the longest segment is needed"
    )

    @property
    def longest_seconds(self) -> float:
        return 2 * hls.ANSWER_SECONDS + hls.MAX_PAUSE_SECONDS + max(PATIENCE * self.sample_seconds, self.watch_seconds)


async def look(check: LiveStreamingCheck, told: Told, context: Context) -> None:
    """Response, delivery and sequence. Raises hls.Stale and hls.NotLive with what was read before."""
    live = Live()
    async with opened(check, told) as media:
        try:
            await hls.watch(
                media,
                check.url,
                check.quality,
                check.sample_seconds,
                PATIENCE * check.sample_seconds,
                check.watch_seconds,
                live,
            )
        finally:
            for measure, value in (
                (SERVICE_RESPONSE, live.response_seconds),
                (SERVICE_DELIVERY, live.delivery),
                (SEQUENCE, live.next_number),
            ):
                if value is not None:
                    told.tell(measure, value)
            if live.next_number is not None:
                told.tell(RESTARTS, live.restarts)
