"""Writes a roster, or a template for one, as an .xlsx workbook that is pleasant to fill in."""

import io
import re
from collections.abc import Sequence
from itertools import count

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from collector.roster.cells import letters
from collector.roster.columns import README, SHEETS, TABLES, Column, TableName
from collector.roster.model import Roster
from collector.roster.rows import headings, rows_of
from common.text import Language, Text

_REQUIRED = PatternFill("solid", fgColor="FFD9E8F6")
_OPTIONAL = PatternFill("solid", fgColor="FFEDEDED")
_ROWS_TO_FILL = 5_000
_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""What XML cannot hold, or gives back changed; escaped as _x000D_ (ECMA-376 part 1, 22.9.2.19)."""
_LIKE_A_FORMULA = ("=", "+", "-", "@", "'")


def workbook_bytes(roster: Roster, language: Language) -> bytes:
    """The roster as a workbook of three sheets."""
    book = _empty()
    for name in TABLES:
        sheet = _sheet(book, name, language)
        for row in rows_of(roster, name, language):
            _append(sheet, TABLES[name], row)
        _finish(sheet, TABLES[name], language, max(sheet.max_row, 2))
    return _saved(book)


def template_bytes(language: Language) -> bytes:
    """An empty workbook with a sheet that explains each column in both languages."""
    book = _empty()
    _explain(book, language)
    for name in TABLES:
        sheet = _sheet(book, name, language)
        _finish(sheet, TABLES[name], language, _ROWS_TO_FILL)
        for position, column in enumerate(TABLES[name]):
            if column.holds in ("text", "code", "date"):
                sheet.column_dimensions[letters(position)].number_format = "@"
    return _saved(book)


def _empty() -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def _sheet(book: Workbook, name: TableName, language: Language) -> Worksheet:
    sheet: Worksheet = book.create_sheet(SHEETS[name].in_language(language))
    for position, (column, heading) in enumerate(zip(TABLES[name], headings(TABLES[name], language), strict=True), 1):
        cell = _text(sheet, 1, position, heading)
        cell.font = Font(bold=True)
        cell.fill = _REQUIRED if column.required else _OPTIONAL
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    sheet.freeze_panes = "A2"
    return sheet


def _append(sheet: Worksheet, columns: Sequence[Column], row: Sequence[str]) -> None:
    line = sheet.max_row + 1
    for position, (column, text) in enumerate(zip(columns, row, strict=True), 1):
        if not text:
            continue
        if column.holds == "number":
            sheet.cell(line, position, int(text))
        else:
            _text(sheet, line, position, text)


def _text(sheet: Worksheet, line: int, position: int, text: str) -> Cell | MergedCell:
    """Text that is never a formula, a number or an error, whatever it looks like, and stays text when edited."""
    cell = sheet.cell(line, position)
    cell.value = _ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    cell.data_type = "s"
    cell.number_format = "@"
    if text.startswith(_LIKE_A_FORMULA):
        cell.quotePrefix = True
    return cell


def _finish(sheet: Worksheet, columns: Sequence[Column], language: Language, last: int) -> None:
    """Widths by what is written, a filter, and lists of words to choose from."""
    for position, column in enumerate(columns):
        letter = letters(position)
        texts = [str(cell.value) for cell in sheet[letter] if cell.value is not None]
        sheet.column_dimensions[letter].width = min(max(map(_width, texts)) + 3, 48)
        if column.words:
            words = ",".join(word.in_language(language) for word in column.words.values())
            choice = DataValidation("list", formula1=f'"{words}"', allow_blank=True, errorStyle="warning")
            choice.showErrorMessage = True
            choice.add(f"{letter}2:{letter}{last}")
            sheet.add_data_validation(choice)
    sheet.auto_filter.ref = f"A1:{letters(len(columns) - 1)}{max(sheet.max_row, 1)}"


def _width(text: str) -> int:
    return sum(1 if ord(letter) < 0x2E80 else 2 for letter in text)


_EXPLAINED = (
    "工作表 / sheet",
    "表头 / heading",
    "English heading",
    "必填 / required",
    "可用的值 / accepted",
    "说明",
    "Notes",
)
_OPENING = (
    Text(
        "每行一所学校、一个场所或一台设备；深色表头必填；编号请保持文本格式。",
        "One school, place or device a row; dark headings are required; keep codes as text.",
    ),
    Text(
        "填好后先试运行：campus-collector roster import 文件 --dry-run",
        "Try it first: campus-collector roster import FILE --dry-run",
    ),
)


def _explain(book: Workbook, language: Language) -> None:
    sheet: Worksheet = book.create_sheet(README.in_language(language))
    line = count(1)
    for opening in _OPENING:
        at = next(line)
        _text(sheet, at, 1, opening.zh)
        _text(sheet, at, 6, opening.en)
    at = next(line)
    for position, heading in enumerate(_EXPLAINED, 1):
        cell = _text(sheet, at, position, heading)
        cell.font, cell.fill = Font(bold=True), _REQUIRED
    for name, columns in TABLES.items():
        for column in columns:
            at = next(line)
            sheet_name = f"{SHEETS[name].zh} / {SHEETS[name].en}"
            required = "是 / yes" if column.required else ""
            row = (
                sheet_name,
                column.heading.zh,
                column.heading.en,
                required,
                accepted_in(column),
                column.about.zh,
                column.about.en,
            )
            for position, text in enumerate(row, 1):
                _text(sheet, at, position, text).alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in zip("ABCDEFG", (18, 16, 20, 14, 48, 44, 44), strict=True):
        sheet.column_dimensions[letter].width = width


def accepted_in(column: Column) -> str:
    """What a column takes, in both languages."""
    if column.words:
        return ", ".join(f"{word.zh} ({value})" for value, word in column.words.items())
    return {"number": "数字 / number", "date": "日期 / date", "code": "编号 / code", "text": ""}[column.holds]


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
