"""Rosters in workbooks: three good ones, what is written and read back, and the template."""

import datetime as dt
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from collector.roster.cells import SheetFault, letters
from collector.roster.columns import SHEETS, TABLES, heading_of
from collector.roster.files import read_roster, read_roster_noting, write_roster, write_template
from collector.roster.model import ExpectedDevice, Place, Roster, School, TerminalRegister
from common.configfile import ConfigError
from common.text import Language
from tests.collector.spreadsheets import (
    HEADINGS,
    changed,
    clean_chinese,
    english,
    messy,
    refused,
    sheet_of,
    workbook,
)

SCHOOL = ("s1", "甲", "小学", 10, 2, 1)


def test_a_clean_chinese_workbook(tmp_path: Path) -> None:
    roster, remarks = read_roster_noting(clean_chinese(tmp_path))
    assert remarks == []
    assert roster == Roster(
        valid_from=dt.date(2026, 9, 1),
        schools=(
            School(
                id="3101",
                name="第一小学",
                stage="primary",
                students=480,
                teachers=32,
                classes=12,
                terminals=TerminalRegister(student=96, teacher=34, shared=0),
                places=(
                    Place(id="101", seats=42, class_name="一(1)班", campus="本部", building="1号楼", floor="1"),
                    Place(id="总务处", kind="office", teaching=False),
                ),
                devices=(ExpectedDevice(id="AP-101", system="wireless", place="101"),),
            ),
            School(
                id="3102",
                name="实验学校",
                stage="nine_year",
                students=1500,
                teachers=110,
                classes=33,
                primary_students=1000,
                junior_students=500,
                places=(Place(id="操场", kind="playground", campus="东校区"),),
                devices=(ExpectedDevice(id="10.2.0.9", system="surveillance", place="操场"),),
            ),
        ),
    )


def test_an_english_workbook(tmp_path: Path) -> None:
    roster, remarks = read_roster_noting(english(tmp_path))
    assert remarks == []
    assert roster == Roster(
        valid_from=dt.date(2026, 9, 1),
        schools=(
            School(
                id="north",
                name="North Primary",
                stage="primary",
                students=480,
                teachers=32,
                classes=12,
                network="east",
                contact="13800000000",
                places=(Place(id="101", seats=42, class_name="1A", floor="1"),),
                devices=(ExpectedDevice(id="proj-101", system="multimedia", place="101"),),
            ),
            School(
                id="south-1",
                name="South Senior",
                stage="senior",
                students=1800,
                teachers=150,
                classes=36,
                places=(Place(id="Lab 2", kind="computer_room", seats=56, floor="3"),),
                devices=(ExpectedDevice(id="cam-1", system="surveillance", place="Lab 2"),),
            ),
        ),
    )


def test_a_messy_workbook(tmp_path: Path) -> None:
    roster, remarks = read_roster_noting(messy(tmp_path))
    assert roster == Roster(
        valid_from=dt.date(2026, 9, 1),
        schools=(
            School(
                id="3101",
                name="第一小学",
                stage="primary",
                students=1234,
                teachers=60,
                classes=30,
                contact="5551234",
                places=(
                    Place(id="101", seats=45),
                    Place(id="102", seats=45),
                    Place(id="机房", kind="computer_room"),
                ),
            ),
            School(
                id="3102",
                name="中心小学",
                stage="primary",
                students=600,
                teachers=40,
                classes=12,
                places=(Place(id="101", seats=40),),
            ),
            School(id="3103", name="中心小学", stage="junior", students=0, teachers=20, classes=6),
        ),
    )
    said = {(Path(r.file).name, r.cell, r.what.en) for r in remarks if isinstance(r, SheetFault)}
    assert len(said) == len(remarks)
    codes = "codes are kept as numbers and read like 3101; format them as text if any begins with 0"
    assert said == {
        ("汇总.xlsx [示例]", "", "this sheet was not read"),
        ("汇总.xlsx [Sheet1]", "", "hidden rows (1) were read as well"),
        ("汇总.xlsx [Sheet1]", "B4", codes),
        ("汇总.xlsx [Sheet2]", "A2", codes),
        ("汇总.xlsx [Sheet1]", "7", "a row of totals: it was skipped"),
        ("汇总.xlsx [Sheet1]", "10", "a row of totals: it was skipped"),
        ("汇总.xlsx [Sheet1]", "E10", "the rows add up to 1834"),
        ("汇总.xlsx [Sheet1]", "11", "no data: this row was skipped"),
        ("汇总.xlsx [Sheet1]", "C9", "line 5 has the same name under another id: keep one if they are the same school"),
        ("汇总.xlsx [Sheet1]", "E9", "it is 0, and is reckoned so"),
    }


