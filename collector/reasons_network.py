"""Further reasons of ports, uplinks and terminal registers."""

from common.text import Text

REASONS: dict[str, Text] = {
    "port_fell": Text(
        "{device} 端口 {port}（{place}）曾协商到 {best}，现在只有 {speed}，请检查网线、接头与网卡",
        "port {port} of {device} ({place}) once negotiated {best} and now only {speed}; check the cable, its plugs and "
        "the network card",
    ),
    "uplink_elsewhere_unseen": Text(
        "{device} 也有上联端口，但现在没有应答（{detail}），它可能更快",
        "{device} has an uplink as well and does not answer now ({detail}); it may be the faster one",
    ),
    "terminals_randomised": Text(
        "{people} 人，{days} 天内确认在用 {verified} 台终端；另有终端使用随机 MAC，总数在 {verified} 与 {most} 台之间。"
        "请在校园网上关闭终端的随机 MAC（私有地址），或在探针配置中按 VLAN、网段或 SSID 写明终端归属",
        "{people} people and {verified} terminals surely in use within {days} days; others show made-up addresses "
        "only, so that there are between {verified} and {most}. Switch private addresses off for the school's network, "
        "or tell the agent by VLAN, subnet or SSID whose the terminals are",
    ),
    "terminals_too_few": Text(
        "{people} 人，{days} 天内按台账与网络归属确认在用 {verified} 台终端，至多 {most} 台，不够",
        "{people} people and {verified} terminals surely in use within {days} days, by register and network, or at "
        "most {most}: too few",
    ),
    "registers_disagree": Text(
        "探针的终端台账有 {agent} 台，花名册的台账有 {roster} 台，请核对",
        "the agent's register has {agent} terminals and the roster's has {roster}; reconcile them",
    ),
}
