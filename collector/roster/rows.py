"""A roster as rows of text, as tables hold it."""

from collections.abc import Iterator, Sequence
from typing import Any

from collector.roster.columns import TABLES, Column, TableName
from collector.roster.model import Roster
from common.text import Language


def headings(columns: Sequence[Column], language: Language) -> list[str]:
    return [column.heading.in_language(language) for column in columns]


def rows_of(roster: Roster, table: TableName, language: Language) -> Iterator[list[str]]:
    """One table's rows, each column's text in a language; what the roster does not know is empty."""
    for data in _data(roster, table):
        yield [shown(column, _at(data, column), language) for column in TABLES[table]]


def shown(column: Column, value: Any, language: Language) -> str:
    """One value as people write it."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    word = column.words.get(text)
    return word.in_language(language) if word else text


def _data(roster: Roster, table: TableName) -> Iterator[dict[str, Any]]:
    for school in roster.schools:
        match table:
            case "schools":
                yield {**school.model_dump(exclude={"places", "devices"}), "valid_from": roster.valid_from}
            case "places":
                yield from ({"school": school.id, **place.model_dump()} for place in school.places)
            case "devices":
                yield from ({"school": school.id, **device.model_dump()} for device in school.devices)


def _at(data: dict[str, Any], column: Column) -> Any:
    value: Any = data
    for part in column.where:
        value = None if value is None else value[part]
    return value
