"""The columns of a roster in CSV: which headings and which words are accepted, in Chinese and English."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.roster.model import STAGE_NAMES
from common.text import Text


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` is the model's; `heading` is written on export, and `also` are accepted on import."""

    name: str
    heading: Text
    also: tuple[str, ...] = ()
    required: bool = False
    words: Mapping[str, Text] = field(default_factory=dict)
    """Values that stand for themselves, with the word that is written for each."""
    more_words: Mapping[str, str] = field(default_factory=dict)
    """Further words that are accepted, and the value that each means."""
    is_number: bool = False

    @property
    def accepted(self) -> str:
        return f"{self.heading.zh} / {self.name}"

    def value_of(self, cell: str) -> str:
        """A cell as the model takes it. A word that is not known stays as it is, for the model to refuse."""
        if self.is_number:
            return unicodedata.normalize("NFKC", cell).strip()
        if not self.words:
            return cell
        word = plain(cell)
        for value, text in self.words.items():
            if word in (plain(value), plain(text.zh), plain(text.en)):
                return value
        return next((value for known, value in self.more_words.items() if plain(known) == word), cell)


def plain(word: str) -> str:
    """A heading or word as it is compared: width, case, spaces and underscores make no difference."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().replace("_", " ").split())


_YES_NO = {"true": Text("是", "yes"), "false": Text("否", "no")}
_KINDS = {
    "classroom": Text("教室", "classroom"),
    "laboratory": Text("实验室", "laboratory"),
    "computer_room": Text("计算机教室", "computer room"),
    "library": Text("图书馆", "library"),
    "gym": Text("体育馆", "gym"),
    "playground": Text("操场", "playground"),
    "hall": Text("礼堂", "hall"),
    "office": Text("办公室", "office"),
    "other": Text("其他", "other"),
}
_SYSTEMS = {
    "wireless": Text("无线", "wireless"),
    "multimedia": Text("多媒体", "multimedia"),
    "cctv": Text("闭路电视", "cctv"),
    "surveillance": Text("监控", "surveillance"),
    "broadcast": Text("广播", "broadcast"),
    "recording": Text("录播", "recording"),
}
_MORE_STAGES = {
    "初级中学": "junior", "高级中学": "senior", "普通高中": "senior", "中职": "vocational",
    "中等职业学校": "vocational",
    "职高": "vocational", "九年一贯制学校": "nine_year", "九年制": "nine_year",
}  # fmt: skip
_MORE_KINDS = {
    "普通教室": "classroom", "机房": "computer_room", "微机室": "computer_room", "图书室": "library",
    "阅览室": "library",
    "运动场": "playground", "报告厅": "hall", "其它": "other",
}  # fmt: skip
_MORE_SYSTEMS = {
    "无线AP": "wireless", "无线网络": "wireless", "班班通": "multimedia", "校园监控": "surveillance",
    "智能播送": "broadcast", "自动录播": "recording",
}  # fmt: skip

SCHOOL_ID = Column(
    "school", Text("学校编号", "school"), ("学校代码", "学校标识码", "学校", "school id"), required=True, is_number=True
)

SCHOOLS = (
    Column(
        "id", Text("学校编号", "id"), ("学校代码", "学校标识码", "编号", "school id"), required=True, is_number=True
    ),
    Column("name", Text("学校名称", "name"), ("名称", "校名", "school name"), required=True),
    Column("stage", Text("学段", "stage"), ("办学类型",), required=True, words=STAGE_NAMES, more_words=_MORE_STAGES),
    Column(
        "students", Text("学生数", "students"), ("学生人数", "在校生数", "在校学生数"), required=True, is_number=True
    ),
    Column("teachers", Text("教师数", "teachers"), ("教师人数", "专任教师数"), required=True, is_number=True),
    Column("classes", Text("班级数", "classes"), ("班数", "教学班数"), required=True, is_number=True),
    Column("network", Text("网络", "network"), ("所在网络", "网络区域")),
    Column("contact", Text("联系人", "contact"), ("联系方式",)),
)
PLACES = (
    SCHOOL_ID,
    Column("id", Text("场所", "id"), ("场所编号", "place", "place id"), required=True),
    Column("kind", Text("类型", "kind"), ("场所类型",), words=_KINDS, more_words=_MORE_KINDS),
    Column("name", Text("场所名称", "name"), ("名称", "place name")),
    Column("seats", Text("座位数", "seats"), ("座位",), is_number=True),
    Column(
        "teaching",
        Text("教学场所", "teaching"),
        ("是否教学场所",),
        words=_YES_NO,
        more_words={"1": "true", "0": "false"},
    ),
    Column("class_name", Text("班级", "class_name"), ("班级名称", "class")),
)
DEVICES = (
    SCHOOL_ID,
    Column("id", Text("设备", "id"), ("设备编号", "设备名称", "device", "device id"), required=True),
    Column("system", Text("系统", "system"), ("所属系统",), required=True, words=_SYSTEMS, more_words=_MORE_SYSTEMS),
    Column("place", Text("场所", "place"), ("场所编号", "所在场所"), required=True),
)
IGNORED = frozenset(map(plain, ("序号", "备注", "说明", "no.", "no", "remark", "remarks", "note", "notes")))
"""Headings that people keep for themselves."""
