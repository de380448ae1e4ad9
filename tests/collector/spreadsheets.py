"""Workbooks as districts send them, made with openpyxl."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from collector.roster.files import read_roster
from common.configfile import ConfigError, Fault

Value = str | int | float | bool | dt.date | None
HEADINGS = ("学校编号", "学校名称", "学段", "学生数", "教师数", "班级数")


def workbook(path: Path, **sheets: Sequence[Sequence[Value]]) -> Path:
    """A workbook with the rows of each sheet as they are given; a text that begins with '=' is a formula."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def changed(path: Path, change: Callable[[Workbook], None]) -> Path:
    book = load_workbook(path)
    change(book)
    book.save(path)
    return path


def sheet_of(book: Workbook, title: str) -> Worksheet:
    found = book[title]
    assert isinstance(found, Worksheet)
    return found


def repacked(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The same archive with one member changed, as programs other than openpyxl write it."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    path.write_bytes(out.getvalue())
    return path


def clean_chinese(folder: Path) -> Path:
    return workbook(
        folder / "花名册.xlsx",
        学校=(
            (*HEADINGS, "小学部学生数", "初中部学生数", "学生终端数", "教师终端数", "共用终端数", "生效日期", "备注"),
            ("3101", "第一小学", "小学", 480, 32, 12, None, None, 96, 34, 0, dt.date(2026, 9, 1), "城区"),
            ("3102", "实验学校", "九年一贯制", 1500, 110, 33, 1000, 500, None, None, None, dt.date(2026, 9, 1), None),
        ),
        场所=(
            ("学校编号", "场所", "类型", "座位数", "教学场所", "班级", "校区", "楼栋", "楼层"),
            ("3101", "101", "教室", 42, "是", "一(1)班", "本部", "1号楼", "1"),
            ("3101", "总务处", "办公室", None, "否", None, None, None, None),
            ("3102", "操场", "操场", None, None, None, "东校区", None, None),
        ),
        设备=(
            ("学校编号", "设备", "系统", "场所"),
            ("3101", "AP-101", "无线", "101"),
            ("3102", "10.2.0.9", "监控", "操场"),
        ),
    )


def english(folder: Path) -> Path:
    return workbook(
        folder / "roster.xlsx",
        Schools=(
            ("School ID", "School name", "Stage", "Pupils", "Teachers", "Classes", "Valid from", "Network", "Contact"),
            ("north", "North Primary", "primary", 480, 32, 12, "2026-09-01", "east", 13800000000),
            ("south-1", "South Senior", "senior high school", 1800, 150, 36, "2026-09-01", None, None),
        ),
        Rooms=(
            ("School ID", "Room", "Type", "Seats", "Teaching place", "Class", "Floor"),
            ("north", 101, "classroom", 42, True, "1A", 1),
            ("south-1", "Lab 2", "computer room", 56, "yes", None, 3),
        ),
        Devices=(
            ("School ID", "Device", "System", "Room"),
            ("north", "proj-101", "multimedia", 101),
            ("south-1", "cam-1", "surveillance", "lab 2".title()),
        ),
    )


def messy(folder: Path) -> Path:
    """Title rows, merged cells, full-width digits, units, totals, formulas, hidden rows, a repeated heading."""
    path = workbook(
        folder / "汇总.xlsx",
        Sheet1=(
            ("某某区中小学校基本情况统计表(2026年9月)",),
            (None, None, None, None, None, None, None, "生效日期：2026年9月1日"),
            (
                "序号",
                "学校代码*",
                "学校名称",
                "办学类型",
                "学生人数（人）",
                "专任教师数",
                "教学班数",
                "备注",
                "联系电话",
            ),
            (1, 3101, "第一小学 ", " 小学", "１，２３４人", "60名", "30个班", None, 5551234),
            (2, 3102, "中心小学", "完全小学", "600", "=30+10", 12.0, "合并校", None),
            (None, None, None, None, None, None, None, None, None),
            ("小计", None, None, None, 1834, None, 42),
            (
                "序号",
                "学校代码*",
                "学校名称",
                "办学类型",
                "学生人数（人）",
                "专任教师数",
                "教学班数",
                "备注",
                "联系电话",
            ),
            (3, 3103, "中心小学", "初级中学", 0, 20, 6, None, None),
            ("合 计", None, None, None, "1,900人", 120, 48),
            ("填表人：张三", None, None, "审核人：李四"),
        ),
        Sheet2=(
            ("学校代码", "教室编号", "场所类型", "座位"),
            (3101, "101", "普通教室", "45座"),
            (None, "102", "普通教室", "４５"),
            (None, "机房", "机房", None),
            (3102, "101", "教室", 40),
        ),
        示例=(("随便写的",),),
    )

    def dress(book: Workbook) -> None:
        schools, places = sheet_of(book, "Sheet1"), sheet_of(book, "Sheet2")
        schools.merge_cells("A1:I1")
        schools.row_dimensions[5].hidden = True
        places.merge_cells("A2:A4")

    return repacked(
        changed(path, dress),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<f>30+10</f><v />", b"<f>30+10</f><v>40</v>").replace(
            b"<f>30+10</f><v></v>", b"<f>30+10</f><v>40</v>"
        ),
    )


def refused(path: Path) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        read_roster(path)
    for fault in caught.value.faults:
        assert fault.what.zh != fault.what.en
        assert path.name in fault.file
    return caught.value.faults
