"""Every enabled target's verdict on one school, and which roll-ups they need."""

from datetime import datetime

from collector.evidence import Evidence
from collector.policy import Policy
from collector.roster.model import School
from collector.targets import TARGETS
from collector.targets.base import Moment
from collector.verdict import Verdict


def judge(school: School, evidence: Evidence, policy: Policy, now: datetime) -> dict[str, Verdict]:
    """The verdict of each enabled target, by its id."""
    moment = Moment(now, policy.zone, policy.agent_silent_after_seconds)
    return {name: TARGETS[name].evaluate(school, evidence, policy.of(name), moment) for name in policy.enabled}


def needed_daily(policy: Policy) -> tuple[frozenset[str], int]:
    """The measures whose roll-ups the enabled targets read, and how many days they look back at most."""
    measures = frozenset(measure for name in policy.enabled for measure in TARGETS[name].daily)
    return measures, max((policy.of(name).look_back_days for name in policy.enabled), default=0)
