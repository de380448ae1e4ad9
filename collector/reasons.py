"""Every reason that a verdict can give, in Chinese and English. A reason says what to do where it can."""

from common.text import Text

REASONS: dict[str, Text] = {
    # Unknown: the same for every target
    "never_reported": Text(
        "该校探针从未上报,请安装或检查探针", "the school's agent has never reported; install or check it"
    ),
    "agent_silent": Text(
        "该校探针自 {since} 起没有上报,请检查探针主机与上联",
        "the school's agent has been silent since {since}; check its box and the uplink",
    ),
    "not_probed": Text(
        "探针没有配置 {probe} 检测,请在探针配置中添加",
        "no {probe} probe is configured at the school; add it to the agent",
    ),
    "stale": Text(
        "{device} 的最近数据为 {at},已过期", "the latest data of {device} is of {at}, too old to be believed"
    ),
    "device_timeout": Text("{device} 没有应答({detail})", "{device} did not answer ({detail})"),
    "device_unreachable": Text("无法连通 {device}({detail})", "{device} cannot be reached ({detail})"),
    "device_refused": Text(
        "{device} 拒绝访问({detail}),请检查口令与权限", "{device} refused ({detail}); check credentials and access"
    ),
    "device_malformed": Text(
        "{device} 的应答无法理解({detail})", "{device} gave an answer that makes no sense ({detail})"
    ),
    "device_crashed": Text(
        "检测程序在 {device} 上出错({detail}),请报告此问题", "our probe failed on {device} ({detail}); please report it"
    ),
    "roster_missing": Text("花名册缺少 {what}", "the roster lacks {what}"),
}
