"""The district's online exam marking, as the school reaches it over the MAN: available in school hours."""

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._parts import combined
from collector.targets._school_window import window_of
from collector.targets._service import MEASURES, PROBE, ServicePolicy, availability
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text
from wire.measures import SERVICE_UP

ID = "exam_marking"


def evaluate(school: School, evidence: Evidence, policy: ServicePolicy, moment: Moment) -> Verdict:
    part = availability(ID, evidence, policy, moment, window_of(policy, moment))
    return combined(ID, [part], policy.at_least, evidence, moment)


TARGET = Target(
    id=ID,
    name=Text("网上阅卷", "Exam marking"),
    clause="基于城域网的全区网上阅卷系统",
    plan_row=12,
    unit="ratio",
    policy=ServicePolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    school_hours=(SERVICE_UP.name,),
)
