"""Tables in CSV: the decoding of what Excel saves, and cells that no spreadsheet program takes for formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from collector.roster.cells import Cell, Source
from common.configfile import MAX_FILE_BYTES, ConfigError, Fault
from common.text import Text

_GUARDED = "=+-@'\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet program takes for the beginning of a formula; full-width signs too, in a Chinese one."""


def read_csv(path: Path) -> Source:
    """The lines of a CSV file. Raises ConfigError when it cannot be read or is no CSV."""
    try:
        return Source(str(path), tuple(_lines(_decoded(path))))
    except csv.Error as error:
        what = Text(f"不是有效的 CSV:{error}", f"not valid CSV: {error}")
        raise ConfigError([Fault(str(path), None, "", "", what)]) from None


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Comma-separated in UTF-8 with the mark by which Excel knows it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula; `unguarded` is its reverse."""
    return f"'{cell}" if cell and cell[0] in _GUARDED else cell


def unguarded(cell: str) -> str:
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _GUARDED else cell


def _lines(text: str) -> Iterator[tuple[int, list[Cell]]]:
    """Each record with the line that it begins on, its cells without outer spaces."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        cells = next(reader, None)
        if cells is None:
            return
        yield line, [Cell(unguarded(cell.strip())) for cell in cells]


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
