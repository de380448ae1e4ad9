"""Rosters in files: one YAML, or a CSV of schools with places.csv and devices.csv beside it."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from collector.roster.columns import DEVICES, PLACES, SCHOOLS, Column
from collector.roster.model import ExpectedDevice, Place, Roster, School
from collector.roster.names import same
from collector.roster.tables import Row, Table, guarded
from common.configfile import ConfigError, Fault, load
from common.faults import accepted
from common.text import Text, machine_language

PLACES_FILE = "places.csv"
DEVICES_FILE = "devices.csv"


def read_roster(path: Path) -> Roster:
    """The roster in a .yaml or .csv file. Raises ConfigError with every fault: file, line, heading or field, value."""
    match path.suffix.lower():
        case ".yaml" | ".yml":
            return load(path, Roster)
        case ".csv" if path.name not in (PLACES_FILE, DEVICES_FILE):
            return _from_tables(path)
    raise _unusable(path)


def write_roster(roster: Roster, path: Path) -> None:
    """Write a roster so that read_roster gives the same. Raises ConfigError when the file cannot be written."""
    match path.suffix.lower():
        case ".yaml" | ".yml":
            data = roster.model_dump(mode="json", exclude_defaults=True)
            files = {path: yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120).encode()}
        case ".csv" if path.name not in (PLACES_FILE, DEVICES_FILE):
            schools = roster.schools
            places = ({"school": s.id, **p.model_dump()} for s in schools for p in s.places)
            devices = ({"school": s.id, **d.model_dump()} for s in schools for d in s.devices)
            files = {
                path: _table(SCHOOLS, (school.model_dump() for school in schools)),
                path.with_name(PLACES_FILE): _table(PLACES, places),
                path.with_name(DEVICES_FILE): _table(DEVICES, devices),
            }
        case _:
            raise _unusable(path)
    for file, content in files.items():
        _write(file, content)


def _from_tables(path: Path) -> Roster:
    schools = Table(path, SCHOOLS)
    if schools.faults and not schools.rows:
        raise ConfigError(schools.faults)
    tables = [schools]
    found: dict[str, tuple[Row, dict[str, Any]]] = {}
    for row in schools.rows:
        school = schools.model(row, School)
        if (known := found.get(row.cells.get("id", ""))) is not None:
            schools.wrong(row, "id", _twice(known[0]))
        elif school is not None:
            found[school.id] = (row, {**school.model_dump(), "places": [], "devices": []})
        elif "id" in row.cells:
            found[row.cells["id"]] = (row, {"places": [], "devices": []})
    place_ids: dict[str, dict[str, tuple[Row, str]]] = {school: {} for school in found}
    if (beside := path.with_name(PLACES_FILE)).exists():
        tables.append(_places(Table(beside, PLACES), found, place_ids))
    if (beside := path.with_name(DEVICES_FILE)).exists():
        tables.append(_devices(Table(beside, DEVICES), found, place_ids))
    faults = [fault for table in tables for fault in table.faults]
    if faults:
        raise ConfigError(faults)
    try:
        return Roster.model_validate({"schools": [data for _, data in found.values()]})
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ConfigError([Fault(str(path), None, _path(d["loc"]), "", accepted(d)) for d in details]) from None


def _places(
    table: Table, schools: dict[str, tuple[Row, dict[str, Any]]], place_ids: dict[str, dict[str, tuple[Row, str]]]
) -> Table:
    for row in table.rows:
        place, school = table.model(row, Place), _school(table, row, schools)
        if place is None or school is None:
            continue
        if (known := place_ids[school].get(same(place.id))) is not None:
            table.wrong(row, "id", _twice(known[0]))
            continue
        place_ids[school][same(place.id)] = (row, place.id)
        schools[school][1]["places"].append(place.model_dump())
    return table


def _devices(
    table: Table, schools: dict[str, tuple[Row, dict[str, Any]]], place_ids: dict[str, dict[str, tuple[Row, str]]]
) -> Table:
    seen: dict[tuple[str, str, str], Row] = {}
    for row in table.rows:
        device, school = table.model(row, ExpectedDevice), _school(table, row, schools)
        if device is None or school is None:
            continue
        known = place_ids[school].get(same(device.place))
        if known is None:
            what = Text(f"学校 {school} 没有这个场所", f"school {school} lists no such place")
            table.wrong(row, "place", Text(f"{what.zh}，请先写入 {PLACES_FILE}", f"{what.en}; add it to {PLACES_FILE}"))
            continue
        key = (school, device.system, device.id)
        if key in seen:
            table.wrong(row, "id", _twice(seen[key]))
            continue
        seen[key] = row
        schools[school][1]["devices"].append({**device.model_dump(), "place": known[1]})
    return table


def _school(table: Table, row: Row, schools: dict[str, tuple[Row, dict[str, Any]]]) -> str | None:
    school = row.cells.get("school", "")
    if school in schools:
        return school
    what = (
        Text("学校表中没有这个学校", "the table of schools has no such school")
        if school
        else Text("缺少这一项", "this is required")
    )
    table.wrong(row, "school", what)
    return None


def _twice(first: Row) -> Text:
    return Text(f"与第 {first.line} 行重复", f"stands in line {first.line} already")


def _path(loc: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _table(columns: Sequence[Column], rows: Iterable[dict[str, Any]]) -> bytes:
    """Comma-separated in UTF-8 with the mark by which Excel knows it, headings in the language of this machine."""
    language = machine_language()
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(column.heading.in_language(language) for column in columns)
    for row in rows:
        cells: list[str] = []
        for column in columns:
            value = row[column.name]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            word = column.words.get(text)
            cells.append(guarded(word.in_language(language) if word else text))
        writer.writerow(cells)
    return out.getvalue().encode("utf-8-sig")


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a half-written roster must not be taken for one."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        what = Text(f"无法写入文件：{reason}", f"the file cannot be written: {reason}")
        raise ConfigError([Fault(str(path), None, "", "", what)]) from None


def _unusable(path: Path) -> ConfigError:
    what = Text(
        f"可用 .yaml 或 .csv;CSV 请指定学校表，{PLACES_FILE} 与 {DEVICES_FILE} 放在它旁边；Excel 请另存为 CSV",
        f".yaml or .csv is accepted; of CSV name the table of schools, with {PLACES_FILE} and {DEVICES_FILE} beside it;"
        " save a spreadsheet as CSV",
    )
    return ConfigError([Fault(str(path), None, "", "", what)])
