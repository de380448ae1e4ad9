"""Closed-circuit (campus) television in every teaching place."""

from collector.evidence import Evidence
from collector.roster.model import School, System
from collector.targets._av_coverage import ReceiverPolicy, coverage
from collector.targets._equipment import DAILY, MEASURES, SCHOOL_HOURS
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "cctv_coverage"
SYSTEM: System = "cctv"
PROBES = ("head_end",)


def evaluate(school: School, evidence: Evidence, policy: ReceiverPolicy, moment: Moment) -> Verdict:
    """The share of teaching places with a working device of this system."""
    return coverage(ID, school, evidence, SYSTEM, policy, moment, PROBES)


TARGET = Target(
    id=ID,
    name=Text("闭路电视覆盖", "Campus television"),
    clause="闭路电视系统",
    plan_row=9,
    unit="ratio",
    policy=ReceiverPolicy,
    evaluate=evaluate,
    probes=PROBES,
    measures=MEASURES,
    systems=(SYSTEM,),
    daily=DAILY,
    school_hours=SCHOOL_HOURS,
)
