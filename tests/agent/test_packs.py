"""Device packs: ours load, wrong ones are refused by file, line and field, and indices are read right."""

from pathlib import Path

import pytest

import agent.packs
from agent.packs.index import BadIndex, belongs_to, decoded, mac_address
from agent.packs.load import packs
from agent.packs.model import Pack
from agent.packs.parts import StateLookup
from agent.probes.wireless.details import channel_of
from agent.probes.wireless.table import meaning
from common.configfile import ConfigError

FOLDER = Path(agent.packs.__file__).parent
GOOD = """\
id: acme
vendor: {zh: 甲, en: Acme}
source: ACME-MIB
roots: [1.3.6.1.4.1.99999.1]
access_points:
  rows: .1.1.2
  index: mac
  state: {column: .1.1.2, up: {1: up}}
"""


def test_every_pack_loads_and_is_named_after_its_file() -> None:
    assert {pack.id for pack in packs().values()} == {path.stem for path in FOLDER.glob("*.yaml")}
    assert {"huawei-ac", "h3c-comware", "ruijie-ac", "aruba-controller", "cisco-aireos"} <= packs().keys()


def test_no_state_is_both_up_and_down() -> None:
    for pack in packs().values():
        lookups = [lookup for table in pack.access_points for lookup in table.state]
        lookups += pack.itself.state if pack.itself else ()
        for lookup in lookups:
            assert not lookup.up.keys() & (lookup.down.keys() | lookup.standby.keys()), pack.id
            assert not lookup.down.keys() & lookup.standby.keys(), pack.id
            assert not set(lookup.ignore) & (lookup.up.keys() | lookup.down.keys() | lookup.standby.keys()), pack.id


def test_the_schools_own_pack_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("acme", "huawei-ac", 1))
    mine = packs(tmp_path)
    assert mine["huawei-ac"].vendor.en == "Acme"
    assert mine.keys() == packs().keys()
    assert packs()["huawei-ac"].vendor.en == "Huawei"


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        pytest.param(".1.1.2\n  index", "ifTable\n  index", 6, "access_points.rows[0]", id="a-name-for-a-number"),
        pytest.param("index: mac", "index: mca", 7, "access_points.index", id="no-such-index"),
        pytest.param("vendor: {zh: 甲, en: Acme}", "vendor: {en: Acme}", 2, "vendor.zh", id="one-language"),
        pytest.param("up: {1: up}", "up: {1: Up and running}", 8, "access_points.state.up.1", id="state-name"),
        pytest.param("source:", "sauce:", 3, "sauce", id="unknown-key"),
        pytest.param("roots: [1.3.6.1.4.1.99999.1]", "roots: []", 4, "roots", id="no-root"),
    ],
)
def test_a_wrong_pack_is_refused(tmp_path: Path, old: str, new: str, line: int, field: str) -> None:
    assert old in GOOD
    path = tmp_path / "wrong.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as refused:
        packs(tmp_path)
    assert (str(path), line, field) in {(f.file, f.line, f.field) for f in refused.value.faults}, refused.value


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("rows: .1.1.2\n  index: mac", "state or otherwise"),
        ("index: mac\n  otherwise: {up: up}", "rows or values"),
        ("rows: .1.1.2\n  index: number\n  identity: mac\n  otherwise: {up: up}", "identity mac needs mac"),
        ("values: .1.1.2\n  index: text\n  otherwise: {up: up}\n  clients: {sum: .1.1.3}", "needs rows"),
        ("rows: .1.1.2\n  index: mac\n  otherwise: {up: up, down: down}", "either up or down"),
        ("rows: .1.1.2\n  index: mac\n  otherwise: {up: up}\n  name: {index: text}", "needs key"),
        ("rows: .1.1.2\n  index: mac\n  state: {column: .1.1.2}", "at least one of up, standby, down"),
        ("rows: .1.1.2\n  index: mac\n  otherwise: {up: up}\n  radios: {key: .1.1.3}", "at least one of channel"),
        ("values: .1.1.2\n  index: text\n  otherwise: {up: up}\n  uplink: .1.1.3", "need rows"),
    ],
)
def test_a_table_that_cannot_work_is_refused(tmp_path: Path, table: str, says: str) -> None:
    begin = GOOD[: GOOD.index("rows:")]
    (tmp_path / "wrong.yaml").write_text(begin + table + "\n")
    with pytest.raises(ConfigError, match=says):
        packs(tmp_path)


