"""Looks through a workbook before it is opened: bounds what it unpacks to, and finds what openpyxl does not tell.

An .xlsx is a ZIP archive of XML (ECMA-376 part 2). openpyxl bounds nothing and parses with expat, entities included.
So every part is run through expat here first: sizes are counted as they unpack and not believed, and a document type,
which no spreadsheet program writes and without which there are no entities, is refused.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

from openpyxl.utils import column_index_from_string, range_boundaries

from common.text import Text

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_PARTS = 2_000
MAX_CELLS = 2_000_000
MAX_MERGES = 50_000
MAX_ROW = 1_048_576
MAX_DEPTH = 64
_CHUNK = 256 * 1024
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")

Merge = tuple[int, int, int]
"""Column, first and last row of a merged range; all count from 1."""


class Unusable(Exception):
    """A workbook that is not opened, and why."""

    def __init__(self, what: Text) -> None:
        self.what = what
        super().__init__(what.en)


@dataclass(slots=True)
class Part:
    """What one sheet's XML says beside its values."""

    merges: list[Merge] = field(default_factory=list)
    without_result: set[tuple[int, int]] = field(default_factory=set)
    """Row and column of each formula whose result is not in the file."""
    hidden_rows: int = 0


def looked_through(raw: bytes) -> dict[str, Part]:
    """Each XML part by its name in the archive. Raises Unusable for a workbook that is too large or broken."""
    parts: dict[str, Part] = {}
    size = 0
    cells = [0]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if len(archive.infolist()) > MAX_PARTS:
                raise Unusable(_too_large())
            for info in archive.infolist():
                if info.flag_bits & 0x1:
                    raise Unusable(PASSWORD)
                scan = _Scan(cells)
                with archive.open(info) as member:
                    while chunk := member.read(_CHUNK):
                        size += len(chunk)
                        if size > MAX_UNPACKED_BYTES:
                            raise Unusable(_too_large())
                        scan.feed(chunk)
                parts[info.filename] = scan.part
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise Unusable(damaged(error)) from None
    return parts


PASSWORD = Text(
    "文件有密码保护，无法读取：请在 Excel 或 WPS 中取消密码后另存",
    "the file is protected by a password: save it without one",
)


def damaged(error: Exception) -> Text:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return Text(
        f"不是完好的 .xlsx 工作簿，请用 Excel 或 WPS 另存为 .xlsx:{reason}",
        f"not a sound .xlsx workbook, save it as .xlsx again: {reason}",
    )


def _too_large() -> Text:
    return Text(
        f"工作簿解压后过大（上限 200 MiB、{MAX_CELLS} 个单元格）：请删除多余的格式与工作表",
        f"the workbook unpacks to too much (200 MiB, {MAX_CELLS} cells): delete needless formats and sheets",
    )


class _Scan:
    """One part on its way through expat. A part that is no XML, such as a picture, is read no further."""

    def __init__(self, cells: list[int]) -> None:
        self.part = Part()
        self._cells = cells
        self._parser: expat.XMLParserType | None = expat.ParserCreate(namespace_separator="}")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._depth = self._row = self._column = 0
        self._formula = self._result = self._in_result = self._is_text = False

    def feed(self, chunk: bytes) -> None:
        if self._parser is None:
            return
        try:
            self._parser.Parse(chunk, False)
        except expat.ExpatError:
            self._parser = None

    def _doctype(self, *_: object) -> None:
        raise Unusable(Text("工作簿含有 DOCTYPE，不予读取", "the workbook has a document type: it is not read"))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unusable(_too_large())
        match name.rpartition("}")[2]:
            case "c":
                self._cell(attributes)
            case "row":
                self._begin_row(attributes)
            case "f":
                self._formula = True
            case "v":
                self._in_result = True
            case "mergeCell":
                self._merge(attributes.get("ref", ""))

    def _end(self, name: str) -> None:
        self._depth -= 1
        match name.rpartition("}")[2]:
            case "c":
                if self._formula and not self._result:
                    self.part.without_result.add((self._row, self._column))
            case "v":
                self._result = self._result or self._is_text
                self._in_result = False

    def _text(self, text: str) -> None:
        if self._in_result and text:
            self._result = True

    def _begin_row(self, attributes: dict[str, str]) -> None:
        row = int(attributes["r"]) if attributes.get("r", "").isdecimal() else self._row + 1
        if not self._row < row <= MAX_ROW:  # openpyxl would leave out a row that comes late
            raise Unusable(damaged(ValueError(f"row {row} after row {self._row}")))
        self._row, self._column = row, 0
        self.part.hidden_rows += attributes.get("hidden") in ("1", "true")

    def _cell(self, attributes: dict[str, str]) -> None:
        self._cells[0] += 1
        if self._cells[0] > MAX_CELLS:
            raise Unusable(_too_large())
        self._formula = self._result = False
        self._is_text = attributes.get("t") == "str"
        column = self._column + 1
        if (reference := attributes.get("r")) is not None:
            found = _REFERENCE.fullmatch(reference)
            column = column_index_from_string(found[1]) if found else 0
            if not found or int(found[2]) != self._row or column <= self._column:
                raise Unusable(damaged(ValueError(f"cell {reference[:20]} in row {self._row}")))
        self._column = column

    def _merge(self, reference: str) -> None:
        if len(self.part.merges) >= MAX_MERGES:
            raise Unusable(_too_large())
        left, top, _, bottom = range_boundaries(reference)
        if left is None or top is None or bottom is None:
            raise Unusable(damaged(ValueError(f"merged range {reference[:20]}")))
        self.part.merges.append((left, top, bottom))
