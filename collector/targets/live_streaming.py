"""The district's live streaming: available in school hours, and its segments arrive faster than real time."""

from pydantic import Field

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._parts import Limit, combined
from collector.targets._school_window import window_of
from collector.targets._service import MEASURES, PROBE, SampleServicePolicy, availability, sampled
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text
from wire.measures import SERVICE_DELIVERY, SERVICE_UP

ID = "live_streaming"


class LiveStreamingPolicy(SampleServicePolicy):
    """What a district may set of live streaming."""

    delivery_above: float = Field(1.0, ge=1, le=10)
    """Seconds of the stream / seconds that they took to arrive, which a day's mean must exceed."""


def evaluate(school: School, evidence: Evidence, policy: LiveStreamingPolicy, moment: Moment) -> Verdict:
    least = policy.delivery_above
    limit = Limit(
        measure=SERVICE_DELIVERY.name,
        what=Text("片段到达速度", "the speed at which segments arrive"),
        words=Text(f"高于实时的 {least:g} 倍", f"above {least:g} times real time"),
        fits=lambda mean: mean > least,
        shown=lambda mean: f"{mean:.3g}",
        broken="stream_too_slow",
        best=2 * least,
    )
    window = window_of(policy, moment)
    parts = [availability(ID, evidence, policy, moment, window), sampled(ID, limit, evidence, policy, window)]
    return combined(ID, parts, policy.at_least, evidence, moment)


TARGET = Target(
    id=ID,
    name=Text("视频直播", "Live streaming"),
    clause="多点并发视频直播交互系统",
    plan_row=16,
    unit="ratio",
    policy=LiveStreamingPolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    school_hours=(SERVICE_UP.name, SERVICE_DELIVERY.name),
)
