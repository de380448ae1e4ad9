"""What a good configuration becomes."""

from pathlib import Path
from typing import Literal

import pytest

from agent.hosts import hosts_of
from agent.probes.base import Context, Probe, ProbeSettings, Settings
from agent.settings import AgentSettings, load_settings
from wire.report import Reading

ROOT = Path(__file__).parents[2]


class Lamp(ProbeSettings):
    probe: Literal["lamp"]
    host: str = ""


class Inner(Settings):
    host: str


class Fan(ProbeSettings):
    probe: Literal["fan"]
    inner: Inner
    more: tuple[Inner, ...] = ()


async def nothing(settings: ProbeSettings, context: Context) -> list[Reading]:
    return []


LAMP, FAN = Probe(Lamp, (), nothing), Probe(Fan, (), nothing)


def written(folder: Path, text: str) -> Path:
    path = folder / "agent.yaml"
    path.write_text(text)
    return path


def test_the_example_covers_every_probe() -> None:
    from agent.probes import PROBES

    settings = load_settings(ROOT / "configs" / "agent.yaml")
    assert {entry.probe for entry in settings.devices} == set(PROBES)
    assert settings.collector is not None


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    path = written(
        tmp_path,
        "school: east\ncollector: {url: 'https://c.example/', token: {file: token}}\nstate_dir: state\npacks: packs\n"
        "devices: [{probe: lamp, device: a}]\n",
    )
    settings = load_settings(path, {"lamp": LAMP})
    assert settings.state_dir == tmp_path / "state"
    assert settings.packs == tmp_path / "packs"
    assert settings.collector is not None
    assert settings.collector.token.file == tmp_path / "token"
    assert settings.collector.url == "https://c.example"


def test_one_probe_and_several_become_their_own_settings(tmp_path: Path) -> None:
    one = load_settings(written(tmp_path, "school: east\ndevices: [{probe: lamp, device: a}]\n"), {"lamp": LAMP})
    assert isinstance(one.devices[0], Lamp)
    text = "school: east\ndevices: [{probe: lamp, device: a}, {probe: fan, device: a, inner: {host: h}}]\n"
    two = load_settings(written(tmp_path, text), {"lamp": LAMP, "fan": FAN})
    assert [type(entry) for entry in two.devices] == [Lamp, Fan]


def test_anchors_are_held_by_templates(tmp_path: Path) -> None:
    text = (
        "school: east\ntemplates: {all: &all {probe: lamp, every_seconds: 5}}\n"
        "devices:\n  - {<<: *all, device: a}\n  - {<<: *all, device: b, every_seconds: 7}\n"
    )
    settings = load_settings(written(tmp_path, text), {"lamp": LAMP})
    assert [(entry.device, entry.every_seconds) for entry in settings.devices] == [("a", 5), ("b", 7)]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8600", "http://localhost:8600", "http://[::1]:8600", "https://collector.example/campus"]
)
def test_https_is_asked_for_only_off_this_machine(tmp_path: Path, url: str) -> None:
    text = f"school: east\ncollector: {{url: '{url}', token: {{env: T}}}}\ndevices: [{{probe: lamp, device: a}}]\n"
    settings = load_settings(written(tmp_path, text), {"lamp": LAMP})
    assert settings.collector is not None
    assert settings.collector.url == url


def test_hosts_are_found_however_deep() -> None:
    fan = Fan(probe="fan", device="a", inner=Inner(host="one"), more=(Inner(host="two"), Inner(host="one")))
    assert hosts_of(fan) == ("one", "two")
    assert hosts_of(Lamp(probe="lamp", device="a")) == ()


def test_the_model_stands_without_probes() -> None:
    assert AgentSettings.model_fields["collector"].default is None
