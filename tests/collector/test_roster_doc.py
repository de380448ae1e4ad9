"""docs/roster.md says what the program takes."""

import re
from pathlib import Path

from collector.roster.columns import DEVICES, PLACES, SCHOOLS
from collector.roster.files import read_roster
from collector.roster.model import Roster
from common.configfile import parse, validated

TEXT = (Path(__file__).parents[2] / "docs" / "roster.md").read_text()


def test_its_yaml_example_is_a_roster() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (school,) = validated(parse(example, "docs/roster.md"), Roster).schools
    assert (school.name, len(school.teaching_places), len(school.devices)) == ("希望小学", 2, 2)


def test_every_heading_and_word_is_listed() -> None:
    for column in (*SCHOOLS, *PLACES, *DEVICES):
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| {column.heading.zh} | {column.name}"))
        assert all(name in row for name in column.also)
        assert ("是 / yes" in row) == column.required
        assert all(f"{text.zh} ({value})" in row for value, text in column.words.items())


def test_the_example_among_the_configurations_is_a_roster() -> None:
    (school,) = read_roster(Path(__file__).parents[2] / "configs" / "roster.yaml").schools
    assert {device.place for device in school.devices} == {place.id for place in school.teaching_places}
