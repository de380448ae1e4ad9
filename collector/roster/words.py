"""The words that tables hold: kinds, systems, units, and how people mark what is no row of data."""

from common.text import Text

YES_NO = {"true": Text("是", "yes"), "false": Text("否", "no")}
MORE_YES_NO = {"1": "true", "0": "false", "√": "true", "×": "false", "y": "true", "n": "false"}
KINDS = {
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
SYSTEMS = {
    "wireless": Text("无线", "wireless"),
    "multimedia": Text("多媒体", "multimedia"),
    "cctv": Text("闭路电视", "cctv"),
    "surveillance": Text("监控", "surveillance"),
    "broadcast": Text("广播", "broadcast"),
    "recording": Text("录播", "recording"),
}
MORE_STAGES = {
    "普通小学": "primary", "完全小学": "primary", "初级中学": "junior", "普通初中": "junior", "高级中学": "senior",
    "普通高中": "senior", "中职": "vocational", "中等职业学校": "vocational", "职高": "vocational",
    "九年一贯制学校": "nine_year", "九年制": "nine_year",
}  # fmt: skip
MORE_KINDS = {
    "普通教室": "classroom", "机房": "computer_room", "微机室": "computer_room", "图书室": "library",
    "阅览室": "library", "运动场": "playground", "报告厅": "hall", "其它": "other",
}  # fmt: skip
MORE_SYSTEMS = {
    "无线AP": "wireless", "无线网络": "wireless", "班班通": "multimedia", "校园监控": "surveillance",
    "智能播送": "broadcast", "自动录播": "recording",
}  # fmt: skip
PEOPLE = ("人", "名", "位", "students", "teachers", "people")
CLASSES = ("个", "班", "个班", "个教学班", "classes")
SEATS = ("个", "座", "位", "张", "套", "seats")
PIECES = ("台", "部", "个", "套", "台套", "units")
UNITS_IN_HEADINGS = frozenset({"人", "名", "个", "班", "台", "座", "必填", "选填", "required", "optional"})

TOTALS = frozenset({"合计", "总计", "共计", "总和", "全区合计", "全县合计", "全市合计", "total", "grandtotal", "sum"})
SUBTOTALS = frozenset({"小计", "subtotal"})
SIGNATURES = (
    "注", "备注", "说明", "填表人", "制表人", "填报人", "审核人", "填报单位", "单位负责人", "填表日期", "制表日期",
    "填报日期", "note", "notes", "prepared by", "checked by", "date",
)  # fmt: skip
"""What a line under a table begins with, before a colon."""
