"""The targets as a whole: each has a clause, names in both languages, and its place in the document."""

from dataclasses import replace
from pathlib import Path

from collector.evidence import PROBE_SUCCESS
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from collector.verdict import EvidenceItem
from tests.collector.equipment import ANY_SCHOOL, PROBES, port, switch
from tests.collector.making import NOW, known, verdict
from wire.measures import CATALOGUE


def test_every_module_is_a_target_with_a_clause() -> None:
    assert set(TARGETS) >= set(PROBES)
    for name, target in TARGETS.items():
        assert target.id == name
        assert target.clause
        assert target.name.zh
        assert target.name.en
        assert target.plan_row in range(1, 22)
        assert {*target.measures, *target.daily, *target.school_hours} <= {*CATALOGUE, PROBE_SUCCESS}
        assert target.probes or target.measures


def test_every_clause_of_the_plan_has_its_target() -> None:
    assert sorted(target.plan_row for target in TARGETS.values()) == list(range(1, 18))
    assert sorted(target.plan_row for target in DISTRICT_TARGETS.values()) == list(range(17, 22))


def test_evidence_is_listed_once_whatever_its_order() -> None:
    item = EvidenceItem("1", "ports", "sw", NOW, "x")
    found = verdict("desktop_100m", ANY_SCHOOL, known(switch(port(1, 1000))))
    assert len(set(found.evidence)) == len(found.evidence) == 1
    assert replace(item, note="y") != item


def test_the_documentation_has_every_target_and_common_reason() -> None:
    text = (Path(__file__).parents[3] / "docs" / "targets.md").read_text(encoding="utf-8")
    for target in TARGETS.values():
        assert f"\n## {target.id}\n\n> {target.clause}\n" in text, target.id
    for code in ("never_reported", "not_probed", "agent_silent", "stale", "table_incomplete", "roster_missing"):
        assert f"| `{code}` |" in text
