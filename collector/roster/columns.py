"""The columns of a roster in tables: which headings and which words are accepted, in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from collector.roster import values, words
from collector.roster.cells import Cell
from collector.roster.model import STAGE_NAMES
from common.text import Text

Holds = Literal["text", "code", "number", "date"]
"""`code`: an identifier, whose every digit counts."""
TableName = Literal["schools", "places", "devices"]


NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is the model's; `heading` is written on export, and `also` are accepted on import."""

    name: str
    heading: Text
    also: tuple[str, ...] = ()
    about: Text = NOTHING
    """What to write in it, for the template."""
    required: bool = False
    holds: Holds = "text"
    words: Mapping[str, Text] = field(default_factory=dict)
    """Values that stand for themselves, with the word that is written for each."""
    more_words: Mapping[str, str] = field(default_factory=dict)
    """Further words that are accepted, and the value that each means."""
    units: tuple[str, ...] = ()
    """Words that may follow a number."""
    folds: bool = False
    """Full-width forms are read as half-width ones."""
    path: tuple[str, ...] = ()
    """Where the model has it, when not under `name`."""

    @property
    def accepted(self) -> str:
        return f"{self.heading.zh} / {self.name}"

    @property
    def where(self) -> tuple[str, ...]:
        return self.path or (self.name,)

    @property
    def headings(self) -> tuple[str, ...]:
        return (self.heading.zh, self.heading.en, self.name, *self.also)

    def value_of(self, cell: Cell) -> str | Text:
        """A cell as the model takes it, or why it cannot be. An unknown word stays, for the model to refuse."""
        if cell.bad is not None:
            return cell.bad
        if self.holds == "date":
            return values.day_of_serial(cell.text) if cell.kind == "number" else values.day(cell.text)
        if cell.kind == "date":
            return _a_date(cell.text)
        if self.holds == "number":
            return _MERGED if cell.covered else values.whole(cell.text, self.units)
        if self.words:
            return self._word(cell.text)
        if cell.kind == "number" and (lost := self._lost(cell)) is not None:
            return lost
        text = values.folded(cell.text) if self.folds else cell.text
        whole_part, dot, zeros = text.partition(".")
        if self.holds == "code" and dot and whole_part.isdecimal() and set(zeros) == {"0"}:
            return _was_a_number(whole_part)
        return text

    def _word(self, text: str) -> str:
        word = plain(text)
        for value, known in self.words.items():
            if word in (plain(value), plain(known.zh), plain(known.en)):
                return value
        return next((value for known, value in self.more_words.items() if plain(known) == word), text)

    def _lost(self, cell: Cell) -> Text | None:
        """Why a number is not the text that somebody typed."""
        if cell.looks:
            return Text(
                f"表格显示 {cell.looks}，实际存的是数字 {cell.text}：请把单元格设为“文本”格式后重新填写",
                f"it shows {cell.looks} and holds the number {cell.text}: format the cell as text and type it again",
            )
        if values.too_long(cell.text):
            return Text(
                "超过 15 位的数字已丢失末位：请把单元格设为“文本”格式后重新填写",
                "a number of more than 15 digits has lost the last ones: format the cell as text and type it again",
            )
        if self.holds == "code" and not cell.text.isdecimal():
            return Text("编号应为文本或整数", "text or a whole number is accepted")
        return None


def plain(word: str) -> str:
    """A heading or word as it is compared: width, case, spaces and underscores make no difference."""
    return "".join(values.folded(word).casefold().replace("_", " ").split())


def heading_of(text: str) -> str:
    """A heading as it is compared: a mark for required and a unit in brackets make no difference either."""
    word = plain(text).strip("*")
    for opening, closing in ("()", "[]"):
        if word.endswith(closing) and opening in word:
            inside = word[word.rindex(opening) + 1 : -1]
            if inside in words.UNITS_IN_HEADINGS:
                word = word[: word.rindex(opening)]
    return word.strip("*")


_MERGED = Text(
    "合并单元格中的数字不能分给几行：请取消合并，每行各填一个",
    "a number in a merged cell cannot be shared by several rows: unmerge it and give each row its own",
)


def _a_date(shown: str) -> Text:
    return Text(
        f"单元格存的是日期 {shown}（“3-1”之类会被自动转换）：请设为“文本”格式后重新填写",
        f"it holds the date {shown} (3-1 and the like are converted): format the cell as text and type it again",
    )


def _was_a_number(digits: str) -> Text:
    return Text(
        f"像是被转成小数的编号：若编号是 {digits} 请改写；前导零可能已丢失",
        f"it looks like a code that became a decimal: if the code is {digits} write that; leading zeros may be lost",
    )


def _school_id(name: str, heading: Text, also: tuple[str, ...]) -> Column:
    about = Text("拉丁字母、数字、. _ -", "Latin letters, digits, . _ -")
    known = ("学校代码", "学校标识码", "单位代码", "机构代码", *also, "school id", "school code")
    return Column(name, heading, known, about, required=True, holds="code", folds=True)


def _count(
    name: str,
    heading: Text,
    also: tuple[str, ...],
    units: tuple[str, ...],
    about: Text = NOTHING,
    required: bool = False,
    path: tuple[str, ...] = (),
) -> Column:
    return Column(name, heading, also, about, required, holds="number", units=units, path=path)


