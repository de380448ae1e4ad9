"""Every reason that a verdict can give, with its sentence in Chinese and English; it says what to do where it can."""

from importlib import import_module
from pathlib import Path

from common.text import Text

REASONS: dict[str, Text] = {
    # Unknown: the same for every target
    "never_reported": Text(
        "该校探针从未上报，请安装或检查探针", "the school's agent has never reported; install or check it"
    ),
    "agent_silent": Text(
        "该校探针自 {since} 起没有上报，请检查探针主机与上联",
        "the school's agent has been silent since {since}; check its box and the uplink",
    ),
    "not_probed": Text(
        "探针没有配置 {probe} 检测，请在探针配置中添加",
        "no {probe} probe is configured at the school; add it to the agent",
    ),
    "stale": Text(
        "{device} 的最近数据为 {at}，已过期", "the latest data of {device} is of {at}, too old to be believed"
    ),
    "device_timeout": Text("{device} 没有应答（{detail}）", "{device} did not answer ({detail})"),
    "device_unreachable": Text("无法连通 {device}（{detail}）", "{device} cannot be reached ({detail})"),
    "device_refused": Text(
        "{device} 拒绝访问（{detail}），请检查口令与权限", "{device} refused ({detail}); check credentials and access"
    ),
    "device_malformed": Text(
        "{device} 的应答无法理解（{detail}）", "{device} gave an answer that makes no sense ({detail})"
    ),
    "device_crashed": Text(
        "检测程序在 {device} 上出错（{detail}），请报告此问题",
        "our probe failed on {device} ({detail}); please report it",
    ),
    "table_incomplete": Text(
        "{device} 的 {table} 表应有 {expected} 行，只读到 {seen} 行，请检查读取权限",
        "{device} gave {seen} of {expected} rows of its table {table}; check what the agent may read",
    ),
    "roster_missing": Text(
        "花名册缺少{what}，请补充后重新导入", "the roster lacks {what}; add it and import the roster again"
    ),
    "recovering": Text(
        "已达到要求的 {attained}，但此前未达标，须达到 {needed} 才重新算达标",
        "at {attained} of what is required after having been below it; it counts as met again from {needed}",
    ),
    "and_more": Text("另有 {count} 项未列出", "{count} more are not listed"),
    # Places
    "place_not_in_roster": Text(
        "{device} 的位置“{place}”不在花名册中，请更正探针配置或花名册",
        "{device} stands at '{place}', which the roster does not list; correct the agent's configuration or the roster",
    ),
    # gigabit_uplink
    "uplink_fast": Text(
        "上联端口 {port} 协商 {speed}，实测下行 {download}、上行 {upload}",
        "uplink {port} negotiated {speed}, measured {download} down and {upload} up",
    ),
    "uplink_down": Text(
        "{device} 的上联端口 {port} 没有链路，请检查光纤、模块与对端",
        "uplink {port} of {device} has no link; check the fibre, the transceiver and the far end",
    ),
    "uplink_speed_low": Text(
        "{device} 的上联端口 {port} 只协商到 {speed}，要求 {required}",
        "uplink {port} of {device} negotiated only {speed} of the required {required}",
    ),
    "uplink_speed_unknown": Text(
        "{device} 没有给出上联端口 {port} 的速率，请换用能读到速率的设备或端口",
        "{device} tells no speed of uplink {port}; probe a device or port that does",
    ),
    "uplink_not_marked": Text(
        "没有标明哪个端口是上联，请在探针的 ports 配置中指定",
        "no port is marked as the uplink; name it in the agent's ports configuration",
    ),
    "throughput_low": Text(
        "{direction}实测 {measured}，低于要求的 {required}，瓶颈在线路，请联系运营商",
        "{direction} measured {measured}, below the required {required}, and the path was the limit; ask the carrier",
    ),
    "throughput_missing": Text(
        "{days} 天内没有{direction}测速结果，请检查探针的测速安排",
        "no {direction} throughput test in {days} days; check when the agent runs it",
    ),
    "throughput_inconclusive": Text(
        "{direction}实测 {measured}，但受{limit}所限，不能说明线路，请换用更强的测速主机",
        "{direction} measured {measured}, limited by {limit}, which says nothing of the path; use a stronger test box",
    ),
    "throughput_busy": Text(
        "测速服务器忙或拒绝（{detail}），{days} 天内没有可用结果；请错开测速时间",
        "the test server was busy or refused ({detail}), no usable result in {days} days; test at another time",
    ),
    # desktop_100m
    "ports_fast": Text(
        "{total} 个有链路的接入端口均不低于 {required}", "all {total} access ports with a link have at least {required}"
    ),
    "ports_slow": Text(
        "{total} 个有链路的接入端口中有 {count} 个低于 {required}",
        "{count} of {total} access ports with a link are below {required}",
    ),
    "port_slow": Text(
        "{device} 端口 {port}（{place}）最高只协商到 {speed}，请检查网线与网卡",
        "port {port} of {device} ({place}) negotiated {speed} at best; check the cable and the network card",
    ),
    "ports_without_speed": Text(
        "{count} 个有链路的接入端口没有可信的速率", "{count} access ports with a link tell no believable speed"
    ),
    "port_without_speed": Text(
        "{device} 端口 {port}（{place}）有链路但没有可信的速率，请在交换机上查看",
        "port {port} of {device} ({place}) has a link and no believable speed; look at it on the switch",
    ),
    "no_access_ports": Text(
        "交换机上没有任何有链路的接入端口，请在有终端开机时再看，或添加接入交换机",
        "no access port has a link on any switch; look again while terminals are on, or add the access switches",
    ),
    # wireless_coverage and network_coverage
    "places_served": Text("{total} 个教学场所全部覆盖", "all {total} teaching places are served"),
    "places_mostly_served": Text(
        "{total} 个教学场所中只有 {count} 个未覆盖，达到政策要求",
        "{count} of {total} teaching places are not served, which the policy allows",
    ),
    "places_not_served": Text(
        "{total} 个教学场所中有 {count} 个未覆盖", "{count} of {total} teaching places are not served"
    ),
    "place_without_wireless": Text("{place} 没有已知的在用无线 AP", "no working access point is known at {place}"),
    "place_without_network": Text(
        "{place} 没有已知的有线端口或在用无线 AP", "no wired port or working access point is known at {place}"
    ),
    "access_points_without_place": Text(
        "{count} 个在用无线 AP 没有位置，请在探针配置或花名册中登记",
        "{count} working access points have no known place; map them in the agent's configuration or the roster",
    ),
    "access_point_without_place": Text("无线 AP {ap} 没有位置，请登记", "access point {ap} has no known place; map it"),
    "access_point_down": Text("无线 AP {ap}（{place}）不在线", "access point {ap} ({place}) is down"),
    "access_point_state_unknown": Text(
        "无线 AP {ap}（{place}）的状态为 {state}，无法判断是否在用，请在控制器上查看",
        "access point {ap} ({place}) is in state {state}, neither up nor down for certain; look at its controller",
    ),
    "access_point_gone": Text(
        "无线 AP {ap}（{place}）已不在控制器的列表中",
        "access point {ap} ({place}) is no longer in any controller's table",
    ),
    "no_access_points": Text(
        "控制器没有给出任何无线 AP，请检查读取权限与设备型号",
        "the controllers gave no access point at all; check what the agent may read and the device's model",
    ),
    "ports_without_place": Text(
        "{count} 个有链路的接入端口没有位置，请在探针配置中登记",
        "{count} access ports with a link have no known place; map them in the agent's configuration",
    ),
    "port_idle": Text(
        "{place} 的端口 {port}（{device}）在 {days} 天内没有链路，请接入终端验证",
        "port {port} of {device} at {place} had no link in {days} days; plug something in to prove it",
    ),
    # multimedia_classroom
    "classes_equipped": Text(
        "{total} 个班级均有可用的多媒体设备", "all {total} classes have a working multimedia display"
    ),
    "classes_equipped_reachable": Text(
        "{total} 个班级均有可用的多媒体设备，其中 {count} 个班级的设备只知道能应答，是否显示画面不明",
        "all {total} classes have a working multimedia display; that of {count} is known only to answer, not to show a "
        "picture",
    ),
    "display_reachable_only": Text(
        "{device}（{place}）只检测到能应答，是否显示画面不明，请换用能询问状态的检测",
        "{device} ({place}) is known only to answer, not to show a picture; probe it in a way that asks for its state",
    ),
    "display_reachable_refused": Text(
        "{device}（{place}）只检测到能应答，本区规定这不算证实可用(count_reachable_only)，请换用能询问状态的检测",
        "{device} ({place}) is known only to answer, which the district does not count (count_reachable_only); "
        "probe it in a way that asks for its state",
    ),
    "display_left_on": Text(
        "{device}（{place}）在上课时间以外开着，自 {since} 起未见关闭，请关机",
        "{device} ({place}) is on outside of school hours and was not seen off since {since}; switch it off",
    ),
    "classes_not_equipped": Text(
        "{total} 个班级中至多 {count} 个有可用的多媒体设备",
        "at most {count} of {total} classes have a working multimedia display",
    ),
    "display_fault": Text(
        "{device}（{place}）报告故障，请报修", "{device} ({place}) reports a fault; have it repaired"
    ),
    "display_down": Text(
        "{device}（{place}）自 {since} 起无法连通，请检查电源与网络",
        "{device} ({place}) has not answered since {since}; check its power and network",
    ),
    "display_never_up": Text(
        "{device}（{place}）一直没有应答过，请检查电源、网络与地址",
        "{device} ({place}) has not answered once; check its power, network and address",
    ),
    "display_unproven": Text(
        "{device}（{place}）最近没有正常工作的记录，又未达到判定故障的时长",
        "{device} ({place}) was not seen working lately, nor down for long enough to be called broken",
    ),
    "display_not_probed": Text(
        "花名册中 {place} 的 {device} 没有被探针检测，请在探针配置中添加",
        "{device} at {place} is in the roster and not probed; add it to the agent",
    ),
    "displays_without_place": Text(
        "{count} 台多媒体设备没有位置，请在探针配置或花名册中登记",
        "{count} multimedia displays have no known place; map them in the agent's configuration or the roster",
    ),
    "classroom_without_display": Text(
        "{place} 没有登记或检测到多媒体设备", "no multimedia display is known at {place}"
    ),
    "spare_classrooms": Text(
        "{classes} 个班级对应 {places} 间教室，有的教室没有可用设备，请在花名册中注明各班的教室",
        "{places} classrooms for {classes} classes, some without a display; name each class's room in the roster",
    ),
    "classrooms_not_listed": Text(
        "花名册有 {classes} 个班级，却只列出 {places} 间教室，请补充",
        "the roster has {classes} classes and lists only {places} classrooms; add the others",
    ),
    # student_device_ratio and teacher_device_ratio
    "terminals_enough": Text(
        "{people} 人，已核实 {verified} 台终端", "{people} people and {verified} verified terminals"
    ),
    "register_too_small": Text(
        "{people} 人，终端台账只有 {inventory} 台，全部在用也不够",
        "{people} people and {inventory} terminals in the register: too few even if all are in use",
    ),
    "register_not_seen": Text(
        "台账有 {inventory} 台终端，{days} 天内只核实到 {verified} 台，请核对台账",
        "the register has {inventory} terminals and only {verified} were seen in {days} days; check the register",
    ),
    "terminals_watching": Text(
        "台账有 {inventory} 台终端，{days} 天观察期已过 {watched} 天，目前核实 {verified} 台",
        "the register has {inventory} terminals; {verified} were seen so far in {watched} of {days} days",
    ),
    "terminals_not_counted": Text(
        "{device} 没有给出此类终端的台账与核实数，请检查终端台账配置",
        "{device} gave no count of such terminals; check its register",
    ),
}

for _file in sorted(Path(__file__).parent.glob("reasons_*.py")):
    REASONS |= import_module(f"collector.{_file.stem}").REASONS
