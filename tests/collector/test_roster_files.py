"""Rosters in files: good ones in both languages and encodings, and six broken ones with what is said of each."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.roster.columns import DEVICES, PLACES, SCHOOLS
from collector.roster.csvfile import guarded, unguarded
from collector.roster.files import read_roster, write_roster
from collector.roster.model import ExpectedDevice, Place, Roster, School, TerminalRegister
from common.configfile import ConfigError, Fault

CHINESE = """学校编号,学校名称,学段,学生数,教师数,班级数,备注
s1,第一小学(东校区), 小学 ,６００,40,2,
s2,第二学校,九年一贯制学校,1200,80,24,新校

"""
CHINESE_PLACES = """学校编号,场所,类型,座位数,教学场所,班级
s1,101,教室,45,是,一(1)班
s1,１０２,普通教室,45,是,一(2)班
s1,办公楼,办公室,,否,
"""
CHINESE_DEVICES = """学校编号,设备,系统,场所
s1,ap-101,无线AP,101
s1,投影102,班班通,102
"""
ENGLISH = """ID,School Name,Stage,Students,Teachers,Classes,Network
s1,First,primary,600,40,2,north
s2,Second,Nine-year school,1200,80,24,
"""
YAML = """
schools:
  - id: s1
    name: 第一小学
    stage: primary
    students: 600
    teachers: 40
    classes: 2
    places:
      - {id: "101", class_name: 一(1)班, seats: 45}
    devices:
      - {id: ap-101, system: wireless, place: "101"}
