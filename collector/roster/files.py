"""Rosters in files: one YAML, one .xlsx workbook, or a CSV of schools with places.csv and devices.csv beside it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from collector.roster.cells import Source
from collector.roster.columns import MORE_SHEETS, README, SHEETS, TABLES, TableName, heading_of, plain
from collector.roster.csvfile import csv_bytes, read_csv
from collector.roster.gather import gathered
from collector.roster.model import Roster
from collector.roster.rows import headings, rows_of
from collector.roster.sheets import template_bytes, workbook_bytes
from collector.roster.tables import Table, best_heading
from collector.roster.workbook import OLD_FORMAT, Sheet, read_workbook
from common.configfile import ConfigError, Fault, load
from common.text import Language, Text, machine_language

PLACES_FILE = "places.csv"
DEVICES_FILE = "devices.csv"


def read_roster(path: Path) -> Roster:
    """The roster in a .yaml, .csv or .xlsx file.

    Raises ConfigError with every fault: file, line or sheet and cell, heading or field, value and what is accepted.
    """
    return read_roster_noting(path)[0]


def read_roster_noting(path: Path) -> tuple[Roster, list[Fault]]:
    """The same with remarks: what was skipped, and what is possible and seldom meant."""
    match path.suffix.lower():
        case ".yaml" | ".yml":
            return load(path, Roster), []
        case ".csv" if path.name not in (PLACES_FILE, DEVICES_FILE):
            tables = {
                name: Table(read_csv(file), TABLES[name])
                for name, file in _csv_files(path).items()
                if file.exists() or name == "schools"
            }
            return gathered(tables["schools"], tables.get("places"), tables.get("devices"))
        case ".xlsx":
            return _from_workbook(path)
    raise _unusable(path)


def write_roster(roster: Roster, path: Path, language: Language | None = None) -> None:
    """Write a roster so that read_roster gives the same; headings in `language`, else this machine's.

    Raises ConfigError when the file cannot be written.
    """
    chosen = language or machine_language()
    match path.suffix.lower():
        case ".yaml" | ".yml":
            data = roster.model_dump(mode="json", exclude_defaults=True)
            _write({path: yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120).encode()})
        case ".csv" if path.name not in (PLACES_FILE, DEVICES_FILE):
            _write(
                {
                    file: csv_bytes([headings(TABLES[name], chosen), *rows_of(roster, name, chosen)])
                    for name, file in _csv_files(path).items()
                }
            )
        case ".xlsx":
            _write({path: workbook_bytes(roster, chosen)})
        case _:
            raise _unusable(path)


def write_template(path: Path, language: Language | None = None) -> None:
    """Write an empty roster to fill in, .xlsx or .csv. Raises ConfigError when the file cannot be written."""
    chosen = language or machine_language()
    match path.suffix.lower():
        case ".csv" if path.name not in (PLACES_FILE, DEVICES_FILE):
            files = _csv_files(path).items()
            _write({file: csv_bytes([headings(TABLES[name], chosen)]) for name, file in files})
        case ".xlsx":
            _write({path: template_bytes(chosen)})
        case ".yaml" | ".yml":
            what = Text("模板可用 .xlsx 或 .csv", "a template is .xlsx or .csv")
            raise ConfigError([Fault(str(path), None, "", "", what)])
        case _:
            raise _unusable(path)


def _csv_files(path: Path) -> Mapping[TableName, Path]:
    return {"schools": path, "places": path.with_name(PLACES_FILE), "devices": path.with_name(DEVICES_FILE)}


def _from_workbook(path: Path) -> tuple[Roster, list[Fault]]:
    sheets = read_workbook(path)
    if not sheets:
        raise ConfigError([Fault(str(path), None, "", "", Text("文件是空的", "the file is empty"))])
    remarks: list[Fault] = []
    chosen = _chosen(sheets, remarks)
    tables = {name: Table(sheet.source, TABLES[name]) for name, sheet in chosen.items()}
    for sheet in chosen.values():
        if sheet.hidden_rows:
            what = Text(
                f"隐藏的行（{sheet.hidden_rows} 行）也已读取", f"hidden rows ({sheet.hidden_rows}) were read as well"
            )
            remarks.append(_of(sheet, what))
    if "schools" not in tables:
        names = ", ".join(sheet.title for sheet in sheets)
        what = Text(
            f"没有学校表：请把它的工作表命名为“学校”（现有：{names}）",
            f"there is no table of schools: name its sheet 'schools' (there are: {names})",
        )
        raise ConfigError(
            [Fault(str(path), None, "", "", what), *(f for table in tables.values() for f in table.faults)]
        )
    roster, more = gathered(tables["schools"], tables.get("places"), tables.get("devices"))
    return roster, remarks + more


def _chosen(sheets: Sequence[Sheet], remarks: list[Fault]) -> dict[TableName, Sheet]:
    """Which sheet holds which table: by its name, else by its headings. Of two with one name a visible one counts."""
    chosen: dict[TableName, Sheet] = {}
    faults: list[Fault] = []
    named = {name for sheet in sheets if not sheet.hidden and (name := _by_name(sheet.title))}
    for sheet in sorted(sheets, key=lambda sheet: sheet.hidden):
        name = _by_name(sheet.title)
        if name is None and not sheet.hidden:
            taken = named | set(chosen)
            name = next((found for found in _by_headings(sheet.source) if found not in taken), None)
        if name is None:
            if not sheet.hidden and plain(sheet.title) not in (plain(README.zh), plain(README.en)):
                remarks.append(_of(sheet, Text("未读取这个工作表", "this sheet was not read")))
        elif name not in chosen:
            chosen[name] = sheet
            if sheet.hidden:
                remarks.append(_of(sheet, Text("隐藏的工作表，已读取", "a hidden sheet: it was read")))
        elif sheet.hidden:
            remarks.append(_of(sheet, Text("隐藏的工作表，未读取", "a hidden sheet: it was not read")))
        else:
            other = chosen[name].title
            faults.append(_of(sheet, Text(f"与工作表“{other}”重复", f"the sheet '{other}' is the same table")))
    if faults:
        raise ConfigError(faults)
    if not chosen and sum(not sheet.hidden for sheet in sheets) == 1:
        chosen["schools"] = next(sheet for sheet in sheets if not sheet.hidden)
        remarks.clear()
    return chosen


def _of(sheet: Sheet, what: Text) -> Fault:
    return sheet.source.fault(None, None, "", "", what)


def _by_name(title: str) -> TableName | None:
    word = plain(title)
    for name, text in SHEETS.items():
        if word in map(plain, (text.zh, text.en, *MORE_SHEETS[name])):
            return name
    return None


def _by_headings(source: Source) -> Iterator[TableName]:
    """The tables all of whose required columns a sheet has, the one with the most required columns first."""
    first = list(source.lines)[:30]
    for name in sorted(TABLES, key=lambda name: -sum(column.required for column in TABLES[name])):
        columns = TABLES[name]
        cells = first[best_heading(first, columns)][1]
        words = {heading_of(cell.text) for cell in cells if cell}
        if all(words & set(map(heading_of, column.headings)) for column in columns if column.required):
            yield name


def _write(files: Mapping[Path, bytes]) -> None:
    """Each whole or not at all: a half-written roster must not be taken for one."""
    for path, content in files.items():
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
    if path.suffix.lower() == ".xls":
        return ConfigError([Fault(str(path), None, "", "", OLD_FORMAT)])
    what = Text(
        f"可用 .xlsx、.csv 或 .yaml；CSV 请指定学校表，{PLACES_FILE} 与 {DEVICES_FILE} 放在它旁边",
        f".xlsx, .csv or .yaml is accepted; of CSV name the table of schools, with {PLACES_FILE} and {DEVICES_FILE}"
        " beside it",
    )
    return ConfigError([Fault(str(path), None, "", "", what)])
