"""Workbooks that are refused: six with all their faults, what is no workbook, and hostile ones."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from collector.roster import unpacked
from collector.roster.cells import SheetFault
from collector.roster.files import read_roster
from tests.collector.spreadsheets import HEADINGS, changed, refused, repacked, sheet_of, workbook

SCHOOL = ("s1", "甲", "小学", 10, 2, 1)


def cells(path: Path) -> set[tuple[str, str, str]]:
    """Sheet, cell and value of each fault."""
    faults = refused(path)
    found = {(f.file.rpartition("[")[2].rstrip("]"), f.cell, f.value) for f in faults if isinstance(f, SheetFault)}
    assert len({(f.file, f.field, f.in_language("en")) for f in faults}) == len(faults)
    return found


def test_bad_1_every_bad_cell_of_every_sheet_is_named(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "bad.xlsx",
        学校=(
            HEADINGS,
            ("s1", "甲", "大学", -6, 40.5, "二"),
            ("坏 编号", "乙", "小学", "45个班", 3, 3),
            ("s3", None, "初中", "约600", None, "1,23"),
            ("ｓ1", "丁", "小学", 1, 1, 1),
        ),
        场所=(
            ("学校编号", "场所", "类型"),
            ("s9", "101", "教室"),
            ("s1", "101", "茶室"),
            ("s1", "1", None),
            ("s1", "１", None),
        ),
        设备=(
            ("学校编号", "设备", "系统", "场所"),
            ("s1", "a", "电话", "1"),
            ("s1", "b", "无线", "999"),
            (None, "c", "无线", "1"),
            ("s1", "d", "无线", "101"),
        ),
    )
    assert cells(path) == {
        ("学校", "C2", "'大学'"),
        ("学校", "D2", "'-6'"),
        ("学校", "E2", "'40.5'"),
        ("学校", "F2", "'二'"),
        ("学校", "A3", "'坏 编号'"),
        ("学校", "D3", "'45个班'"),
        ("学校", "B4", ""),
        ("学校", "D4", "'约600'"),
        ("学校", "E4", ""),
        ("学校", "F4", "'1,23'"),
        ("学校", "A5", "'ｓ1'"),
        ("场所", "A2", "'s9'"),
        ("场所", "C3", "'茶室'"),
        ("场所", "B5", "'１'"),
        ("设备", "C2", "'电话'"),
        ("设备", "D3", "'999'"),
        ("设备", "A4", ""),
    }
    shown = next(fault for fault in refused(path) if isinstance(fault, SheetFault) and fault.cell == "E2")
    assert shown.in_language("zh") == f"{path} [学校] E2 教师数 ('40.5'): 应为整数"


def test_bad_2_errors_formulas_dates_and_codes_that_lost_something(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "bad.xlsx",
        学校=(
            (*HEADINGS, "联系人"),
            ("03101", "甲", "小学", "=SUM(A1:A2)", "#REF!", 1, None),
            (3102, "乙", dt.date(2026, 3, 1), dt.date(1901, 3, 1), 2, 1, None),
            ("3103.0", "丙", "小学", 10, 2, 1, None),
            (31.5, "丁", "小学", 10, 2, 1, None),
            (1234567890123456789, "戊", "小学", 10, 2, 1, None),
            (77, "己", "小学", 10, 2, True, 8),
        ),
        场所=(("学校编号", "场所"), ("03101", dt.date(2026, 3, 1))),
    )

    def change(book: Workbook) -> None:
        sheet = sheet_of(book, "学校")
        sheet["E2"].data_type = "e"
        sheet["A7"].number_format = "00000"
        sheet["G7"].number_format = '"0577-"000'

    assert cells(changed(path, change)) == {
        ("学校", "D2", "''"),
        ("学校", "E2", "'#REF!'"),
        ("学校", "A3", "'3102'"),
        ("学校", "C3", "'2026-03-01'"),
        ("学校", "D3", "'1901-03-01'"),
        ("学校", "A4", "'3103.0'"),
        ("学校", "A5", "'31.5'"),
        ("学校", "A6", "'1234567890123457024'"),
        ("学校", "A7", "'77'"),
        ("学校", "F7", "'true'"),
        ("学校", "G7", "'8'"),
        ("场所", "B2", "'2026-03-01'"),
    }
    said = {f.cell: f.what.en for f in refused(path) if isinstance(f, SheetFault) and "[学校]" in f.file}
    assert "no result in the file" in said["D2"]
    assert "#REF!" in said["E2"]
    assert "it shows 00077 and holds the number 77" in said["A7"]
    assert "it shows 0577-008" in said["G7"]


def test_bad_3_headings_and_cells_without_one(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "bad.xlsx",
        学校=(
            ("某区学校一览",),
            (None, "学校编号", "编号", "学校名称", "学段", "学生", "教师数"),
            (None, "s1", "s1", "甲", "小学", 6, 4),
        ),
        场所=(("学校编号", "场所"), ("s1", "101", "多出来的"), ("s1", None)),
        设备=(("学校编号", "场所", "设备", "系统"), ("s1", "101", "a", "电话")),
    )
    assert cells(path) == {
        ("学校", "C2", ""),
        ("学校", "F2", ""),
        ("学校", "2", ""),
        ("场所", "C2", "'多出来的'"),
        ("场所", "B3", ""),
        ("设备", "D2", "'电话'"),
    }
    assert {fault.field for fault in refused(path)} >= {"学生数 / students", "班级数 / classes"}


def test_bad_4_numbers_that_contradict_each_other(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "bad.xlsx",
        学校=(
            (*HEADINGS, "小学部学生数", "初中部学生数", "学生终端数", "教师终端数", "共用终端数", "生效日期"),
            ("s1", "甲", "九年一贯制", 900, 50, 20, 500, 300, None, None, None, "2026-09-01"),
            ("s2", "乙", "高中", 900, 50, 20, None, 901, None, None, None, "2026年9月"),
            ("s3", "丙", "小学", 900, 50, 20, None, None, 90, None, 0, "2026/10/1"),
            ("s4", "丁", "小学", 900, 50, 20, None, None, None, 4, None, 46266),
            ("s5", "戊", "小学", 900, 50, 20, None, None, None, None, None, "20261301"),
        ),
    )
    assert cells(path) == {
        ("学校", "H2", "'300'"),
        ("学校", "H3", "'901'"),
        ("学校", "L3", "'2026年9月'"),
        ("学校", "J4", ""),
        ("学校", "L4", "'2026/10/1'"),
        ("学校", "I5", ""),
        ("学校", "K5", ""),
        ("学校", "L6", "'20261301'"),
    }


def test_bad_5_merged_numbers_and_an_unclear_date_above(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "bad.xlsx",
        学校=(
            ("生效日期", "2026年秋季学期"),
            HEADINGS,
            ("s1", "甲", "小学", 1200, 50, 20),
            ("s2", "乙", "小学", None, 50, 20),
        ),
    )
    assert cells(changed(path, lambda book: sheet_of(book, "学校").merge_cells("D3:D4"))) == {
        ("学校", "B1", "'2026年秋季学期'"),
        ("学校", "D4", "'1200'"),
    }


def test_bad_6_sheets_that_are_missing_or_twice(tmp_path: Path) -> None:
    both = workbook(tmp_path / "both.xlsx", 学校=(HEADINGS, SCHOOL), schools=(HEADINGS, SCHOOL))
    assert cells(both) == {("schools", "", "")}
    (fault,) = refused(workbook(tmp_path / "none.xlsx", 场所=(("学校编号", "场所"), ("s1", "1"))))
    assert "there is no table of schools" in fault.what.en
    (fault,) = refused(workbook(tmp_path / "empty.xlsx", 学校=()))
    assert "the file is empty" in fault.what.en


def compound(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("r.xls", compound("Workbook"), "the old .xls format"),
        ("r.xlsx", compound("Workbook"), "the old .xls format"),
        ("r.xlsx", compound("EncryptedPackage"), "protected by a password"),
        ("r.xlsx", b"<html><table></table></html>", "no .xlsx"),
        ("r.xlsx", b"PK\x03\x04", "not a sound .xlsx"),
        ("r.xlsx", b"PK" + bytes(16 * 1024 * 1024), "larger than 16 MiB"),
        ("r.ods", b"PK", "is accepted"),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    (fault,) = refused(tmp_path / name)
    assert says in fault.what.en


SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


def good(folder: Path) -> Path:
    return workbook(folder / "r.xlsx", 学校=(HEADINGS, SCHOOL))


@pytest.mark.parametrize(
    ("member", "old", "new", "says"),
    [
        (SHEET, b"<worksheet", ENTITIES + b"<worksheet", "document type"),
        ("xl/workbook.xml", b"<workbook", ENTITIES + b"<workbook", "document type"),
        (SHEET, b"</sheetData>", b"<c/>" * 2_000_001 + b"</sheetData>", "unpacks to too much"),
        (SHEET, b"</sheetData>", b"<a>" * 100 + b"</sheetData>", "unpacks to too much"),
        (SHEET, b"</sheetData>", b"<row r='1'/></sheetData>", "row 1 after row 2"),
        (SHEET, b"</sheetData>", b"<row r='99999999'/></sheetData>", "row 99999999"),
        (SHEET, b"</sheetData>", b"<row r='3'><c r='B7'/></row></sheetData>", "cell B7 in row 3"),
        (SHEET, b"<sheetData>", b"<sheetData", "not a sound .xlsx"),
        (SHEET, b"<v>10</v>", b"<v>1x</v>", "not a sound .xlsx"),
    ],
)
def test_a_hostile_or_broken_workbook(tmp_path: Path, member: str, old: bytes, new: bytes, says: str) -> None:
    path = repacked(good(tmp_path), member, lambda xml: xml.replace(old, new, 1))
    (fault,) = refused(path)
    assert says in fault.what.en


def test_a_workbook_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "MAX_UNPACKED_BYTES", 1_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(2_000_000))
    (tmp_path / "r.xlsx").write_bytes(out.getvalue())
    (fault,) = refused(tmp_path / "r.xlsx")
    assert "unpacks to too much" in fault.what.en


def test_a_merged_range_over_the_whole_sheet_and_a_false_size_cost_nothing(tmp_path: Path) -> None:
    more = b'</sheetData><mergeCells count="1"><mergeCell ref="H1:XFD1048576"/></mergeCells>'
    path = repacked(good(tmp_path), SHEET, lambda xml: xml.replace(b"</sheetData>", more).replace(b"A1:F2", b"A1:A1"))
    assert read_roster(path).schools[0].classes == 1
