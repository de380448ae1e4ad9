"""Every probe is built alike: its folder, its name, its example and its page say the same."""

from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
import yaml

import agent.probes
from agent.discover.ways import ways
from agent.probes import PROBES
from agent.probes.base import AnyProbe
from agent.probes.found import Clue, Found
from common.text import Text
from wire.measures import CATALOGUE

FOLDER = Path(agent.probes.__file__).parent

each_probe = pytest.mark.parametrize(("name", "probe"), PROBES.items(), ids=PROBES)


def test_every_folder_is_a_probe() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert folders == set(PROBES)
    assert folders, "there are no probes"


@each_probe
def test_folder_name_is_the_literal(name: str, probe: AnyProbe) -> None:
    assert get_args(probe.settings.model_fields["probe"].annotation) == (name,)


@each_probe
def test_folder_has_its_files(name: str, probe: AnyProbe) -> None:
    have = {path.name for path in (FOLDER / name).iterdir()}
    assert {"__init__.py", "probe.py", "settings.py", "README.md", "example.yaml"} <= have


@each_probe
def test_example_is_one_entry(name: str, probe: AnyProbe) -> None:
    entry = probe.settings.model_validate(yaml.safe_load((FOLDER / name / "example.yaml").read_text()))
    assert entry.probe == name


@each_probe
def test_what_it_proposes_is_an_entry(name: str, probe: AnyProbe) -> None:
    """By each clue alone and by all: a probe that can be found proposes what its own settings take."""
    if not (FOLDER / name / "discovered.py").exists():
        return
    module = import_module(f"agent.probes.{name}.discovered")
    assert module.propose([]) == []
    snmp = {"host": "192.0.2.1", "community": {"env": "C"}}
    facts = {"forwarding": "1", "interfaces": "9", "pack": "huawei-ac", "lists_stations": "yes", "addresses_seen": "9"}
    clues = {way: Clue(way, 1, Text("", ""), "", facts, snmp) for way in ways()}
    seen = [{way: clue} for way, clue in clues.items()] + [clues]
    proposals = [proposal for each in seen for proposal in module.propose([Found("192.0.2.1", each)])]
    assert proposals, "nothing makes it be found"
    for proposal in proposals:
        if proposal.first is None:
            assert probe.settings.model_validate({"probe": name, **proposal.entry}).device == "192.0.2.1"


def test_each_way_of_finding_has_its_line() -> None:
    page = (FOLDER.parents[1] / "docs" / "discovery.md").read_text()
    assert [way for way in ways() if f"| `{way}` |" not in page] == []


@each_probe
def test_page_lists_every_measure(name: str, probe: AnyProbe) -> None:
    page = (FOLDER / name / "README.md").read_text()
    assert [m.name for m in probe.measures if f"`{m.name}`" not in page] == []


@each_probe
def test_measures_are_declared_once_and_well(name: str, probe: AnyProbe) -> None:
    names = [measure.name for measure in probe.measures]
    assert len(names) == len(set(names))
    for measure in probe.measures:
        assert measure.help.endswith("."), measure.name
        assert (measure.kind == "counter") == measure.name.endswith("_total"), measure.name
        assert not {"school", "device"} & set(measure.labels), measure.name
        if measure.name in CATALOGUE:
            assert measure == CATALOGUE[measure.name]


def test_no_two_probes_declare_one_measure_differently() -> None:
    declared: dict[str, object] = {}
    for probe in PROBES.values():
        for measure in probe.measures:
            assert declared.setdefault(measure.name, measure) == measure


def test_probes_do_not_import_each_other() -> None:
    for name in PROBES:
        for source in (FOLDER / name).glob("*.py"):
            others = [other for other in PROBES if other != name and f"agent.probes.{other}" in source.read_text()]
            assert others == [], source
