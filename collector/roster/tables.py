"""Reads one table of a roster into rows whose every cell is known by line and heading."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from collector.roster.cells import Cell, Source
from collector.roster.columns import IGNORED, Column, heading_of, plain
from collector.roster.totals import Totals, is_signature
from common.configfile import Fault
from common.faults import accepted
from common.text import Text

M = TypeVar("M", bound=BaseModel)
Lines = Iterator[tuple[int, Sequence[Cell]]]
MAX_ROWS = 200_000
_TITLE_ROWS = 30
"""How far down the headings may begin."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the columns' values as the model takes them, and each cell as it stands in the file."""

    line: int
    values: dict[str, str]
    shown: dict[str, Cell]
    broken: frozenset[str]
    """Columns whose cell has a fault already."""


class Table:
    """A table that was read. `faults` are what is wrong so far, `remarks` what a person should know of it."""

    def __init__(self, source: Source, columns: Sequence[Column]) -> None:
        self.source = source
        self.columns = {column.name: column for column in columns}
        self.at: dict[str, int] = {}
        """Each column's place in the file."""
        self.headings: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []
        self.rows: list[Row] = []
        self.titles: list[tuple[int, Sequence[Cell]]] = []
        """What stands above the headings."""
        self._totals = Totals(self)
        self._read(iter(source.lines))

    def _read(self, lines: Lines) -> None:
        filled = ((line, cells) for line, cells in lines if any(cell and not cell.covered for cell in cells))
        first = list(islice(filled, _TITLE_ROWS))
        if not first:
            self.fault(None, None, "", "", Text("文件是空的", "the file is empty"))
            return
        head = best_heading(first, self.columns.values())
        self.titles = first[:head]
        line, cells = first[head]
        self._headings(line, cells)
        if self.faults:
            return
        for line, row in chain(first[head + 1 :], filled):
            if len(self.rows) >= MAX_ROWS:
                self.fault(line, None, "", "", Text(f"超过 {MAX_ROWS} 行", f"more than {MAX_ROWS} rows"))
                return
            if not _same_words(row, cells):
                self._row(line, row, cells)
        self._codes()

    def _headings(self, line: int, cells: Sequence[Cell]) -> None:
        names = _names(self.columns.values())
        for position, cell in enumerate(cells):
            if not cell or plain(cell.text) in IGNORED:
                continue
            known = names.get(heading_of(cell.text))
            if known is None:
                what = _no_such_heading(cell.text, list(names), self.columns.values())
                self.fault(line, position, cell.text, "", what)
            elif known in self.at:
                other = self.headings[known]
                what = Text(f"与表头“{other}”重复", f"means the same as the heading '{other}'")
                self.fault(line, position, cell.text, "", what)
            else:
                self.at[known] = position
                self.headings[known] = cell.text
        for column in self.columns.values():
            if column.required and column.name not in self.at:
                self.fault(line, None, column.accepted, "", Text("缺少这一列", "this column is required"))

    def _row(self, line: int, cells: Sequence[Cell], head: Sequence[Cell]) -> None:
        shown = {name: cells[at] for name, at in self.at.items() if at < len(cells) and cells[at]}
        whole = all(name in shown for name, column in self.columns.items() if column.required)
        if not whole and is_signature(cells):
            self.remark(line, None, "", "", Text("不是数据，已跳过这一行", "no data: this row was skipped"))
            return
        if not whole and self._totals.takes(line, cells, shown):
            return
        for position, cell in enumerate(cells):
            if cell and not cell.covered and not (position < len(head) and head[position]):
                what = Text("此值没有对应的表头", "this value has no heading above it")
                self.fault(line, position, "", repr(cell.text), what)
        values: dict[str, str] = {}
        broken: set[str] = set()
        for name, cell in shown.items():
            value = self.columns[name].value_of(cell)
            if isinstance(value, Text):
                broken.add(name)
                self.fault(line, self.at[name], self.headings[name], repr(cell.text), value)
            else:
                values[name] = value
        self._totals.adds(values)
        self.rows.append(Row(line, values, shown, frozenset(broken)))

    def _codes(self) -> None:
        """Codes kept as numbers: an error where the others show that leading zeros are lost, else a remark."""
        for name in (name for name, column in self.columns.items() if column.holds == "code" and name in self.at):
            numbers = [row for row in self.rows if name in row.values and row.shown[name].kind == "number"]
            digits = [row.values[name] for row in self.rows if name in row.values and row not in numbers]
            lengths = {len(code) for code in digits if code.isdecimal() and code.startswith("0")}
            for row in numbers:
                if any(len(row.values[name]) < length for length in lengths):
                    what = Text(
                        "其他编号以 0 开头，这个是数字，前导零可能已丢失：请设为“文本”格式后重新填写",
                        "other codes begin with 0 and this one is a number: leading zeros may be lost; format the cell"
                        " as text and type it again",
                    )
                    self.wrong(row, name, what)
            if numbers and self.columns[name].folds:
                what = Text(
                    f"编号存为数字，按 {numbers[0].values[name]} 的写法读取；若编号以 0 开头，请改为“文本”格式",
                    f"codes are kept as numbers and read like {numbers[0].values[name]}; format them as text if any"
                    " begins with 0",
                )
                self.remark(numbers[0].line, self.at[name], self.headings[name], "", what)

    def fault(self, line: int | None, column: int | None, heading: str, value: str, what: Text) -> None:
        self.faults.append(self.source.fault(line, column, heading, value, what))

    def remark(self, line: int | None, column: int | None, heading: str, value: str, what: Text) -> None:
        self.remarks.append(self.source.fault(line, column, heading, value, what))

    def wrong(self, row: Row, name: str, what: Text) -> None:
        """Something is wrong with one cell."""
        self.fault(*self.place(row, name), what)

    def place(self, row: Row, name: str) -> tuple[int, int | None, str, str]:
        """Line, column, heading and value of a cell, as faults and remarks take them."""
        cell = row.shown.get(name)
        heading = self.headings.get(name, self.columns[name].accepted)
        return row.line, self.at.get(name), heading, repr(cell.text) if cell else ""

    def model(self, row: Row, model: type[M]) -> M | None:
        """A row's own fields as a model; None, with its faults noted, when they cannot be."""
        data: dict[str, Any] = {}
        for name, value in row.values.items():
            *groups, last = self.columns[name].where
            if (groups or [last])[0] not in model.model_fields:
                continue
            inside = data
            for group in groups:
                inside = inside.setdefault(group, {})
            inside[last] = value
        try:
            made = model.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = self._column_of(detail["loc"] or (detail.get("ctx", {}).get("field", ""),))
                if name in row.broken:
                    continue
                column = self.columns.get(name)
                if column is None:
                    self.fault(row.line, None, "", "", accepted(detail))
                elif column.words and detail["type"] != "missing":
                    self.wrong(row, name, _accepted_words(column))
                else:
                    self.wrong(row, name, accepted(detail))
            return None
        return None if row.broken else made

    def _column_of(self, loc: tuple[str | int, ...]) -> str:
        return next((name for name, column in self.columns.items() if column.where == loc), "")


