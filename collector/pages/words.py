"""Every fixed word of the pages, in both languages."""

from collector.corrections import CorrectionKind
from collector.verdict import STATE_NAMES
from common.text import Text

WORDS: dict[str, Text] = {
    "product": Text("校园监测", "Campus Monitor"),
    "district": Text("全区总览", "District overview"),
    "schools": Text("学校", "Schools"),
    "school": Text("学校", "School"),
    "target": Text("目标", "Target"),
    "targets": Text("目标", "Targets"),
    **STATE_NAMES,
    "state": Text("结论", "Verdict"),
    "reason": Text("原因", "Reason"),
    "value": Text("现值", "Value"),
    "threshold": Text("要求", "Required"),
    "bounds": Text("可能范围", "Possible range"),
    "attainment": Text("达成度", "Attainment"),
    "since": Text("自", "since"),
    "evidence": Text("依据", "Evidence"),
    "evidence_none": Text("没有可用的依据", "There is no evidence"),
    "evidence_more": Text("另有 {count} 项，见接口", "{count} more in the API"),
    "findings": Text("需要处理", "To act on"),
    "history": Text("变化记录", "Changes"),
    "probe": Text("检测", "Probe"),
    "device": Text("设备", "Device"),
    "devices": Text("设备检测", "Devices"),
    "outcome": Text("结果", "Outcome"),
    "detail": Text("说明", "Detail"),
    "measured_at": Text("测量时间", "Measured at"),
    "note": Text("读数", "Reading"),
    "agent": Text("探针", "Agent"),
    "last_report": Text("最近上报", "Last report"),
    "never": Text("从未", "never"),
    "spooled": Text("待传", "Waiting to be sent"),
    "undated": Text("时间不明而不计入的记录", "Records without a time, which do not count"),
    "copies": Text(
        "多台机器同时以该校探针的身份上报（多半是克隆了磁盘），数据分不清是谁的：",
        "Several machines report at once as this school's agent, most likely from a cloned disk:",
    ),
    "last_seen": Text("最近上报", "last report"),
    "students": Text("学生", "Students"),
    "teachers": Text("教师", "Teachers"),
    "classes": Text("班级", "Classes"),
    "teaching_places": Text("教学场所", "Teaching places"),
    "contact": Text("联系人", "Contact"),
    "search": Text("查找学校", "Find a school"),
    "all_states": Text("全部结论", "All verdicts"),
    "no_schools": Text(
        "还没有学校：请先用 campus-collector roster import 导入花名册。",
        "There are no schools yet: import a roster with campus-collector roster import.",
    ),
    "no_devices": Text("该校探针还没有检测任何设备", "The school's agent has not probed any device yet"),
    "pending": Text("尚未判定", "not judged yet"),
    "clause": Text("规划条文", "The plan's clause"),
    "updated": Text("页面时间", "As of"),
    "skip": Text("跳到正文", "Skip to content"),
    "not_required": Text("不适用", "not asked"),
    "district_clauses": Text("全区指标", "Clauses about the district"),
    "all_schools": Text("各校各目标", "Schools by target"),
    "at_least": Text("至少", "at least"),
    "at_most": Text("至多", "at most"),
    "corrections": Text("人工记录", "Records by people"),
    "whole_school": Text("全校", "the whole school"),
    "from": Text("自", "from"),
    "until": Text("至", "until"),
    "open_end": Text("另行通知", "further notice"),
    "versions": Text(
        "政策第 {policy} 版，花名册第 {roster} 版，判定于 {at}",
        "policy version {policy}, roster version {roster}, judged at {at}",
    ),
    "verdicts": Text("结论", "Verdicts"),
    "other_language": Text("English", "中文"),
    "not_found": Text("没有这个页面", "There is no such page"),
    "back": Text("返回总览", "Back to the overview"),
    "ok": Text("正常", "ok"),
    "timeout": Text("无应答", "no answer"),
    "unreachable": Text("无法连通", "unreachable"),
    "refused": Text("被拒绝", "refused"),
    "malformed": Text("应答有误", "malformed answer"),
    "crashed": Text("检测程序出错", "probe failed"),
    "summary": Text("学校数", "Schools"),
}

PROBES: dict[str, Text] = {
    "camera": Text("摄像机", "camera"),
    "collector": Text("采集端", "collector"),
    "display": Text("显示设备", "display"),
    "host": Text("探针主机", "agent's machine"),
    "path": Text("线路质量", "path"),
    "ports": Text("交换机端口", "ports"),
    "recorder": Text("录像机", "video recorder"),
    "service": Text("业务系统", "service"),
    "terminals": Text("终端", "terminals"),
    "throughput": Text("测速", "throughput"),
    "wireless": Text("无线控制器", "wireless"),
}

SHORT: dict[str, Text] = {
    "gigabit_uplink": Text("千兆", "Gigabit"),
    "desktop_100m": Text("百兆桌面", "Desktop"),
    "wireless_coverage": Text("无线", "Wireless"),
    "network_coverage": Text("场所网络", "Network"),
    "man_performance": Text("城域网", "MAN"),
    "student_device_ratio": Text("生机比", "Students"),
    "teacher_device_ratio": Text("师机比", "Teachers"),
    "one_to_one_classroom": Text("一人一机", "One to one"),
    "multimedia_classroom": Text("多媒体", "Displays"),
    "cctv_coverage": Text("闭路电视", "Campus TV"),
    "surveillance_coverage": Text("监控", "Cameras"),
    "broadcast_coverage": Text("播送", "Broad\u00adcast"),
    "exam_marking": Text("阅卷", "Marking"),
    "lecture_recording": Text("录播", "Record\u00ading"),
    "video_on_demand": Text("点播", "On demand"),
    "video_conference": Text("会议", "Meetings"),
    "live_streaming": Text("直播", "Live"),
}
"""A target's name at the head of a narrow column."""

GROUPS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (
        Text("网络", "Network"),
        ("gigabit_uplink", "desktop_100m", "wireless_coverage", "network_coverage", "man_performance"),
    ),
    (Text("终端", "Terminals"), ("student_device_ratio", "teacher_device_ratio", "one_to_one_classroom")),
    (
        Text("教室与场所", "Classrooms and places"),
        ("multimedia_classroom", "cctv_coverage", "surveillance_coverage", "broadcast_coverage"),
    ),
    (
        Text("业务系统", "Services"),
        ("exam_marking", "lecture_recording", "video_on_demand", "video_conference", "live_streaming"),
    ),
)
"""The targets of a school in the order of the pages."""

MARKS: dict[CorrectionKind, Text] = {
    "exemption": Text("豁免", "exempt"),
    "planned_outage": Text("停机", "outage"),
    "disputed": Text("异议", "disputed"),
}
"""A record by a person, as a mark beside a verdict."""

SHAPES = {"met": "✔", "unmet": "✘", "unknown": "?"}
"""A colour is never the only sign: each state has a shape and a word as well."""
