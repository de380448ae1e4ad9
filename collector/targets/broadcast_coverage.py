"""Intelligent (IP) broadcast in every teaching place."""

from collector.evidence import Evidence
from collector.roster.model import School, System
from collector.targets._av_coverage import HeadEndPolicy, coverage
from collector.targets._equipment import DAILY, MEASURES, SCHOOL_HOURS
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "broadcast_coverage"
SYSTEM: System = "broadcast"
PROBES = ("broadcast",)


class BroadcastPolicy(HeadEndPolicy):
    """Servers and terminals stay on: one that does not answer in school hours is down, whatever its last word was."""

    off_when_idle: bool = False


def evaluate(school: School, evidence: Evidence, policy: BroadcastPolicy, moment: Moment) -> Verdict:
    """The share of teaching places with a working device of this system."""
    return coverage(ID, school, evidence, SYSTEM, policy, moment, PROBES)


TARGET = Target(
    id=ID,
    name=Text("智能播送覆盖", "IP broadcast"),
    clause="智能播送系统",
    plan_row=11,
    unit="ratio",
    policy=BroadcastPolicy,
    evaluate=evaluate,
    probes=PROBES,
    measures=MEASURES,
    systems=(SYSTEM,),
    daily=DAILY,
    school_hours=SCHOOL_HOURS,
)
