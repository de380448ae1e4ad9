"""What the boards say, in both languages: words, and how a stored value is shown."""

from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMappingResult

from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from common.text import Text

STATE_CODES = {"unknown": 0, "unmet": 1, "met": 2}
"""How a cell's number stands for a verdict: the query adds 2 for met and 1 for unmet."""
_STATES = {
    "met": ("✔ 达标 met", "green"),
    "unmet": ("✘ 未达标 unmet", "red"),
    "unknown": ("? 未知 unknown", "#8e8e8e"),
}
_SYSTEMS = {
    "network": Text("网络", "network"),
    "wireless": Text("无线", "wireless"),
    "multimedia": Text("多媒体", "multimedia"),
    "cctv": Text("闭路电视", "CCTV"),
    "surveillance": Text("监控", "surveillance"),
    "broadcast": Text("广播", "broadcast"),
    "recording": Text("录播", "recording"),
}
_OWNERS = {"student": Text("学生", "student"), "teacher": Text("教师", "teacher"), "shared": Text("共用", "shared")}
_BASES = {
    "inventory": Text("台账", "inventory"),
    "seen": Text("网上见到", "seen"),
    "verified": Text("台账且见到", "verified"),
}
_PROBES = {
    "uplink": Text("上联", "uplink"),
    "path": Text("路径", "path"),
    "ports": Text("交换机端口", "ports"),
    "wireless": Text("无线控制器", "wireless"),
    "terminals": Text("终端", "terminals"),
    "display": Text("显示设备", "display"),
    "camera": Text("摄像机", "camera"),
    "recorder": Text("录像机", "video recorder"),
    "broadcast": Text("广播", "broadcast"),
    "recording": Text("录播", "recording"),
    "service": Text("区级系统", "service"),
    "host": Text("探针主机", "host"),
}
NO_DATA = Text("没有数据（不等于正常）", "no data, which is not good news")


def both(text: Text) -> str:
    """One line with both languages."""
    return f"{text.zh} / {text.en}"


def targets() -> dict[str, Text]:
    """The plan's targets that there are, by id."""
    return {name: TARGETS[name].name for name in sorted(TARGETS)}


def district_targets() -> dict[str, Text]:
    """The clauses about the district as a whole, by id."""
    return {name: DISTRICT_TARGETS[name].name for name in sorted(DISTRICT_TARGETS)}


def district_names() -> ValueMap:
    """How a district clause's id is shown; one id may also be a school target's."""
    return _words(district_targets())


def states() -> ValueMap:
    """Shape, word and colour of each verdict."""
    return ValueMap(
        {
            str(STATE_CODES[state]): ValueMappingResult(text=text, color=colour, index=index)
            for index, (state, (text, colour)) in enumerate(_STATES.items())
        }
    )


def up() -> ValueMap:
    """Shape, word and colour of 1 and 0 where they mean up and down."""
    return ValueMap(
        {
            "1": ValueMappingResult(text="✔ 通 up", color="green", index=0),
            "0": ValueMappingResult(text="✘ 断 down", color="red", index=1),
        }
    )


def named(label: str) -> ValueMap | None:
    """How the values of a label are shown; None where they speak for themselves."""
    known = {"target": targets(), "system": _SYSTEMS, "owner": _OWNERS, "basis": _BASES, "probe": _PROBES}.get(label)
    return None if known is None else _words(known)


def _words(known: dict[str, Text]) -> ValueMap:
    return ValueMap(
        {value: ValueMappingResult(text=both(text), index=index) for index, (value, text) in enumerate(known.items())}
    )
