"""Surveillance cameras in every teaching place."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from pydantic import PositiveFloat

from collector.evidence import Evidence, is_fresh, readings
from collector.roster.model import School, System
from collector.targets._av_coverage import coverage
from collector.targets._equipment import DAILY, MEASURES, SCHOOL_HOURS, EquipmentCoveragePolicy
from collector.targets.base import Moment, Target
from collector.units import duration
from collector.verdict import Reason, Values, Verdict
from common.text import Text
from wire.measures import AV_DEVICE_CLOCK_OFFSET

ID = "surveillance_coverage"
SYSTEM: System = "surveillance"
PROBES = ("camera", "recorder")


class SurveillancePolicy(EquipmentCoveragePolicy):
    """Cameras stay on: one that does not answer in school hours is down, whatever its last word was."""

    off_when_idle: bool = False
    clock_off_after_seconds: PositiveFloat = 60
    """A clock that is further off is pointed out: what is recorded bears its time."""


def evaluate(school: School, evidence: Evidence, policy: SurveillancePolicy, moment: Moment) -> Verdict:
    """The share of teaching places with a working device of this system; clocks that are wrong are findings."""
    verdict = coverage(ID, school, evidence, SYSTEM, policy, moment, PROBES)
    return replace(verdict, findings=(*verdict.findings, *_clocks_off(evidence, policy, moment)))


def _clocks_off(evidence: Evidence, policy: SurveillancePolicy, moment: Moment) -> Iterator[Reason]:
    for observation in sorted(evidence.latest, key=lambda one: (one.device, one.probe)):
        if not is_fresh(observation, moment.now, timedelta(seconds=policy.fresh_seconds)):
            continue
        for reading in readings(observation, AV_DEVICE_CLOCK_OFFSET.name):
            if reading.labels.get("system") == SYSTEM and abs(reading.value) > policy.clock_off_after_seconds:
                values: Values = {"device": observation.device, "by": duration(abs(reading.value))}
                yield Reason("device_clock_ahead" if reading.value > 0 else "device_clock_behind", values)


TARGET = Target(
    id=ID,
    name=Text("校园监控覆盖", "Surveillance"),
    clause="校园监控系统",
    plan_row=10,
    unit="ratio",
    policy=SurveillancePolicy,
    evaluate=evaluate,
    probes=PROBES,
    measures=(*MEASURES, AV_DEVICE_CLOCK_OFFSET.name),
    systems=(SYSTEM,),
    daily=DAILY,
    school_hours=SCHOOL_HOURS,
)
