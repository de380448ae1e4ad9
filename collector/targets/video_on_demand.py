"""The district's video on demand: available in school hours, and a sample of video plays without stalling."""

from pydantic import Field

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._parts import Limit, combined
from collector.targets._school_window import window_of
from collector.targets._service import MEASURES, PROBE, SampleServicePolicy, availability, sampled
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text
from wire.measures import SERVICE_STALL, SERVICE_UP

ID = "video_on_demand"


class VideoOnDemandPolicy(SampleServicePolicy):
    """What a district may set of video on demand."""

    stall_at_most_seconds: float = Field(0.1, ge=0, le=60)
    """How long a sample may stall on average of a day: a hundredth of a sample of ten seconds."""


def evaluate(school: School, evidence: Evidence, policy: VideoOnDemandPolicy, moment: Moment) -> Verdict:
    """A day's mean over all samples, so that one hiccup in hundreds is none, and a tenth of them stalling is one."""
    most = policy.stall_at_most_seconds
    limit = Limit(
        measure=SERVICE_STALL.name,
        what=Text("样片卡顿时间", "the stalling of a sample"),
        words=Text(f"平均不超过 {most:g} 秒", f"at most {most:g} s on average"),
        fits=lambda mean: mean <= most,
        shown=lambda mean: f"{mean:.3g} s",
        broken="sample_stalls",
    )
    window = window_of(policy, moment)
    parts = [availability(ID, evidence, policy, moment, window), sampled(ID, limit, evidence, policy, window)]
    return combined(ID, parts, policy.at_least, evidence, moment)


TARGET = Target(
    id=ID,
    name=Text("视频点播", "Video on demand"),
    clause="视频点播系统",
    plan_row=14,
    unit="ratio",
    policy=VideoOnDemandPolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    school_hours=(SERVICE_UP.name, SERVICE_STALL.name),
)
