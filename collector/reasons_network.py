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
    "throughput_skipped": Text(
        "最近一次没有测速：{why}；{days} 天内没有可用结果，探针会自动再试",
        "the latest run made no test: {why}; no usable result in {days} days; the agent tries again by itself",
    ),
    "throughput_server_limited": Text(
        "{direction}实测 {measured}，但受测速服务器所限，不能说明线路；请换用更强的服务器，或放宽其限速",
        "{direction} measured {measured}, limited by the test server, which says nothing of the path; use a stronger "
        "server, or raise its limit",
    ),
    "throughput_cross_traffic": Text(
        "{direction}实测 {measured}，但测速时线路上有其他流量，不能说明线路；请改在线路空闲时测速",
        "{direction} measured {measured} beside other traffic on the line, which says nothing of the path; test while "
        "the line is idle",
    ),
    "registers_disagree": Text(
        "探针的终端台账有 {agent} 台，花名册的台账有 {roster} 台，请核对",
        "the agent's register has {agent} terminals and the roster's has {roster}; reconcile them",
    ),
}
