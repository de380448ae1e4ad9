"""The district's two-way video conferencing: available in school hours, over a path that fits two-way video.

The default limits are those of Cisco's guidance for interactive video: at most 1 % lost, 30 ms of jitter and 150 ms
one way (T. Szigeti, C. Hattingh, End-to-End QoS Network Design, Cisco Press 2004, chapter 2), of which a round trip is
twice. ITU-T G.114 (05/2003) has the same 150 ms, ITU-T G.1010 (11/2001) the same 1 % for a videophone.
"""

from pydantic import Field, PositiveFloat

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._parts import combined
from collector.targets._path import path_limits
from collector.targets._school_window import window_of
from collector.targets._service import MEASURES, PROBE, SampleServicePolicy, availability, sampled
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text
from wire.measures import SERVICE_JITTER, SERVICE_LOSS, SERVICE_ROUND_TRIP, SERVICE_UP

ID = "video_conference"


class VideoConferencePolicy(SampleServicePolicy):
    """What a district may set of video conferencing; the limits are for a day's mean."""

    loss_at_most: float = Field(0.01, ge=0, le=1)
    jitter_at_most_seconds: PositiveFloat = 0.03
    round_trip_at_most_seconds: PositiveFloat = 0.3


def evaluate(school: School, evidence: Evidence, policy: VideoConferencePolicy, moment: Moment) -> Verdict:
    limits = path_limits(policy, SERVICE_LOSS.name, SERVICE_JITTER.name, SERVICE_ROUND_TRIP.name)
    window = window_of(policy, moment)
    parts = [availability(ID, evidence, policy, moment, window)]
    parts += [sampled(ID, limit, evidence, policy, window) for limit in limits]
    return combined(ID, parts, policy.at_least, evidence, moment)


TARGET = Target(
    id=ID,
    name=Text("视频会议", "Video conferencing"),
    clause="全区双向视频互动会议系统",
    plan_row=15,
    unit="ratio",
    policy=VideoConferencePolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    school_hours=(SERVICE_UP.name, SERVICE_LOSS.name, SERVICE_JITTER.name, SERVICE_ROUND_TRIP.name),
)
