"""Panels of what the agents measure: uplinks, wireless, terminals, ports, and the agents themselves."""

from common.text import Text
from dashboards.panels import NAMED, REPORTED, SCHOOL, SCHOOL_ID, AnyPanel, Column, lines, rows
from dashboards.words import up

_AP_UP = 'max by (school, ap, ap_id) (campus_wireless_access_point_up{school=~"$school"})'


def uplink() -> list[AnyPanel]:
    """The line to the education network and the path over it."""

    def rate(way: str) -> str:
        series = f'campus_uplink_{way}_bytes_total{{school=~"$school"}}'
        return f"8 * sum by (school) (rate({series}[$__rate_interval])) * {NAMED}"

    port = 'max by (school, device, port) (campus_uplink_%s{school=~"$school"})'
    tested = 'max by (school, direction, method) (campus_uplink_throughput_bytes_per_second{school=~"$school"})'
    return [
        rows(
            Text("上联口", "Uplink ports"),
            Text(
                "每个上联口有没有链路、协商到多少。没有速率的端口是设备没有给出。",
                "Whether each uplink port has a link, and its negotiated speed; blank where the device gave none.",
            ),
            {
                "up": f"{port % 'up'} * {NAMED}",
                "speed": f"8 * {port % 'speed_bytes'} * {NAMED}",
            },
            {
                "name": SCHOOL,
                "device": Column(Text("设备", "Device")),
                "port": Column(Text("端口", "Port")),
                "up": Column(Text("链路", "Link"), mapping=up()),
                "speed": Column(Text("协商速率", "Negotiated"), unit="bps"),
                "school": SCHOOL_ID,
            },
            sort="speed",
        ),
        lines(
            Text("测速结果", "Throughput tests"),
            Text(
                "最近一次有结论的测速，收方计数；测速服务器忙时没有结论，不记为零。",
                "The last conclusive test, counted by its receiver; a busy test server gives no result, not zero.",
            ),
            {"{{name}} {{direction}} {{method}}": f"8 * {tested} * {NAMED}"},
            unit="bps",
        ),
        lines(
            Text("上联流量", "Uplink traffic"),
            Text("上联口的收发速率。", "What the uplink ports receive and send."),
            {"{{name}} 下行 down": rate("receive"), "{{name}} 上行 up": rate("transmit")},
            unit="bps",
        ),
        lines(
            Text("往返时延", "Round trip"),
            Text("到各目的地的 ICMP 往返时延中位数。", "Median ICMP round trip to each destination."),
            {
                "{{name}} → {{destination}}": (
                    f'max by (school, destination) (campus_path_round_trip_seconds{{school=~"$school"}}) * {NAMED}'
                )
            },
            unit="s",
            width=6,
        ),
        lines(
            Text("丢包率", "Loss"),
            Text("没有应答的 ICMP 请求 ÷ 发出的。", "ICMP echo requests without an answer / sent."),
            {
                "{{name}} → {{destination}}": (
                    f'max by (school, destination) (campus_path_loss_ratio{{school=~"$school"}}) * {NAMED}'
                )
            },
            unit="percentunit",
            width=6,
        ),
    ]