def best_heading(lines: Sequence[tuple[int, Sequence[Cell]]], columns: Iterable[Column]) -> int:
    """Which of a table's first lines has the headings: the one with most of them."""
    names = _names(columns)
    known = [len({names.get(heading_of(cell.text)) for cell in cells if cell} - {None}) for _, cells in lines]
    return known.index(max(known))


def _names(columns: Iterable[Column]) -> Mapping[str, str]:
    return {heading_of(name): column.name for column in columns for name in column.headings}


def _same_words(row: Sequence[Cell], head: Sequence[Cell]) -> bool:
    """Whether a row only says the headings again, as printed pages do."""
    words = [(position, cell.text) for position, cell in enumerate(row) if cell]
    return all(position < len(head) and head[position].text == text for position, text in words)


def _no_such_heading(cell: str, known: list[str], columns: Iterable[Column]) -> Text:
    near = difflib.get_close_matches(heading_of(cell), known, n=1)
    names = ", ".join(column.accepted for column in columns)
    hint_zh, hint_en = (f"；是否想写 {near[0]}?", f"; did you mean {near[0]}?") if near else ("", "")
    return Text(f"没有这个表头{hint_zh}；可用：{names}", f"there is no such heading{hint_en}; accepted: {names}")


def _accepted_words(column: Column) -> Text:
    zh = "、".join(text.zh for text in column.words.values())
    en = ", ".join(column.words)
    return Text(f"可用的值：{zh}（{en}）", f"accepted: {en} ({zh})")
