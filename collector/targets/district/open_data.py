"""What is measured can be taken by the district's data platform: the collector tries each interface itself."""

from datetime import timedelta

from pydantic import PositiveFloat

from collector.targets.base import Moment, PolicyPart
from collector.targets.district.base import DistrictFacts, DistrictTarget
from collector.verdict import Reason, State, Verdict
from common.text import Text

ID = "open_data"


class Policy(PolicyPart):
    """How lately an interface must have been tried."""

    fresh_seconds: PositiveFloat = 7200


def evaluate(facts: DistrictFacts, policy: Policy, moment: Moment) -> Verdict:
    """Interfaces that work / interfaces. One that was not tried lately is unknown."""
    lately = moment.now - timedelta(seconds=policy.fresh_seconds)
    fresh = [one for one in facts.interfaces if one.at >= lately]
    total, works = len(facts.interfaces), sum(one.ok for one in fresh)
    if not fresh:
        return Verdict(ID, "unknown", Reason("interfaces_not_tried"), threshold=total or None)
    broken = [Reason("interface_broken", {"name": i.name, "detail": i.detail or "?"}) for i in fresh if not i.ok]
    state: State
    if broken:
        state, reason = "unmet", broken[0]
    elif len(fresh) < total:
        state, reason = "unknown", Reason("interfaces_not_tried")
    else:
        state, reason = "met", Reason("interfaces_work", {"total": total})
    known = state != "unknown"
    return Verdict(
        ID,
        state,
        reason,
        value=works if known else None,
        threshold=total,
        attainment=works / total if known else None,
        lowest=works,
        highest=works + total - len(fresh),
        findings=tuple(broken),
    )


TARGET = DistrictTarget(
    id=ID,
    name=Text("数据开放", "Open data"),
    clause="推进教育大数据应用；基于数字校园平台架构……监测平台",
    plan_row=21,
    unit="interfaces",
    policy=Policy,
    evaluate=evaluate,
    by_day=False,
)