def inside() -> list[AnyPanel]:
    """Access points, stations, terminals, desktop ports and coverage."""
    clients = (
        'max by (school) (campus_wireless_clients{school=~"$school",band="all"})'
        ' or sum by (school) (campus_wireless_clients{school=~"$school",band!="all"})'
    )
    return [
        rows(
            Text("无线 AP", "Access points"),
            Text(
                "在服务与不在服务的 AP 数，按单台状态数出，控制器自报的总数不作数。",
                "Access points in and out of service, counted one by one and not by the controller's total.",
            ),
            {
                "up": f"sum by (school) ({_AP_UP}) * {NAMED}",
                "down": f"sum by (school) (1 - {_AP_UP}) * {NAMED}",
            },
            {
                "name": SCHOOL,
                "up": Column(Text("✔ 在服务", "✔ in service")),
                "down": Column(Text("✘ 不在服务", "✘ out of service"), steps=((None, "green"), (1, "red"))),
                "school": SCHOOL_ID,
            },
            sort="down",
            direction="down",
            width=8,
        ),
        lines(
            Text("无线终端数", "Wireless stations"),
            Text("各校此刻连在无线上的终端数。", "Stations on each school's wireless now."),
            {"{{name}}": f"({clients}) * {NAMED}"},
            unit="short",
            width=8,
        ),
        rows(
            Text("终端", "Terminals"),
            Text(
                "按归属与依据的终端数：台账、网上见到、两者皆有。",
                "Terminals by owner and basis: in the inventory, seen on the network, or both.",
            ),
            {"count": f'sum by (school, owner, basis) (campus_terminals{{school=~"$school"}}) * {NAMED}'},
            {
                "name": SCHOOL,
                "owner": Column(Text("归属", "Owner")),
                "basis": Column(Text("依据", "Basis")),
                "count": Column(Text("台数", "Count")),
                "school": SCHOOL_ID,
            },
            sort="name",
            width=8,
        ),
        rows(
            Text("桌面端口的速率", "Speed at the desktop"),
            Text("有链路的接入端口，按协商速率。", "Access ports with a link, by negotiated speed."),
            {"ports": f'sum by (school, speed) (campus_access_ports{{school=~"$school"}}) * {NAMED}'},
            {
                "name": SCHOOL,
                "speed": Column(Text("速率", "Speed")),
                "ports": Column(Text("端口数", "Ports")),
                "school": SCHOOL_ID,
            },
            sort="name",
        ),
        rows(
            Text("覆盖率", "Coverage"),
            Text(
                "有服务的场所（或班级）÷ 需要的；未知时没有数。",
                "Places (or classes) served / that need it; absent while unknown.",
            ),
            {"ratio": f'max by (school, system) (campus_coverage_ratio{{school=~"$school"}}) * {NAMED}'},
            {
                "name": SCHOOL,
                "system": Column(Text("系统", "System")),
                "ratio": Column(Text("覆盖率", "Coverage"), unit="percentunit", steps=((None, "red"), (1, "green"))),
                "school": SCHOOL_ID,
            },
            sort="ratio",
        ),
    ]


def agents() -> list[AnyPanel]:
    """Whether the agents report, and which devices they cannot read."""
    return [
        rows(
            Text("探针", "Agents"),
            Text(
                "距最近一次上报的时间，以及当时还存在本地的条数。",
                "Time since the last report, and what the agent still held then.",
            ),
            {
                "age": f"(time() - max by (school) ({REPORTED})) * {NAMED}",
                "spooled": f'max by (school) (campus_agent_spooled_reports{{school=~"$school"}}) * {NAMED}',
            },
            {
                "name": SCHOOL,
                "age": Column(Text("距上报", "Since last report"), unit="s", steps=((None, "green"), (300, "red"))),
                "spooled": Column(Text("待传", "Waiting to be sent")),
                "school": SCHOOL_ID,
            },
            sort="age",
            direction="down",
        ),
        rows(
            Text("设备检测", "Devices"),
            Text(
                "每台设备最近一次检测是否成功、用时多少；读不到的排在前面，原因见学校页面。",
                "Whether the last run on each device succeeded and how long it took, failures first; the reason is on "
                "the school's page.",
            ),
            {
                "success": f'max by (school, probe, device) (campus_probe_success{{school=~"$school"}}) * {NAMED}',
                "duration": (
                    f'max by (school, probe, device) (campus_probe_duration_seconds{{school=~"$school"}}) * {NAMED}'
                ),
            },
            {
                "name": SCHOOL,
                "probe": Column(Text("检测", "Probe")),
                "device": Column(Text("设备", "Device")),
                "success": Column(Text("结果", "Outcome"), mapping=up()),
                "duration": Column(Text("用时", "Duration"), unit="s"),
                "school": SCHOOL_ID,
            },
            sort="success",
        ),
    ]
