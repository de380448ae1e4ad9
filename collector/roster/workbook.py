"""Reads an .xlsx workbook into sheets of cells: merged cells, dates, errors and formulas are told apart."""

import datetime as dt
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from collector.roster.cells import EMPTY, Cell, Source
from collector.roster.unpacked import MAX_ROW, PASSWORD, Merge, Part, Unusable, damaged, looked_through
from common.configfile import MAX_FILE_BYTES, ConfigError, Fault
from common.text import Text

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of a compound file: an .xls, or an .xlsx within its encryption (MS-CFB 2.2)."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream that holds an encrypted workbook (MS-OFFCRYPTO 2.3.4.4)."""
OLD_FORMAT = Text("旧的 .xls 格式不能读取：请另存为 .xlsx", "the old .xls format cannot be read: save it as .xlsx")
# openpyxl says a broken file in many ways; these are what its parsers raise on bytes that are not what they expect.
_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet with its filled rows."""

    title: str
    hidden: bool
    hidden_rows: int
    source: Source


def read_workbook(path: Path) -> list[Sheet]:
    """Every sheet that has a value. Raises ConfigError for what is no workbook, is too large or has a password."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _refused(path, Text(f"无法读取文件：{reason}", f"the file cannot be read: {reason}")) from None
    try:
        _recognised(raw)
        parts = looked_through(raw)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that openpyxl does not keep; nothing is written back
            return _sheets(path, raw, parts)
    except Unusable as error:
        raise _refused(path, error.what) from None
    except _BROKEN as error:
        raise _refused(path, damaged(error)) from None


def _recognised(raw: bytes) -> None:
    if len(raw) > MAX_FILE_BYTES:
        raise Unusable(Text("文件超过 16 MiB", "the file is larger than 16 MiB"))
    if raw.startswith(_OLE):
        raise Unusable(PASSWORD if _ENCRYPTED in raw else OLD_FORMAT)
    if not raw.startswith(b"PK"):
        raise Unusable(
            Text(
                "内容不是 .xlsx（可能是改了扩展名的网页或 CSV）：请用 Excel 或 WPS 另存为 .xlsx",
                "its content is no .xlsx (perhaps a web page or CSV under that name): save it as .xlsx",
            )
        )


def _sheets(path: Path, raw: bytes, parts: dict[str, Part]) -> list[Sheet]:
    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    try:
        found = []
        for sheet in book.worksheets:
            part = parts.get(_part_of(sheet), Part())
            sheet.reset_dimensions()  # what a file says of its size is not believed
            rows = tuple(_rows(sheet.iter_rows(max_row=MAX_ROW), part, book.epoch))
            if rows:
                source = Source(str(path), rows, sheet.title)
                found.append(Sheet(sheet.title, sheet.sheet_state != "visible", part.hidden_rows, source))
        return found
    finally:
        book.close()


def _part_of(sheet: Any) -> str:
    """The name of a sheet's part in the archive, which openpyxl keeps to itself."""
    return str(sheet._worksheet_path).lstrip("/")


def _rows(rows: Iterator[Sequence[Any]], part: Part, epoch: dt.datetime) -> Iterator[tuple[int, list[Cell]]]:
    """Each row with a value. Merged values are filled downwards; to the right a merged cell is still one thing."""
    merges = sorted(part.merges, key=lambda merge: merge[1], reverse=True)
    running: dict[int, tuple[int, Cell]] = {}
    for number, row in enumerate(rows, start=1):
        if not any(cell.value is not None for cell in row) and not part.without_result:
            continue
        cells = [_cell(cell, number, at, part, epoch) for at, cell in enumerate(row, start=1)]
        for column, (last, value) in list(running.items()):
            if number > last:
                del running[column]
            else:
                cells.extend([EMPTY] * (column - len(cells)))
                cells[column - 1] = value
        _begin(merges, number, cells, running)
        if any(cell and not cell.covered for cell in cells):
            yield number, cells


def _begin(merges: list[Merge], number: int, cells: list[Cell], running: dict[int, tuple[int, Cell]]) -> None:
    """Take up the merged ranges that begin in this row."""
    while merges and merges[-1][1] <= number:
        column, first, last = merges.pop()
        if first == number and last > first and column <= len(cells) and (cell := cells[column - 1]):
            running[column] = (last, Cell(cell.text, cell.kind, cell.bad, cell.looks, covered=True))


def _cell(cell: Any, row: int, column: int, part: Part, epoch: dt.datetime) -> Cell:
    value = cell.value
    if value is None:
        return Cell("", bad=_NO_RESULT) if (row, column) in part.without_result else EMPTY
    if cell.data_type == "e":
        return Cell(str(value), bad=Text(f"公式出错（{value}）", f"the formula has the error {value}"))
    match value:
        case bool():
            return Cell(str(value).lower())
        case int() | float():
            text = str(int(value)) if float(value).is_integer() else repr(value)
            return Cell(text, "number", looks=_looks(text, cell.number_format))
        case dt.datetime():
            midnight = value.time() == dt.time()
            return Cell(value.date().isoformat() if midnight else str(value), "date")
        case dt.date() | dt.time() | dt.timedelta():
            return Cell(str(value), "date")
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value)).strip()
    return Cell(text) if text else EMPTY


_NO_RESULT = Text(
    "公式没有计算结果：请在 Excel 或 WPS 中打开、重新计算并保存",
    "this formula has no result in the file: open it in a spreadsheet program, recalculate and save",
)


def _looks(digits: str, number_format: str) -> str:
    """How a number looks under a format that pads it with zeros or puts words to it; empty when it adds nothing."""
    plain = re.sub(r"_.|\*.|\\(?=[ ()\-])|\[[^\]]*\]", "", number_format.partition(";")[0]).strip()
    if (found := re.fullmatch(r'((?:"[^"]*"|\\.)*)(0+)((?:"[^"]*"|\\.)*)', plain)) is None:
        return ""
    before, zeros, after = found.groups()
    shown = re.sub(r'["\\]', "", before) + digits.zfill(len(zeros)) + re.sub(r'["\\]', "", after)
    return "" if shown == digits else shown


def _refused(path: Path, what: Text) -> ConfigError:
    return ConfigError([Fault(str(path), None, "", "", what)])
