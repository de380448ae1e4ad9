"""The alert rules: proven by promtool's own tests, then run by a real Prometheus to see what a person would read."""

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.catalogue import ROOT, RULES, asked, grouped, known, rules
from tests.monitoring.district import page
from tests.peers.exposition import exposition
from tests.peers.prometheus import alerts, hastened, prometheus, scraping, wait_until

RULE_TESTS = sorted((ROOT / "configs/prometheus/tests").glob("*.yml"))
ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
ANNOTATIONS = {"summary_zh", "summary_en", "description_zh", "description_en", "page"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_prometheus_accepts_configuration_and_rules() -> None:
    run("promtool", "check", "config", ROOT / "configs/prometheus/prometheus.yml")
    assert "rules found" in run("promtool", "check", "rules", *RULES)


def test_each_rule_fires_keeps_quiet_and_ends_as_its_own_tests_say() -> None:
    run("promtool", "test", "rules", *RULE_TESTS)


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_each_alert_has_a_rule_test_that_sees_it_fire_and_end(name: str) -> None:
    fires = ends = False
    for path in RULE_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for check in test.get("alert_rule_test", ()):
                if check["alertname"] == name:
                    fires |= bool(check["exp_alerts"])
                    ends |= not check["exp_alerts"]
            for check in test.get("promql_expr_test", ()):
                (wanted,) = re.findall(r'alertname=~?"([^"]+)"', check["expr"])
                if re.fullmatch(wanted, name):
                    fires |= (wanted == name and bool(check["exp_samples"])) or name in str(check["exp_samples"])
                    ends |= not check["exp_samples"]
    assert fires, "no rule test sees it fire"
    assert ends, "no rule test sees it absent"


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_each_alert_speaks_both_languages_and_leads_to_a_page(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    said = alert["annotations"]
    assert set(said) == ANNOTATIONS
    assert CHINESE.search(said["summary_zh"])
    assert CHINESE.search(said["description_zh"])
    assert not CHINESE.search(said["summary_en"] + said["description_en"])
    assert said["page"] in {"/", "/district", "/schools/{{ $labels.school }}"}
    documented = (ROOT / "docs/alerts.md").read_text()
    assert f"## {name}\n" in documented, "docs/alerts.md says nothing of it"


def test_each_expression_asks_for_metrics_and_labels_that_exist(tmp_path: Path) -> None:
    there = known(tmp_path)
    for rule in rules():
        in_templates = re.findall(r'printf "((?:[^"\\]|\\.)*)"', str(rule.get("annotations", "")).replace("\\'", "'"))
        for expr in (rule["expr"], *(template.replace("%q", '"x"') for template in in_templates)):
            labels: frozenset[str] = frozenset()
            for metric, matched in asked(expr):
                assert metric in there, f"{metric} does not exist: {expr}"
                assert matched <= there[metric], f"{metric} has no {set(matched - there[metric])}: {expr}"
                labels |= there[metric]
            assert grouped(expr) <= labels, f"no series has {set(grouped(expr) - labels)}: {expr}"


def test_a_metric_that_does_not_exist_is_noticed(tmp_path: Path) -> None:
    there = known(tmp_path)
    assert "campus_school_info" in there
    assert "campus_nonsense" not in there
    assert dict(asked('sum by (a) (rate(campus_x{b="c"}[5m])) / campus_y')) == {
        "campus_x": frozenset({"b"}),
        "campus_y": frozenset(),
    }
    assert grouped("sum by (a) (campus_x) * on (b) campus_y") == {"a", "b"}


def test_a_real_prometheus_fills_in_every_sentence() -> None:
    """All faults at once: each alert of a school fires, and no sentence holds a template's error or a bare id."""
    expected = set(ALERTS) - {"CampusCollectorDown"}
    texts = {path.name: hastened(path.read_text()) for path in RULES}
    start = time.monotonic()
    with (
        exposition(page(ill=False)) as served,
        prometheus(scraping(served.url, rule_files=sorted(texts)), texts) as base,
    ):

        def first() -> bool:
            served.text = page(ill=False)
            return "CampusTargetUnknown" in _firing(base)

        wait_until(first, what="the first alert")
        assert set(_firing(base)) <= {"CampusTargetUnknown", "CampusAgentNeverReported"}

        def fell_ill() -> dict[str, Any] | None:
            served.text = page(after_seconds=time.monotonic() - start)
            fired = _firing(base)
            return fired if set(fired) >= expected else None

        try:
            fired = wait_until(fell_ill, 30, "every alert")
        except AssertionError:
            raise AssertionError(f"did not fire: {expected - set(_firing(base))}") from None
    for name, alert in fired.items():
        said = alert["annotations"]
        for text in said.values():
            assert "error" not in text.lower() or name == "CampusCollectorNotJudging", text
            assert "<" not in text, text
            assert "{{" not in text, text
        if "school" in alert["labels"]:
            assert "关" in said["summary_zh"], said
            assert "关" in said["summary_en"], said
            assert said["page"] == f"/schools/{alert['labels']['school']}"
    dead = fired["CampusAccessPointsDown"]["annotations"]
    assert "12" in dead["summary_en"]
    assert dead["description_en"].count("ap-") == 10


def _firing(base: str) -> dict[str, Any]:
    return {alert["labels"]["alertname"]: alert for alert in alerts(base) if alert["state"] == "firing"}
