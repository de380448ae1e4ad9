"""Puts the tables of schools, places and devices together into one roster."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from collector.roster import values
from collector.roster.cells import EMPTY, Cell
from collector.roster.columns import SCHOOLS, plain
from collector.roster.model import ExpectedDevice, Place, Roster, School
from collector.roster.names import same
from collector.roster.tables import Row, Table
from common.configfile import ConfigError, Fault
from common.faults import accepted
from common.text import Text


@dataclass(slots=True)
class _School:
    row: Row
    data: dict[str, Any]
    places: dict[str, tuple[Row, str]] = field(default_factory=dict)
    """Each place's row and id, by the id as it is compared."""


def gathered(schools: Table, places: Table | None, devices: Table | None) -> tuple[Roster, list[Fault]]:
    """The roster, and remarks on it. Raises ConfigError with every fault of every table."""
    unread = bool(schools.faults) and not schools.rows
    found = None if unread else _schools(schools)
    valid_from = _valid_from(schools)
    if places is not None:
        _places(places, found)
    if devices is not None:
        _devices(devices, found)
    tables = [table for table in (schools, places, devices) if table is not None]
    faults = [fault for table in tables for fault in table.faults]
    if found is None or faults:
        raise ConfigError(faults)
    _wonder(schools, found)
    try:
        roster = Roster.model_validate({"valid_from": valid_from, "schools": [one.data for one in found.values()]})
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ConfigError(
            [schools.source.fault(None, None, _path(d["loc"]), "", accepted(d)) for d in details]
        ) from None
    return roster, [remark for table in tables for remark in table.remarks]


def _schools(table: Table) -> dict[str, _School]:
    found: dict[str, _School] = {}
    for row in table.rows:
        school, id_ = table.model(row, School), row.values.get("id", "")
        _terminals(table, row)
        if (known := found.get(id_)) is not None:
            table.wrong(row, "id", _twice(known.row))
        elif id_:
            found[id_] = _School(row, {**(school.model_dump() if school else {}), "places": [], "devices": []})
    return found


def _terminals(table: Table, row: Row) -> None:
    """A register says both: one that leaves out the teachers' terminals does not say that there are none."""
    names = [column.name for column in SCHOOLS if column.where[0] == "terminals"]
    if not any(name in row.shown for name in names):
        return
    for name in names:
        if name not in row.shown and (name != "shared_terminals" or name in table.at):
            table.wrong(
                row,
                name,
                Text("三项终端数要么都填（没有填 0），要么都留空", "fill in all three, 0 for none, or leave all empty"),
            )


def _valid_from(table: Table) -> str | None:
    """The one date that the rows name, or a cell above the headings."""
    first = _above(table)
    for row in table.rows:
        if "valid_from" in row.broken or (day := row.values.get("valid_from")) is None:
            continue
        if not values.is_day(day):
            table.wrong(row, "valid_from", _DAY)
        elif first is None:
            first = (row.line, day)
        elif first[1] != day:
            what = Text(
                f"与第 {first[0]} 行的 {first[1]} 不同：一份花名册只有一个生效日期",
                f"line {first[0]} has {first[1]}: a roster holds from one day",
            )
            table.wrong(row, "valid_from", what)
    return first[1] if first else None


def _above(table: Table) -> tuple[int, str] | None:
    """The date in a cell labelled so above the headings: '生效日期：2026-09-01', or the label and then the date."""
    column = next(column for column in SCHOOLS if column.name == "valid_from")
    labels = {plain(name) for name in column.headings}
    for line, cells in table.titles:
        filled = [(at, cell) for at, cell in enumerate(cells) if cell and not cell.covered]
        for (at, cell), following in zip(filled, [*filled[1:], None], strict=True):
            label, colon, rest = values.folded(cell.text).partition(":")
            if plain(label) not in labels:
                continue
            there, value = (at, Cell(rest.strip())) if colon and rest.strip() else following or (at, EMPTY)
            day = column.value_of(value)
            if isinstance(day, str) and values.is_day(day):
                return line, day
            what = day if isinstance(day, Text) else _DAY
            table.fault(line, there, cell.text, repr(value.text) if value else "", what)
    return None


_DAY = Text("应为日期，如 2026-09-01 或 2026年9月1日", "a date is accepted, such as 2026-09-01")


def _places(table: Table, schools: dict[str, _School] | None) -> None:
    """Each school's places; with no table of schools to look into, only what is wrong with the rows themselves."""
    for row in table.rows:
        place, school = table.model(row, Place), _owner(table, row, schools)
        if school is None or (id_ := row.values.get("id")) is None:
            continue
        if (known := school.places.get(same(id_))) is not None:
            table.wrong(row, "id", _twice(known[0]))
            continue
        school.places[same(id_)] = (row, id_)  # with a fault of its own too, so that its devices have none
        if place is not None:
            school.data["places"].append(place.model_dump())


def _devices(table: Table, schools: dict[str, _School] | None) -> None:
    seen: dict[tuple[str, str, str], Row] = {}
    for row in table.rows:
        device, school = table.model(row, ExpectedDevice), _owner(table, row, schools)
        if device is None or school is None:
            continue
        key = (row.values["school"], device.system, device.id)
        if (known := school.places.get(same(device.place))) is None:
            what = Text(
                f"学校 {key[0]} 没有这个场所，请先写入场所表",
                f"school {key[0]} lists no such place; add it to the table of places",
            )
            table.wrong(row, "place", what)
        elif key in seen:
            table.wrong(row, "id", _twice(seen[key]))
        else:
            seen[key] = row
            school.data["devices"].append({**device.model_dump(), "place": known[1]})


def _owner(table: Table, row: Row, schools: dict[str, _School] | None) -> _School | None:
    if "school" in row.broken:
        return None
    id_ = row.values.get("school", "")
    if not id_:
        table.wrong(row, "school", Text("缺少这一项", "this is required"))
        return None
    if schools is None:
        return None
    if id_ not in schools:
        what = Text("学校表中没有这个学校", "the table of schools has no such school")
        table.wrong(row, "school", what)
    return schools.get(id_)


def _wonder(table: Table, schools: dict[str, _School]) -> None:
    """Remarks on what is possible and seldom meant. Two schools may share a name: townships each have a central one."""
    names: dict[str, Row] = {}
    for school in schools.values():
        row = school.row
        if (known := names.setdefault(plain(school.data["name"]), row)) is not row:
            what = Text(
                f"与第 {known.line} 行同名而编号不同：若是同一所学校，请只保留一个",
                f"line {known.line} has the same name under another id: keep one if they are the same school",
            )
            table.remark(*table.place(row, "name"), what)
        for name in ("students", "teachers", "classes"):
            if school.data[name] == 0:
                table.remark(*table.place(row, name), Text("为 0：按此计算", "it is 0, and is reckoned so"))


def _twice(first: Row) -> Text:
    return Text(f"与第 {first.line} 行重复", f"stands in line {first.line} already")


def _path(loc: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
