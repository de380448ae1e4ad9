"""Reading configuration files: what is refused, and that nothing crashes."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from common.configfile import ConfigError, load, parse
from common.secrets import Secret


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(ge=1)


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    address: int = 0
    parts: tuple[Part, ...] = Field(min_length=1)
    password: Secret | None = None


def faults(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        load(path, Whole)
    return [fault.in_language("en").removeprefix(str(tmp_path) + "/") for fault in error.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "parts: [{size: 0}]", ["x.yaml:1: parts[0].size (0): a number of at least 1 is accepted"], id="no-echo"
        ),
        pytest.param("parts: []", ["x.yaml:1: parts: at least 1 entries are accepted"], id="really-too-short"),
        pytest.param("parts: &a [*a]", ["x.yaml: the file's aliases expand to too much"], id="endless-alias"),
        pytest.param(
            "address: http://me:pw@host\nparts: [{size: 1}]",
            ["x.yaml:1: address ('http://…@host'): a whole number is accepted"],
            id="password-in-a-url",
        ),
        pytest.param(
            "parts: [{size: 1}]\npassword: hunter2",
            ["x.yaml:2: password: a secret is not written here: write {file: PATH} or {env: NAME}"],
            id="inline-secret",
        ),
        pytest.param("parts: [{sise: 1}]", ["x.yaml:1: parts[0].size: this is required"], id="typo"),
        pytest.param("- 1", ["x.yaml:1: the file's outermost level must be 'key: value' pairs"], id="a-list"),
        pytest.param("", ["x.yaml: the file is empty"], id="empty"),
        pytest.param(b"parts: \xff", ["x.yaml:1: the file is not UTF-8; save it as UTF-8"], id="not-utf-8"),
        pytest.param(
            "a: 1\na: 2\nparts: [{size: 1}]", ["x.yaml:2: a: this key is written twice; keep one"], id="twice"
        ),
    ],
)
def test_each_fault_is_named(tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    found = faults(tmp_path, text)
    assert found[: len(expected)] == expected or expected[0] in found


def test_a_mistyped_key_gets_the_right_one(tmp_path: Path) -> None:
    assert any("did you mean size?" in fault for fault in faults(tmp_path, "parts: [{sise: 1}]"))


def test_numbers_are_what_people_mean() -> None:
    text = """
code: 0101
time: 22:00
mac: 10:20:30:40:50:60
day: 2026-09-01
many: 1000000
share: 0.9
big: 1e9
hex: 0x1f
on_air: true
"""
    assert parse(text, "x").data == {
        "code": "0101", "time": "22:00", "mac": "10:20:30:40:50:60", "day": "2026-09-01",
        "many": 1000000, "share": 0.9, "big": 1e9, "hex": 31, "on_air": True,
    }  # fmt: skip


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.yaml", Whole)


@pytest.mark.parametrize("text", ["a: [", "a: !!python/object:os.system x", "\x00", "a: *b", "? [1]\n: 2"])
def test_broken_yaml_never_crashes(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(text, "x.yaml")
    assert all(fault.what.zh and fault.what.en for fault in error.value.faults)
