"""The coefficient of variation between schools in resources per 100 students of the junior grades."""

from pydantic import PositiveFloat

from collector.targets.base import Moment
from collector.targets.district._equity import EquityPolicy, judged
from collector.targets.district.base import DistrictFacts, DistrictTarget
from collector.verdict import Verdict
from common.text import Text

ID = "equity_junior"


class Policy(EquityPolicy):
    """The plan's limit for the junior grades."""

    below: PositiveFloat = 0.5


def evaluate(facts: DistrictFacts, policy: Policy, moment: Moment) -> Verdict:
    """The verdict on the resource that varies most between the schools with junior grades."""
    return judged(ID, "junior", facts, policy)


TARGET = DistrictTarget(
    id=ID,
    name=Text("初中校际差异系数", "Variation between schools, junior"),
    clause="义务教育学校资源配置校际差异系数小学和初中分别低于 0.6 和 0.5",
    plan_row=20,
    unit="coefficient",
    policy=Policy,
    evaluate=evaluate,
)
