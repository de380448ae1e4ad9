"""Rows of a table that are no data: totals, which are compared with what they add up, and lines for signatures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from collector.roster import values, words
from collector.roster.cells import Cell
from collector.roster.columns import plain
from common.text import Text

if TYPE_CHECKING:
    from collector.roster.tables import Table

_SIGNATURES = tuple(plain(word) for word in words.SIGNATURES)


def is_signature(cells: Sequence[Cell]) -> bool:
    """Whether a row begins with '填表人：' or the like."""
    first = plain(_first(cells))
    return any(first == word or first.startswith(f"{word}:") for word in _SIGNATURES)


class Totals:
    """What the rows of a table add up to, in all and since the last subtotal."""

    def __init__(self, table: "Table") -> None:
        self.table = table
        self.all: dict[str, int] = {}
        self.since: dict[str, int] = {}

    def adds(self, row: Mapping[str, str]) -> None:
        for name, column in self.table.columns.items():
            if column.holds != "number" or not (number := _number(row.get(name, ""))):
                continue
            self.all[name] = self.all.get(name, 0) + number
            self.since[name] = self.since.get(name, 0) + number

    def takes(self, line: int, cells: Sequence[Cell], shown: Mapping[str, Cell]) -> bool:
        """Whether a row is a total; remarks say that it was skipped, and where it disagrees with the rows."""
        word = plain(_first(cells)).rstrip(":")
        if word not in words.TOTALS | words.SUBTOTALS:
            return False
        table = self.table
        table.remark(line, None, "", "", Text("合计行，已跳过", "a row of totals: it was skipped"))
        sums = self.since if word in words.SUBTOTALS else self.all
        for name, cell in shown.items():
            column = table.columns[name]
            said = _number(values.whole(cell.text, column.units)) if column.holds == "number" else None
            if said is not None and cell.bad is None and said != (real := sums.get(name, 0)):
                what = Text(f"与各行之和 {real} 不符", f"the rows add up to {real}")
                table.remark(line, table.at[name], table.headings[name], repr(cell.text), what)
        self.since = {}
        return True


def _first(cells: Sequence[Cell]) -> str:
    return next((cell.text for cell in cells if cell and not cell.covered), "")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 12 else None