def test_two_packs_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"b\.yaml"):
        packs(tmp_path)


@pytest.mark.parametrize(
    ("suffix", "kind", "meaning"),
    [
        ("0.26.30.255.1.2", "mac", "00:1a:1e:ff:01:02"),
        ("6.0.26.30.255.1.2", "mac", "00:1a:1e:ff:01:02"),
        ("3.65.66.67", "text", "ABC"),
        ("65.66.67", "text", "ABC"),
        ("6.230.149.153.231.160.148", "text", "教研"),
        ("2.65", "text", "\x02A"),
        ("17", "number", "17"),
        ("1.4.70.80.50.50", "number_text", "FP22"),
    ],
)
def test_an_index_is_read(suffix: str, kind: str, meaning: str) -> None:
    assert decoded(suffix, kind) == meaning  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("0.26.30.255.1", "mac"),
        ("7.0.26.30.255.1.2", "mac"),
        ("0.26.30.256.1.2", "mac"),
        ("1.2", "number"),
        ("", "text"),
        ("1", "number_text"),
    ],
)
def test_a_wrong_index_is_refused(suffix: str, kind: str) -> None:
    with pytest.raises(BadIndex):
        decoded(suffix, kind)  # type: ignore[arg-type]


def test_a_radio_belongs_to_its_access_point() -> None:
    owners = {"0.1.2.3.4.5": "a", "0.1.2.3.4.50": "b"}
    assert belongs_to("0.1.2.3.4.5.1", owners) == "a"
    assert belongs_to("0.1.2.3.4.50.1", owners) == "b"
    assert belongs_to("0.1.2.3.4.51.1", owners) is None


@pytest.mark.parametrize(
    "written",
    [b"\x00\x11\x22\x33\x44\xaf", "00:11:22:33:44:AF", "0011-2233-44af", "0011.2233.44af", b"00-11-22-33-44-af"],
)
def test_a_mac_in_any_notation(written: str | bytes) -> None:
    assert mac_address(written) == "00:11:22:33:44:af"


@pytest.mark.parametrize(
    "written", ["", "00:00:00:00:00:00", "ff-ff-ff-ff-ff-ff", "00:11:22:33:44", "zz:11:22:33:44:55", 7]
)
def test_no_mac(written: str | int) -> None:
    assert mac_address(written) is None


def test_states() -> None:
    lookup = StateLookup.model_validate(
        {"column": ".1.1.1", "up": {8: "normal", "Online": "online"}, "standby": {11: "standby"}, "down": {4: "fault"}}
    )
    assert meaning((lookup,), 8) == (True, "normal")
    assert meaning((lookup,), b"ONLINE ") == (True, "online")
    assert meaning((lookup,), 11) == (None, "standby")
    assert meaning((lookup,), 4) == (False, "fault")
    assert meaning((lookup,), 99) == (None, "unlisted_99")  # neither good news nor bad


@pytest.mark.parametrize(
    ("frequency", "band", "channel"),
    [
        (2412, "2.4GHz", 1),
        (2484, "2.4GHz", 14),
        (5180, "5GHz", 36),
        (5825, "5GHz", 165),
        (5955, "6GHz", 1),
        (900, "", None),
    ],
)
def test_a_frequency_is_a_channel(frequency: int, band: str, channel: int | None) -> None:
    assert channel_of(frequency) == (band, channel)


def test_the_example_of_the_documentation_is_a_pack(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "adding-a-device.md").read_text(encoding="utf-8")
    example = document.split("```yaml\n", 1)[1].split("```", 1)[0]
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    fields = Pack.model_fields.keys() & {line.split(":")[0] for line in example.splitlines()}
    assert {"id", "vendor", "source", "recognise", "roots", "scalars", "access_points"} <= fields
    assert set(packs(tmp_path)) - set(packs())