SCHOOL_ID = _school_id("school", Text("学校编号", "school"), ("学校",))
SCHOOLS: tuple[Column, ...] = (
    _school_id("id", Text("学校编号", "id"), ("编号",)),
    Column("name", Text("学校名称", "name"), ("名称", "校名", "单位名称", "school name"), required=True),
    Column(
        "stage",
        Text("学段", "stage"),
        ("办学类型", "学校类型", "办学层次", "school type"),
        required=True,
        words=STAGE_NAMES,
        more_words=words.MORE_STAGES,
    ),
    _count(
        "students",
        Text("学生数", "students"),
        ("学生人数", "在校生数", "在校学生数", "在校生人数", "pupils", "number of students"),
        words.PEOPLE,
        required=True,
    ),
    _count(
        "teachers",
        Text("教师数", "teachers"),
        ("教师人数", "专任教师数", "专任教师", "number of teachers"),
        words.PEOPLE,
        required=True,
    ),
    _count(
        "classes",
        Text("班级数", "classes"),
        ("班数", "教学班数", "班级数量", "number of classes"),
        words.CLASSES,
        required=True,
    ),
    _count(
        "primary_students",
        Text("小学部学生数", "primary_students"),
        ("小学部人数", "小学学生数"),
        words.PEOPLE,
        about=Text("有多个学段的学校填写", "in a school of several stages"),
    ),
    _count(
        "junior_students",
        Text("初中部学生数", "junior_students"),
        ("初中部人数", "初中学生数"),
        words.PEOPLE,
        about=Text("有多个学段的学校填写", "in a school of several stages"),
    ),
    _count(
        "student_terminals",
        Text("学生终端数", "student_terminals"),
        ("学生用终端数", "学生计算机数", "学生用计算机台数"),
        words.PIECES,
        path=("terminals", "student"),
        about=Text("台账中的数量；没有台账则三项都留空", "by the asset register; leave all three empty without one"),
    ),
    _count(
        "teacher_terminals",
        Text("教师终端数", "teacher_terminals"),
        ("教师用终端数", "教师计算机数", "教师用计算机台数"),
        words.PIECES,
        path=("terminals", "teacher"),
    ),
    _count(
        "shared_terminals",
        Text("共用终端数", "shared_terminals"),
        ("公用终端数", "师生共用终端数"),
        words.PIECES,
        path=("terminals", "shared"),
    ),
    Column("network", Text("网络", "network"), ("所在网络", "网络区域")),
    Column("contact", Text("联系人", "contact"), ("联系方式", "联系电话")),
    Column(
        "valid_from",
        Text("生效日期", "valid_from"),
        ("数据日期", "起始日期", "effective date"),
        Text("这些数字从哪天起有效，如 2026-09-01；整份一个日期", "the first day that the numbers hold; one for all"),
        holds="date",
    ),
)
PLACES: tuple[Column, ...] = (
    SCHOOL_ID,
    Column(
        "id",
        Text("场所", "id"),
        ("场所编号", "房间号", "教室编号", "place", "place id", "room"),
        Text("一所学校内不可重复", "once in a school"),
        required=True,
        holds="code",
    ),
    Column("kind", Text("类型", "kind"), ("场所类型", "type"), words=words.KINDS, more_words=words.MORE_KINDS),
    Column("name", Text("场所名称", "name"), ("名称", "place name", "room name")),
    _count("seats", Text("座位数", "seats"), ("座位", "座位数量"), words.SEATS),
    Column(
        "teaching",
        Text("教学场所", "teaching"),
        ("是否教学场所", "teaching place"),
        Text("空着即“是”", "yes when empty"),
        words=words.YES_NO,
        more_words=words.MORE_YES_NO,
    ),
    Column("class_name", Text("班级", "class_name"), ("班级名称", "class")),
    Column("campus", Text("校区", "campus"), ("所在校区",)),
    Column("building", Text("楼栋", "building"), ("楼", "教学楼", "楼宇", "所在楼栋")),
    Column("floor", Text("楼层", "floor"), ("层", "所在楼层")),
)
DEVICES: tuple[Column, ...] = (
    SCHOOL_ID,
    Column(
        "id",
        Text("设备", "id"),
        ("设备编号", "设备名称", "device", "device id"),
        Text("探针上报时用的名称、地址或序列号", "the name, address or serial by which an agent reports it"),
        required=True,
        holds="code",
    ),
    Column(
        "system",
        Text("系统", "system"),
        ("所属系统", "设备类型"),
        required=True,
        words=words.SYSTEMS,
        more_words=words.MORE_SYSTEMS,
    ),
    Column(
        "place",
        Text("场所", "place"),
        ("场所编号", "所在场所", "安装位置", "room"),
        Text("场所表中的场所", "a place of the table of places"),
        required=True,
        holds="code",
    ),
)
TABLES: Mapping[TableName, Sequence[Column]] = {"schools": SCHOOLS, "places": PLACES, "devices": DEVICES}
SHEETS: Mapping[TableName, Text] = {
    "schools": Text("学校", "schools"),
    "places": Text("场所", "places"),
    "devices": Text("设备", "devices"),
}
MORE_SHEETS: Mapping[TableName, tuple[str, ...]] = {
    "schools": ("学校表", "学校信息", "学校名单", "学校基本信息", "花名册", "school"),
    "places": ("场所表", "教室", "教室表", "场所信息", "place", "rooms"),
    "devices": ("设备表", "设备清单", "设备信息", "device"),
}
README = Text("说明", "readme")
"""The template's first sheet."""
IGNORED = frozenset(map(plain, ("序号", "备注", "说明", "no.", "no", "remark", "remarks", "note", "notes")))
"""Headings that people keep for themselves."""
