"""docs/policy.md says what the program takes."""

import re
from pathlib import Path

from collector.policy import Policy, difference
from collector.policy_profiles import profiles
from common.configfile import parse, validated

TEXT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def test_its_example_is_a_policy() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    policy = validated(parse(example, "docs/policy.md"), Policy)
    assert policy.version == 3
    assert "desktop_100m" not in policy.enabled_for("kindergarten")


def test_every_key_is_listed() -> None:
    assert [key for key in Policy.model_fields if f"| `{key}` |" not in TEXT] == []


def test_every_profile_is_listed_with_its_source_and_each_number() -> None:
    section = TEXT.split("## 标准")[1].split("\n## ")[0]
    for name, profile in profiles().items():
        row = next(line for line in section.splitlines() if line.startswith(f"| `{name}` |"))
        assert profile.document in row
        assert profile.source in row
        for path, _, new in difference(Policy(), Policy.model_validate({"profile": name})):
            assert path == "profile" or f"{path}: {_written(new)}" in row


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.15g}"
