"""Wireless covers the whole campus: every teaching place has a working access point."""

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets._coverage import CoveragePolicy, Places, judged
from collector.targets._wireless import MEASURES, PROBE, served_by_wireless
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "wireless_coverage"


def evaluate(school: School, evidence: Evidence, policy: CoveragePolicy, moment: Moment) -> Verdict:
    """The share of teaching places served by a working access point."""
    served = served_by_wireless(school, evidence, policy.fresh_seconds, moment)
    return judged(ID, Places.of(school), served, policy.at_least, "place_without_wireless")


TARGET = Target(
    id=ID,
    name=Text("无线网络全覆盖", "Wireless coverage"),
    clause="实现校园无线网络全覆盖",
    plan_row=3,
    unit="ratio",
    policy=CoveragePolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
)
