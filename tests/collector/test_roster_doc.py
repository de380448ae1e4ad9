"""docs/roster.md says what the program takes."""

import re
from pathlib import Path

import pytest

from collector.roster.columns import SHEETS, TABLES, TableName
from collector.roster.files import read_roster
from collector.roster.model import Roster
from collector.roster.sheets import accepted_in
from common.configfile import parse, validated

TEXT = (Path(__file__).parents[2] / "docs" / "roster.md").read_text()


def test_its_yaml_example_is_a_roster() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (school,) = validated(parse(example, "docs/roster.md"), Roster).schools
    assert (school.name, len(school.teaching_places), len(school.devices)) == ("希望小学", 2, 2)


@pytest.mark.parametrize("table", TABLES)
def test_every_heading_and_word_is_listed(table: TableName) -> None:
    section = TEXT.partition(f"### {SHEETS[table].zh} · ")[2].partition("\n#")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[1:]] == [column.heading.zh for column in TABLES[table]]
    for column, (_, also, required, accepted) in zip(TABLES[table], rows[1:], strict=True):
        assert set(also.split(", ")) == {column.name, column.heading.en, *column.also}
        assert (required == "是 / yes") == column.required
        assert accepted == accepted_in(column)


def test_the_example_among_the_configurations_is_a_roster() -> None:
    (school,) = read_roster(Path(__file__).parents[2] / "configs" / "roster.yaml").schools
    assert {device.place for device in school.devices} == {place.id for place in school.teaching_places}