"""


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_chinese_headings(tmp_path: Path, encoding: str, newline: str) -> None:
    file = written(tmp_path, "schools.csv", CHINESE.replace("\n", newline), encoding)
    written(tmp_path, "places.csv", CHINESE_PLACES.replace("\n", newline), encoding)
    written(tmp_path, "devices.csv", CHINESE_DEVICES.replace("\n", newline), encoding)
    first, second = read_roster(file).schools
    assert (first.id, first.name, first.stage) == ("s1", "第一小学(东校区)", "primary")
    assert (first.students, first.teachers, first.classes) == (600, 40, 2)
    assert (second.stage, second.students, second.places) == ("nine_year", 1200, ())
    assert [(p.id, p.kind, p.seats, p.teaching, p.class_name) for p in first.places] == [
        ("101", "classroom", 45, True, "一(1)班"),
        ("１０２", "classroom", 45, True, "一(2)班"),
        ("办公楼", "office", 0, False, ""),
    ]
    assert [(d.id, d.system, d.place) for d in first.devices] == [
        ("ap-101", "wireless", "101"),
        ("投影102", "multimedia", "１０２"),
    ]


def test_english_headings(tmp_path: Path) -> None:
    first, second = read_roster(written(tmp_path, "schools.csv", ENGLISH)).schools
    assert (first.name, first.network, second.stage) == ("First", "north", "nine_year")


def test_yaml(tmp_path: Path) -> None:
    (school,) = read_roster(written(tmp_path, "roster.yaml", YAML)).schools
    assert school.places[0].class_name == "一(1)班"
    assert school.devices[0].place == "101"


def refused(file: Path) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        read_roster(file)
    for fault in caught.value.faults:
        assert fault.in_language("zh") != fault.in_language("en")
    return caught.value.faults


def shown(faults: list[Fault]) -> list[tuple[str, int | None, str, str]]:
    return [(Path(fault.file).name, fault.line, fault.field, fault.value) for fault in faults]


def test_broken_1_bad_cells_are_all_named(tmp_path: Path) -> None:
    rows = "s1,甲,大学,-6,40.5,2\n坏 编号,乙,小学,6,4,二\ns3,,初中,1e3,4,\n"
    faults = refused(written(tmp_path, "schools.csv", f"学校编号,学校名称,学段,学生数,教师数,班级数\n{rows}"))
    assert set(shown(faults)) == {
        ("schools.csv", 2, "学段", "'大学'"),
        ("schools.csv", 2, "学生数", "'-6'"),
        ("schools.csv", 2, "教师数", "'40.5'"),
        ("schools.csv", 3, "学校编号", "'坏 编号'"),
        ("schools.csv", 3, "班级数", "'二'"),
        ("schools.csv", 4, "学校名称", ""),
        ("schools.csv", 4, "学生数", "'1e3'"),
        ("schools.csv", 4, "班级数", ""),
    }
    said = {fault.field: fault.what for fault in faults if fault.line == 2}
    assert "九年一贯制" in said["学段"].zh
    assert "nine_year" in said["学段"].en
    assert said["教师数"].zh == "应为整数"


def test_broken_2_headings(tmp_path: Path) -> None:
    text = "学校编号,编号,学校名称,学段,学生,教师数\ns1,s1,甲,小学,6,4\n"
    faults = refused(written(tmp_path, "schools.csv", text))
    assert set(shown(faults)) == {
        ("schools.csv", 1, "编号", ""),
        ("schools.csv", 1, "学生", ""),
        ("schools.csv", 1, "学生数 / students", ""),
        ("schools.csv", 1, "班级数 / classes", ""),
    }
    assert "是否想写 学生数?" in next(f.what.zh for f in faults if f.field == "学生")


def test_broken_3_a_school_twice(tmp_path: Path) -> None:
    faults = refused(written(tmp_path, "schools.csv", CHINESE.replace("s2,", "ｓ1,")))
    assert shown(faults) == [("schools.csv", 3, "学校编号", "'ｓ1'")]
    assert faults[0].what.en == "stands in line 2 already"


def test_broken_4_places_and_devices_that_fit_nowhere(tmp_path: Path) -> None:
    file = written(tmp_path, "schools.csv", CHINESE)
    written(
        tmp_path, "places.csv", "学校编号,场所,类型\ns1,101,教室\ns1,１０１,教室\ns9,1,教室\ns1,102,茶室\n,103,教室\n"
    )
    written(
        tmp_path, "devices.csv", "学校编号,设备,系统,场所\ns1,a,无线,999\ns1,b,无线,101\ns1,b,无线,101\ns1,c,电话,101\n"
    )
    assert set(shown(refused(file))) == {
        ("places.csv", 3, "场所", "'１０１'"),
        ("places.csv", 4, "学校编号", "'s9'"),
        ("places.csv", 5, "类型", "'茶室'"),
        ("places.csv", 6, "学校编号", ""),
        ("devices.csv", 2, "场所", "'999'"),
        ("devices.csv", 4, "设备", "'b'"),
        ("devices.csv", 5, "系统", "'电话'"),
    }


def test_broken_5_cells_without_a_heading_and_a_broken_quote(tmp_path: Path) -> None:
    extra = ENGLISH.replace("north", "north,more")
    assert shown(refused(written(tmp_path, "schools.csv", extra))) == [("schools.csv", 2, "", "'more'")]
    unnamed = ENGLISH.replace("Network", "").replace("north", "x")
    assert shown(refused(written(tmp_path, "schools.csv", unnamed))) == [("schools.csv", 2, "", "'x'")]
    (fault,) = refused(written(tmp_path, "schools.csv", ENGLISH.replace("First", '"First"x')))
    assert "不是有效的 CSV" in fault.what.zh


def test_broken_6_yaml(tmp_path: Path) -> None:
    text = YAML.replace("stage: primary", "stage: 大学").replace("teachers: 40", "teacher: 40")
    faults = refused(written(tmp_path, "roster.yaml", text))
    assert [(line, field) for _, line, field, _ in shown(faults)] == [
        (3, "schools[0].teachers"),
        (5, "schools[0].stage"),
        (7, "schools[0].teacher"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("roster.ods", b"PK", ".xlsx, .csv or .yaml is accepted"),
        ("places.csv", b"id\n", "of CSV name the table of schools"),
        ("schools.csv", b"", "the file is empty"),
        ("schools.csv", b"PK\x03\x04\x00\x00\xff\xff", "not a text file"),
        ("schools.csv", "学校编号".encode("utf-16"), "not a text file"),
        ("schools.csv", b"id,name,stage,students,teachers,classes\n", "there is no school"),
    ],
)
def test_files_that_are_no_roster(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    (fault,) = refused(tmp_path / name)
    assert says in fault.in_language("en")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path / "schools.csv")
    assert "cannot be read" in fault.in_language("en")


@pytest.mark.parametrize("name", ["roster.ods", "missing/roster.xlsx", "missing/roster.yaml", "missing/schools.csv"])
def test_a_roster_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        write_roster(read_roster(written(tmp_path, "roster.yaml", YAML)), tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["roster.yaml"]


words = st.text(st.sampled_from("aé中=+-@'\",;\n1 =学"), min_size=1, max_size=12).map(str.strip).filter(bool)


@st.composite
def schools(draw: st.DrawFn, number: int) -> School:
    ids = draw(st.lists(words, unique_by=lambda word: word.replace("=", "="), max_size=4))
    places = tuple(
        Place(
            id=place,
            kind=draw(st.sampled_from(["classroom", "hall", "other"])),
            name=draw(st.just("") | words),
            seats=draw(st.integers(0, 60)),
            teaching=draw(st.booleans()),
            class_name=draw(st.just("") | words),
            campus=draw(st.just("") | words),
            floor=draw(st.just("") | words),
        )
        for place in ids
    )
    devices = tuple(
        ExpectedDevice(id=f"d{at}", system=draw(st.sampled_from(["wireless", "multimedia"])), place=place)
        for at, place in enumerate(ids)
    )
    students = draw(st.integers(0, 5000))
    primary = draw(st.none() | st.integers(0, students))
    return School(
        id=draw(st.sampled_from(["s", "0", "10"])) + str(number),
        name=draw(words),
        stage=draw(st.sampled_from(["primary", "nine_year"])),
        students=students,
        primary_students=primary,
        junior_students=None if primary is None else draw(st.just(students - primary) | st.none()),
        terminals=draw(
            st.none()
            | st.builds(
                TerminalRegister, student=st.integers(0, 9), teacher=st.integers(0, 9), shared=st.integers(0, 9)
            )
        ),
        teachers=40,
        classes=12,
        contact=draw(st.just("") | words),
        places=places,
        devices=devices,
    )


rosters = st.integers(1, 3).flatmap(lambda count: st.tuples(*(schools(number) for number in range(count))))


@pytest.mark.parametrize("name", ["roster.yaml", "schools.csv", "roster.xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    monkeypatch.setenv("CAMPUS_LANG", language)

    @settings(max_examples=40, deadline=None)
    @given(rosters, st.none() | st.dates())
    def there_and_back(made: tuple[School, ...], valid_from: date | None) -> None:
        roster = Roster(schools=made, valid_from=valid_from)
        write_roster(roster, tmp_path / name)
        assert read_roster(tmp_path / name) == roster

    there_and_back()


@pytest.mark.parametrize("cell", ["=1+1", "+86 10", "-1", "@sum", "'=x", "=HYPERLINK(1)", "'"])
def test_no_cell_is_taken_for_a_formula(tmp_path: Path, cell: str) -> None:
    school = School(id="s1", name=cell, stage="primary", students=1, teachers=1, classes=1)
    write_roster(Roster(schools=(school,)), tmp_path / "schools.csv")
    assert f",'{cell}," in (tmp_path / "schools.csv").read_text(encoding="utf-8-sig")
    assert unguarded(guarded(cell)) == cell


def test_columns_and_model_agree() -> None:
    for columns, model in ((SCHOOLS, School), (PLACES, Place), (DEVICES, ExpectedDevice)):
        fields = {column.where[0] for column in columns} - ({"school"} if model is not School else {"valid_from"})
        assert fields == set(model.model_fields) - {"places", "devices"}
        for column in columns:
            assert (
                column.required
                or column.where[0] == "valid_from"
                or not model.model_fields[column.where[0]].is_required()
            )
    register = {column.where[1] for column in SCHOOLS if column.where[0] == "terminals"}
    assert register == set(TerminalRegister.model_fields)
