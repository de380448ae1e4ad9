"""Surveillance cameras in every teaching place."""

from collector.evidence import Evidence
from collector.roster.model import School, System
from collector.targets._av_coverage import coverage
from collector.targets._equipment import DAILY, MEASURES, SCHOOL_HOURS, EquipmentCoveragePolicy
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "surveillance_coverage"
SYSTEM: System = "surveillance"


class SurveillancePolicy(EquipmentCoveragePolicy):
    """Cameras stay on: one that does not answer in school hours is down, whatever its last word was."""

    off_when_idle: bool = False


def evaluate(school: School, evidence: Evidence, policy: SurveillancePolicy, moment: Moment) -> Verdict:
    """The share of teaching places with a working device of this system."""
    return coverage(ID, school, evidence, SYSTEM, policy, moment)


TARGET = Target(
    id=ID,
    name=Text("校园监控覆盖", "Surveillance"),
    clause="校园监控系统",
    plan_row=10,
    unit="ratio",
    policy=SurveillancePolicy,
    evaluate=evaluate,
    probes=(SYSTEM,),
    measures=MEASURES,
    systems=(SYSTEM,),
    daily=DAILY,
    school_hours=SCHOOL_HOURS,
)
