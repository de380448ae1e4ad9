"""Reads one CSV of a roster into rows whose every cell is known by line and heading."""

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from collector.roster.columns import IGNORED, Column, plain
from common.configfile import MAX_FILE_BYTES, ConfigError, Fault
from common.faults import accepted
from common.text import Text

M = TypeVar("M", bound=BaseModel)
MAX_ROWS = 200_000
_GUARDED = "=+-@'=+-@"
"""What a spreadsheet program takes for the beginning of a formula; full-width signs too, in a Chinese one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the model's fields with the cells as the model takes them."""

    file: str
    line: int
    cells: dict[str, str]
    shown: dict[str, str]
    """Each cell as it stands in the file."""


class Table:
    """A CSV file that was read. `faults` are what is wrong so far; rows with a fault are not in `rows`."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self.file = str(path)
        self.columns = {column.name: column for column in columns}
        self.headings: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.rows: list[Row] = []
        text = _decoded(path)
        try:
            self._read(_lines(text))
        except csv.Error as error:
            raise ConfigError(
                [Fault(self.file, None, "", "", Text(f"不是有效的 CSV:{error}", f"not valid CSV: {error}"))]
            ) from None

    def _read(self, lines: Iterator[tuple[int, list[str]]]) -> None:
        head = next(((line, cells) for line, cells in lines if any(cells)), None)
        if head is None:
            self.fault(None, "", "", Text("文件是空的", "the file is empty"))
            return
        places = self._headings(*head)
        if self.faults:
            return
        for line, cells in lines:
            if not any(cells):
                continue
            if len(self.rows) >= MAX_ROWS:
                self.fault(line, "", "", Text(f"超过 {MAX_ROWS} 行", f"more than {MAX_ROWS} rows"))
                return
            if extra := [
                cell for position, cell in enumerate(cells) if cell and not "".join(head[1][position : position + 1])
            ]:
                self.fault(line, "", repr(extra[0]), Text("此值没有对应的表头", "this value has no heading above it"))
            shown = {name: cells[at] for name, at in places.items() if at < len(cells) and cells[at]}
            values = {name: self.columns[name].value_of(cell) for name, cell in shown.items()}
            self.rows.append(Row(self.file, line, values, shown))

    def _headings(self, line: int, cells: list[str]) -> dict[str, int]:
        places: dict[str, int] = {}
        names = {
            plain(name): c.name for c in self.columns.values() for name in (c.heading.zh, c.heading.en, c.name, *c.also)
        }
        for position, cell in enumerate(cells):
            known = names.get(plain(cell))
            if not cell or plain(cell) in IGNORED:
                continue
            if known is None:
                self.fault(line, cell, "", _no_such_heading(cell, list(names), self.columns.values()))
            elif known in places:
                other = cells[places[known]]
                self.fault(line, cell, "", Text(f"与表头“{other}”重复", f"means the same as the heading '{other}'"))
            else:
                places[known] = position
        for column in self.columns.values():
            if column.required and column.name not in places:
                self.fault(line, column.accepted, "", Text("缺少这一列", "this column is required"))
        self.headings = {name: cells[position] for name, position in places.items()}
        return places

    def fault(self, line: int | None, heading: str, value: str, what: Text) -> None:
        self.faults.append(Fault(self.file, line, heading, value, what))

    def wrong(self, row: Row, field: str, what: Text) -> None:
        """Something is wrong with one cell."""
        value = row.shown.get(field, "")
        column = self.columns[field]
        self.fault(row.line, self.headings.get(field, column.accepted), repr(value) if value else "", what)

    def model(self, row: Row, model: type[M]) -> M | None:
        """A row's own fields as a model; None, with its faults noted, when they cannot be."""
        cells = {name: value for name, value in row.cells.items() if name in model.model_fields}
        try:
            return model.model_validate(cells)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                field = str(detail["loc"][0]) if detail["loc"] else ""
                if field not in self.columns:
                    self.fault(row.line, field, "", accepted(detail))
                elif self.columns[field].words and detail["type"] != "missing":
                    self.wrong(row, field, _accepted_words(self.columns[field]))
                else:
                    self.wrong(row, field, accepted(detail))
            return None


def guarded(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula; `unguarded` is its reverse."""
    return f"'{cell}" if cell and cell[0] in _GUARDED else cell


def unguarded(cell: str) -> str:
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _GUARDED else cell


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins on, its cells without outer spaces."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        cells = next(reader, None)
        if cells is None:
            return
        yield line, [unguarded(cell.strip()) for cell in cells]


def _decoded(path: Path) -> str:
    """UTF-8, or GB18030 as a Chinese Excel saves it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        what = Text(f"无法读取文件：{reason}", f"the file cannot be read: {reason}")
        raise ConfigError([Fault(str(path), None, "", "", what)]) from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError([Fault(str(path), None, "", "", Text("文件超过 16 MiB", "the file is larger than 16 MiB"))])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    what = Text("不是文本文件：请另存为 CSV（UTF-8 或 GBK）", "not a text file: save it as CSV (UTF-8 or GBK)")
    raise ConfigError([Fault(str(path), None, "", "", what)])


def _no_such_heading(cell: str, known: list[str], columns: Iterable[Column]) -> Text:
    near = difflib.get_close_matches(plain(cell), known, n=1)
    names = ", ".join(column.accepted for column in columns)
    hint_zh, hint_en = (f"；是否想写 {near[0]}?", f"; did you mean {near[0]}?") if near else ("", "")
    return Text(f"没有这个表头{hint_zh}；可用：{names}", f"there is no such heading{hint_en}; accepted: {names}")


def _accepted_words(column: Column) -> Text:
    zh = "、".join(text.zh for text in column.words.values())
    en = ", ".join(column.words)
    return Text(f"可用的值：{zh}（{en}）", f"accepted: {en} ({zh})")
