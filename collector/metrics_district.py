"""The district's own clauses in /metrics."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily

from collector.district import Snapshot
from collector.verdict import STATES


def district_families(district: Snapshot) -> Iterator[Metric]:
    """State, attainment, bounds and age of the evidence of each clause about the district as a whole."""

    def gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"campus_district_target_{name}", help_, labels=("target", *labels))

    state = gauge("state", "1 for the state that holds, 0 for the others.", "state")
    attainment = gauge("attainment_ratio", "Achieved / required, so that 1 is just met; absent while unknown.")
    lowest = gauge("lowest", "The least that the value can be, in the target's unit.")
    highest = gauge("highest", "The most that the value can be, in the target's unit; absent where nothing bounds it.")
    evidence = gauge(
        "evidence_timestamp_seconds", "When the oldest evidence of the schools was taken that the clause rests on."
    )
    for name, standing in district.district_verdicts.items():
        verdict = standing.verdict
        for each in STATES:
            state.add_metric((name, each), float(verdict.state == each))
        for family, value in ((attainment, verdict.attainment), (lowest, verdict.lowest), (highest, verdict.highest)):
            if value is not None:
                family.add_metric((name,), value)
        if (oldest := _oldest(district, name)) is not None:
            evidence.add_metric((name,), oldest.timestamp())
    yield from (state, attainment, lowest, highest, evidence)
    muted = GaugeMetricFamily(
        "campus_correction_active",
        "1 for each record by a person that is in force; target is empty for one about the whole school.",
        labels=("school", "target", "kind"),
    )
    for school, target, kind in sorted({(c.school, c.target, c.kind) for c in district.corrections}):
        muted.add_metric((school, target, kind), 1)
    yield muted


_RESTS_ON = {
    "equity_primary": ("multimedia_classroom", "student_device_ratio"),
    "equity_junior": ("multimedia_classroom", "student_device_ratio"),
    "man_performance": ("man_performance",),
}


def _oldest(district: Snapshot, clause: str) -> datetime | None:
    """When the oldest evidence was taken of the schools' verdicts that a clause rests on; None where there is none."""
    own = district.district_verdicts[clause].verdict.evidence_at
    if own is not None:
        return own
    taken = (
        standing.verdict.evidence_at
        for school, of_school in district.verdicts.items()
        for name, standing in of_school.items()
        if name in _wanted(district, clause, school)
    )
    return min((at for at in taken if at is not None), default=None)


def _wanted(district: Snapshot, clause: str, school: str) -> tuple[str, ...] | frozenset[str]:
    if clause == "smart_campus_share" and school in district.schools:
        return district.policy.smart_campus_for(district.schools[school].stage)
    return _RESTS_ON.get(clause, ())
