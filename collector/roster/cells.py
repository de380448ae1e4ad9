"""What a cell of a table holds, and how a fault names it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from common.configfile import Fault
from common.text import Language, Text

Kind = Literal["text", "number", "date"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `text` is a number's digits, a date as YYYY-MM-DD, or the text without outer spaces."""

    text: str
    kind: Kind = "text"
    bad: Text | None = None
    """Why no column can use it: an error value, a formula without a result."""
    looks: str = ""
    """How the spreadsheet shows a number when its format adds to the digits, such as 003101 for 3101."""
    covered: bool = False
    """Its value comes from a merged cell that begins in a row above."""

    def __bool__(self) -> bool:
        return bool(self.text) or self.bad is not None


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class Source:
    """A table before anybody knows its headings: a CSV file, or one sheet of a workbook."""

    file: str
    lines: Iterable[tuple[int, Sequence[Cell]]]
    """Each row with its line in the file or its row in the sheet, counted from 1."""
    sheet: str | None = None

    def fault(self, line: int | None, column: int | None, heading: str, value: str, what: Text) -> Fault:
        """A fault at a cell; `column` counts from 0."""
        if self.sheet is None:
            return Fault(self.file, line, heading, value, what)
        cell = letters(column) if column is not None else ""
        if line is not None:
            cell += str(line)
        return SheetFault(f"{self.file} [{self.sheet}]", line, heading, value, what, cell)


@dataclass(frozen=True, slots=True)
class SheetFault(Fault):
    """A fault in a workbook. `file` names the sheet too; `cell` is as Excel writes it, C7, or a row alone, 7."""

    cell: str

    def in_language(self, language: Language) -> str:
        field = " ".join(part for part in (self.cell, self.field) if part)
        shown = f" ({self.value})" if self.value else ""
        return f"{self.file}{f' {field}' if field else ''}{shown}: {self.what.in_language(language)}"


def letters(column: int) -> str:
    """The letters of a column that counts from 0: A, Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
