"""Every verdict as a table: CSV for a data platform, a workbook for a person. No text in it is taken for a formula.

CSV without a language is the form for machines: headings that stay, and both languages side by side. With a language,
as in the workbook, headings and sentences are in that one; codes, ids and numbers are the same in all of them.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from collector.roster.csvfile import guarded
from collector.roster.model import STAGE_NAMES, School
from collector.store.verdicts import Standing
from collector.targets import TARGETS
from collector.verdict import STATE_NAMES
from common.text import Language, Text

Row = tuple[School, Standing]
Cell = str | float | int | datetime | None

_CODES: dict[str, Text] = {
    "school": Text("学校编号", "school id"),
    "target": Text("目标编号", "target id"),
    "state": Text("结论编码", "state code"),
    "value": Text("现值", "value"),
    "threshold": Text("要求", "required"),
    "attainment": Text("达成度", "attainment"),
    "lowest": Text("最小可能", "lowest"),
    "highest": Text("最大可能", "highest"),
    "unit": Text("单位编码", "unit code"),
    "reason": Text("原因编码", "reason code"),
    "since": Text("自", "since"),
    "evaluated_at": Text("判定时间", "judged at"),
    "evidence_at": Text("最早依据的时间", "oldest evidence"),
    "policy_version": Text("政策版本", "policy version"),
    "roster_version": Text("花名册版本", "roster version"),
}
"""What is the same in every language, after the words."""
_WORDS: dict[str, Text] = {
    "school_name": Text("学校", "school"),
    "stage": Text("学段", "stage"),
    "target_name": Text("目标", "target"),
    "state_name": Text("结论", "verdict"),
    "reason_text": Text("原因", "reason"),
}
MACHINE = (
    "school", "school_name", "stage", "target", "target_zh", "target_en", "state", "value", "threshold", "attainment",
    "lowest", "highest", "reason", "reason_zh", "reason_en", "since", "evaluated_at", "evidence_at", "policy_version",
    "roster_version", "unit",
)  # fmt: skip
"""The headings of the form for machines. A new one is added at the end, so that a column's number stays."""
_WIDTHS = {"school_name": 24, "target_name": 24, "reason_text": 70, "since": 17, "evaluated_at": 17, "evidence_at": 17}
_BLANKS = ("\t", "\r", "\n")
"""A spreadsheet program may look past these for a formula."""
SHEET = Text("结论", "verdicts")


def verdict_rows(rows: Iterable[Row], language: Language | None = None) -> bytes:
    """Comma-separated in UTF-8 with the mark by which Excel knows it; instants are ISO 8601 in UTC."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(MACHINE if language is None else _headings(language))
    for school, standing in rows:
        cells = _machine(school, standing) if language is None else _cells(school, standing, language)
        writer.writerow([_plain(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def verdict_workbook(rows: Iterable[Row], language: Language, zone: ZoneInfo) -> bytes:
    """An .xlsx with one sheet: numbers are numbers, instants are the district's local time."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(SHEET.in_language(language))
    headings = _headings(language)
    sheet.freeze_panes = "D2"
    for number, name in enumerate((*_WORDS, *_CODES), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(name, 14)
    sheet.append([_cell(sheet, heading, bold=True) for heading in headings])
    count = 1
    for school, standing in rows:
        cells = _cells(school, standing, language)
        local = (
            c.astimezone(zone).replace(tzinfo=None, microsecond=0) if isinstance(c, datetime) else c for c in cells
        )
        sheet.append([_cell(sheet, cell) for cell in local])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{count}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _headings(language: Language) -> list[str]:
    return [text.in_language(language) for text in (*_WORDS.values(), *_CODES.values())]


def _cells(school: School, standing: Standing, language: Language) -> list[Cell]:
    """One row in the order of the headings: the words first, then what is the same in every language."""
    verdict, target = standing.verdict, TARGETS[standing.verdict.target]
    words = (
        school.name, STAGE_NAMES[school.stage].in_language(language), target.name.in_language(language),
        STATE_NAMES[verdict.state].in_language(language), verdict.reason.text.in_language(language),
    )  # fmt: skip
    codes = (
        school.id, verdict.target, verdict.state, verdict.value, verdict.threshold, verdict.attainment, verdict.lowest,
        verdict.highest, target.unit, verdict.reason.code, standing.since, standing.at, verdict.evidence_at,
        standing.versions.policy, standing.versions.roster,
    )  # fmt: skip
    return [*words, *codes]


def _machine(school: School, standing: Standing) -> list[Cell]:
    verdict, target, reason = standing.verdict, TARGETS[standing.verdict.target], standing.verdict.reason
    return [
        school.id, school.name, school.stage, verdict.target, target.name.zh, target.name.en, verdict.state,
        verdict.value, verdict.threshold, verdict.attainment, verdict.lowest, verdict.highest, reason.code,
        reason.text.zh, reason.text.en, standing.since, standing.at, verdict.evidence_at, standing.versions.policy,
        standing.versions.roster, target.unit,
    ]  # fmt: skip


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in _BLANKS else guarded(cell)
    return cell.isoformat() if isinstance(cell, datetime) else repr(cell)


def _cell(sheet: Any, value: Cell, *, bold: bool = False) -> Any:
    """A cell whose text stays text, whatever it begins with."""
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    if isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    if bold:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
    return cell