def test_a_hidden_sheet_counts_only_where_no_visible_one_has_its_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", schools=(HEADINGS, ("old", *SCHOOL[1:])), 学校=(HEADINGS, SCHOOL))
    changed(path, lambda book: setattr(book["schools"], "sheet_state", "hidden"))
    roster, (remark,) = read_roster_noting(path)
    assert [school.id for school in roster.schools] == ["s1"]
    assert "was not read" in remark.what.en


def test_a_serial_number_is_a_date_in_the_date_column_only(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", 学校=((*HEADINGS, "生效日期"), (*SCHOOL[:3], 46266, 2, 1, 46266)))
    roster = read_roster(path)
    assert (roster.valid_from, roster.schools[0].students) == (dt.date(2026, 9, 1), 46266)


FULL = Roster(
    valid_from=dt.date(2026, 9, 1),
    schools=(
        School(
            id="0101",
            name="=1+1",
            stage="nine_year",
            students=30,
            teachers=2,
            classes=1,
            primary_students=10,
            junior_students=20,
            terminals=TerminalRegister(student=5),
            network="#N/A",
            contact="'+86\r_x000D_",
            places=(Place(id="007", kind="hall", seats=9, teaching=False, campus="东", building="1", floor="-1"),),
            devices=(ExpectedDevice(id="@ap", system="recording", place="007"),),
        ),
    ),
)


@pytest.mark.parametrize("name", ["r.xlsx", "schools.csv", "r.yaml"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_that_a_roster_has_comes_back(tmp_path: Path, name: str, language: Language) -> None:
    write_roster(FULL, tmp_path / name, language)
    assert read_roster_noting(tmp_path / name) == (FULL, [])


def test_an_export_has_no_formula_and_is_fit_to_work_with(tmp_path: Path) -> None:
    write_roster(FULL, tmp_path / "r.xlsx", "zh")
    book = load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["学校", "场所", "设备"]
    for title in book.sheetnames:
        sheet = sheet_of(book, title)
        assert sheet.freeze_panes == "A2"
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    schools = sheet_of(book, "学校")
    assert (schools["B2"].value, schools["B2"].data_type, schools["B2"].quotePrefix) == ("=1+1", "s", True)
    (choice,) = schools.data_validations.dataValidation
    assert str(choice.formula1) == '"幼儿园,小学,初中,高中,职业学校,九年一贯制"'


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_filled_template_is_a_roster(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "template.xlsx"
    write_template(path, language)
    (empty,) = refused(path)
    assert "no school" in empty.what.en

    def fill(book: Workbook) -> None:
        sheet_of(book, SHEETS["schools"].in_language(language)).append(SCHOOL)
        sheet_of(book, SHEETS["places"].in_language(language)).append(("s1", "101"))

    roster, remarks = read_roster_noting(changed(path, fill))
    assert (roster.schools[0].name, roster.schools[0].places[0].id, remarks) == ("甲", "101", [])
    guide = "\n".join(
        " ".join(str(value) for value in row if value) for row in load_workbook(path).worksheets[0].values
    )
    for columns in TABLES.values():
        assert all(c.heading.zh in guide and c.heading.en in guide and c.about.zh in guide for c in columns)
    for choice in (c for sheet in load_workbook(path).worksheets for c in sheet.data_validations.dataValidation):
        assert len(str(choice.formula1)) <= 257  # what Excel takes, with its quotation marks


def test_a_csv_template(tmp_path: Path) -> None:
    write_template(tmp_path / "schools.csv", "zh")
    assert {file.name for file in tmp_path.iterdir()} == {"schools.csv", "places.csv", "devices.csv"}
    (fault,) = refused(tmp_path / "schools.csv")
    assert "no school" in fault.what.en
    with pytest.raises(ConfigError, match=r"\.xlsx"):
        write_template(tmp_path / "r.yaml", "zh")


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_letters(column: int, name: str) -> None:
    assert letters(column) == name


def test_a_heading_means_one_column() -> None:
    for columns in TABLES.values():
        names = [
            (heading_of(name), column.name) for column in columns for name in set(map(heading_of, column.headings))
        ]
        assert len({heading for heading, _ in names}) == len(set(names))
