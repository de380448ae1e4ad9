"""The boards: as committed, as Grafana's format asks, and each query against a real Prometheus.

That Grafana itself loads and draws them is not proven here.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from dashboards.build import files, stale
from dashboards.words import targets
from tests.monitoring.catalogue import ROOT, asked, grouped, known
from tests.monitoring.district import page
from tests.peers.exposition import exposition
from tests.peers.prometheus import prometheus, query, scraping, wait_until

BOARDS = sorted((ROOT / "dashboards/grafana").glob("*.json"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[a-z]{2}")


def board() -> dict[str, Any]:
    return dict(json.loads((ROOT / "dashboards/grafana/overview.json").read_text()))


def panels() -> list[dict[str, Any]]:
    return [panel for panel in board()["panels"] if panel["type"] != "row"]


def queries() -> list[tuple[str, str]]:
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def filled(expr: str) -> str:
    """The expression as Grafana sends it when all schools and targets are chosen."""
    text = expr.replace("$__rate_interval", "10s").replace("$school", ".*").replace("$target", ".*")
    assert "$" not in text, text
    return text


def test_what_is_committed_is_what_the_code_makes() -> None:
    assert stale() == [], "run make dashboards"
    assert {path.name for path in BOARDS} == {path.name for path in files() if path.suffix == ".json"}
    done = subprocess.run([sys.executable, "-m", "dashboards.build", "--check"], cwd=ROOT, timeout=60)
    assert done.returncode == 0


def test_a_changed_board_is_noticed(tmp_path: Any) -> None:
    for path, text in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert stale(tmp_path) == []
    (changed,) = [path for path in files() if path.suffix == ".json"]
    (tmp_path / changed).write_text("{}")
    assert stale(tmp_path) == [changed]


def test_each_panel_speaks_both_languages_and_says_when_there_is_nothing() -> None:
    for panel in board()["panels"]:
        assert CHINESE.search(panel["title"]), panel["title"]
        assert ENGLISH.search(panel["title"]), panel["title"]
    for panel in panels():
        chinese, english = panel["description"].split("\n\n")
        assert CHINESE.search(chinese), panel["title"]
        assert not CHINESE.search(english), panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"], panel["title"]
        assert CHINESE.search(defaults["noValue"]), panel["title"]
        assert ENGLISH.search(defaults["noValue"]), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    everything = board()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: dict[tuple[int, int], str] = {}
    for panel in everything:
        at = panel["gridPos"]
        assert at.get("x", 0) + at["w"] <= 24, panel["title"]
        for x in range(at.get("x", 0), at.get("x", 0) + at["w"]):
            for y in range(at.get("y", 0), at.get("y", 0) + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies over {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_each_query_asks_for_metrics_and_labels_that_exist(tmp_path: Any) -> None:
    there = known(tmp_path)
    for title, expr in queries():
        labels: frozenset[str] = frozenset()
        for metric, matched in asked(filled(expr)):
            assert metric in there, f"{title}: {metric}"
            assert matched <= there[metric], f"{title}: {metric} has no {set(matched - there[metric])}"
            labels |= there[metric]
        assert grouped(filled(expr)) <= labels, title


def test_each_target_has_its_column_with_words_shape_and_colour() -> None:
    (matrix,) = [panel for panel in panels() if panel["title"].startswith("各校各目标")]
    assert {target["refId"] for target in matrix["targets"]} == set(targets())
    for target in targets():
        (override,) = [o for o in matrix["fieldConfig"]["overrides"] if o["matcher"]["options"] == f"Value #{target}"]
        properties = {p["id"]: p["value"] for p in override["properties"]}
        assert properties["displayName"].count("/") >= 1
        options = properties["mappings"][0]["options"]
        assert [options[code]["text"] for code in "012"] == ["? 未知 unknown", "✘ 未达标 unmet", "✔ 达标 met"]
        assert len({options[code]["color"] for code in "012"}) == 3
        assert properties["links"][0]["url"] == "${collector}/schools/${__data.fields.school}"


def test_the_variables_are_there_and_pick_name_and_value() -> None:
    variables = {variable["name"]: variable for variable in board()["templating"]["list"]}
    assert set(variables) == {"school", "target", "collector"}
    # What Grafana's query_result() hands to the regular expression: a series as Prometheus writes it, value and time.
    school = 'campus_school_info{instance="c:8600", job="campus", name="东关小学", school="east", stage="primary"}'
    target = 'campus:target_name:info{en="Gigabit uplink", target="gigabit_uplink", zh="千兆上联"} 1 1767225600000'
    for name, series, text, value in (
        ("school", school + " 1 1767225600000", "东关小学", "east"),
        ("target", target, "千兆上联", "gigabit_uplink"),
    ):
        written = variables[name]["regex"].strip("/").replace("(?<", "(?P<")
        found = re.search(written, series)
        assert found is not None
        assert found.groupdict() == {"text": text, "value": value}
        assert variables[name]["allValue"] == ".*"


def test_each_table_names_every_column_that_its_queries_give() -> None:
    for panel in panels():
        if panel["type"] != "table":
            continue
        named = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
        only = len(panel["targets"]) == 1
        for target in panel["targets"]:
            assert target["format"] == "table"
            assert target["instant"] is True
            assert ("Value" if only else f"Value #{target['refId']}") in named, panel["title"]
        shown = [
            p["value"] for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if p["id"] == "displayName"
        ]
        assert panel["options"]["sortBy"][0]["displayName"] in shown, panel["title"]


@pytest.fixture(scope="module")
def filled_prometheus() -> Iterator[str]:
    """A real Prometheus that has scraped the small district for a while."""
    names = ROOT / "configs/prometheus/rules/target_names.yml"
    start = time.monotonic()
    with (
        exposition(page()) as served,
        prometheus(scraping(served.url, rule_files=[names.name]), {names.name: names.read_text()}) as base,
    ):

        def scraped_for_a_while() -> bool:
            served.text = page(after_seconds=time.monotonic() - start)
            return bool(query(base, "count_over_time(campus_school_info[1m]) >= 4"))

        wait_until(scraped_for_a_while)
        yield base


def test_each_query_finds_data_in_a_real_prometheus(filled_prometheus: str) -> None:
    for title, expr in queries():
        found = query(filled_prometheus, filled(expr))
        assert found, f"{title} finds nothing: {expr}"
        labels = {name for series in found for name in series["metric"]}
        assert not labels & {"instance", "job"}, f"{title} shows the scrape's own labels"


def test_rows_lead_to_a_school_by_id_and_call_it_by_name(filled_prometheus: str) -> None:
    for panel in panels():
        columns = [override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]]
        if "name" not in columns:
            continue
        for target in panel["targets"]:
            for series in query(filled_prometheus, filled(target["expr"])):
                assert set(series["metric"]) | {"Value"} <= {*columns, "Value"}, panel["title"]
                assert {"name", "school"} <= set(series["metric"]), panel["title"]


def test_the_numbers_are_those_of_the_district(filled_prometheus: str) -> None:
    numbers = {
        (panel["title"], target.get("legendFormat", "")): float(
            query(filled_prometheus, filled(target["expr"]))[0]["value"][1]
        )
        for panel in panels()
        if panel["type"] == "stat"
        for target in panel["targets"]
    }
    count = len(targets())
    assert numbers == {
        ("学校 / Schools", ""): 3,
        ("✔ 达标 / ✔ met", ""): count,
        ("✘ 未达标 / ✘ unmet", ""): count,
        ("? 未知 / ? unknown", ""): count,
        ("达标率 / Share met", ""): pytest.approx(1 / 3),
        ("探针：失联 · 从未上报 / Agents: silent · never heard", "失联 silent"): 1,
        ("探针：失联 · 从未上报 / Agents: silent · never heard", "从未 never"): 1,
    }
    (matrix,) = [panel for panel in panels() if panel["title"].startswith("各校各目标")]
    for target in matrix["targets"]:
        found = query(filled_prometheus, filled(target["expr"]))
        assert {s["metric"]["school"]: float(s["value"][1]) for s in found} == {"east": 2, "west": 1, "north": 0}


def test_grafana_is_given_the_source_and_the_folder_that_the_boards_name() -> None:
    provisioning = ROOT / "configs/grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    assert (source["uid"], source["type"]) == ("prometheus", "prometheus")
    (provider,) = yaml.safe_load((provisioning / "dashboards/campus.yml").read_text())["providers"]
    mounted = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]["volumes"]
    assert any(str(volume).startswith(f"./dashboards/grafana:{provider['options']['path']}:ro") for volume in mounted)
