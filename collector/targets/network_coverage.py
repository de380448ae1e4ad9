"""A network, wired or wireless, in every teaching place."""

from pydantic import Field

from collector.evidence import Evidence
from collector.roster.model import School
from collector.targets import _switches, _wireless
from collector.targets._coverage import CoveragePolicy, Places, judged
from collector.targets._wired import served_by_wire
from collector.targets._wireless import served_by_wireless
from collector.targets.base import Moment, Target
from collector.verdict import Verdict
from common.text import Text

ID = "network_coverage"


class NetworkPolicy(CoveragePolicy):
    """What a district may set of the network in teaching places."""

    window_days: int = Field(7, ge=1, le=92)
    """How far back a link on a place's port still proves it."""

    @property
    def look_back_days(self) -> int:
        return self.window_days

    @property
    def horizons(self) -> tuple[float, ...]:
        return (*super().horizons, self.window_days * 86400)


def evaluate(school: School, evidence: Evidence, policy: NetworkPolicy, moment: Moment) -> Verdict:
    """The share of teaching places with a wired port in use or a working access point."""
    wired = served_by_wire(school, evidence, policy.fresh_seconds, policy.window_days, moment)
    wireless = served_by_wireless(school, evidence, policy.fresh_seconds, moment)
    return judged(ID, Places.of(school), wired.and_also(wireless), policy.at_least, "place_without_network")


TARGET = Target(
    id=ID,
    name=Text("教学场所网络覆盖", "Network in every teaching place"),
    clause="校园网络系统……覆盖所有学校的所有教育教学场所",
    plan_row=8,
    unit="ratio",
    policy=NetworkPolicy,
    evaluate=evaluate,
    probes=(_switches.PROBE, _wireless.PROBE),
    measures=tuple(dict.fromkeys((*_switches.MEASURES, *_wireless.MEASURES))),
    daily=_switches.DAILY,
)
